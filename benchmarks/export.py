"""An hour of 1080p exported with hashes, manifest and signature, against a bare `ffmpeg -c copy`.

Both read the same segments and both are timed until their bytes are on the disk.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import av

from benchmarks.outcome import Options, Outcome
from benchmarks.rig.clips import ClipSpec, camera_clip, media_sources
from benchmarks.rig.server import RigError
from benchmarks.site import work_folder
from engine.base.clock import SystemClock
from engine.media.segment_muxer import SegmentMuxer
from engine.media.source import ContainerSource
from engine.playback.export import ExportTools, run_export
from engine.playback.segment_file import SegmentOpener
from engine.recording.content_hash import hash_file
from nvr_app.contract.audit_facts import ExportOptions
from nvr_app.contract.exporting import ExportCamera, ExportOrder, ExportSegment
from nvr_app.evidence.signing import Signer
from nvr_app.evidence.verifier import verify_export

_HOUR_S = 3_600
_SEGMENT_S = 60
_US = 1_000_000
_START_US = 1_769_846_400 * _US
_RUN = "0a0a0a0a"


def run(options: Options) -> Outcome:
    """`seconds` is the length of the footage."""
    if shutil.which("ffmpeg") is None:
        raise RigError("ffmpeg is needed for comparison")
    outcome = Outcome("export")
    count = max((options.seconds or _HOUR_S) // _SEGMENT_S, 2)
    with work_folder() as folder:
        segments = _record(folder / "recordings", count)
        bare_s, bare_cpu_s = _timed(lambda: _bare_copy(folder, segments))
        (folder / "bare.mp4").unlink()
        ours_s, ours_cpu_s = _timed(lambda: _export(folder, segments))
        place = next((folder / "out").iterdir())
        verify_s, _ = _timed(lambda: _verify(place))
    size = sum(segment.size_bytes for segment in segments)
    outcome.add("export / ffmpeg -c copy, until on disk", ours_s / bare_s, "x", must=2.0, aim=1.1)
    outcome.add("export, CPU / ffmpeg -c copy, CPU", ours_cpu_s / bare_cpu_s, "x")
    outcome.add("export", ours_s, "s")
    outcome.add("verification", verify_s, "s")
    outcome.details = {
        "footage_s": count * _SEGMENT_S, "size_bytes": size, "ffmpeg_s": round(bare_s, 2),
        "ffmpeg_cpu_s": round(bare_cpu_s, 2), "export_cpu_s": round(ours_cpu_s, 2),
    }  # fmt: skip
    return outcome


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds, and seconds of CPU of this process and its children."""
    before, started_s = os.times(), time.monotonic()
    work()
    after = os.times()
    return time.monotonic() - started_s, sum(after[:4]) - sum(before[:4])


def _record(root: Path, count: int) -> list[ExportSegment]:
    """One minute as the recorder writes it, as often as it takes; each a file of its own."""
    spec = ClipSpec(
        source=str(next(iter(media_sources()), "")), width=1920, height=1080, fps=30,
        bitrate_kbit=4_000, seconds=_SEGMENT_S,
    )  # fmt: skip
    minute = _segment(camera_clip(spec))
    segments = []
    for number in range(count):
        start_us = _START_US + number * _SEGMENT_S * _US
        path = f"cam/2026-01-31/08/{start_us // 1000}-{_RUN}-{number}.mp4"
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(minute)
        segments.append(
            ExportSegment(
                segment_id=f"{_RUN}-{number}", run_id=_RUN, root="main", path=path,
                start_wall_us=start_us, end_wall_us=start_us + _SEGMENT_S * _US,
                size_bytes=len(minute), content_hash=hash_file(place),
            )
        )  # fmt: skip
    os.sync()
    return segments


def _segment(clip: Path) -> bytes:
    parts: list[bytes] = []
    source = ContainerSource(str(clip), av.open(str(clip)))
    muxer = SegmentMuxer(parts.append, source.video, source.audio, fragment_s=0.5)
    for packet in source.packets():
        (muxer.mux_video if packet.is_video else muxer.mux_audio)(packet)
    muxer.finish()
    source.close()
    return b"".join(parts)


def _bare_copy(folder: Path, segments: list[ExportSegment]) -> None:
    listing = folder / "list.txt"
    listing.write_text("".join(f"file 'recordings/{s.path}'\n" for s in segments))
    out = folder / "bare.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "concat", "-safe", "0", "-i", str(listing),
         "-c", "copy", str(out)],
        check=True,
    )  # fmt: skip
    with out.open("rb+") as file:
        os.fsync(file.fileno())


def _export(folder: Path, segments: list[ExportSegment]) -> None:
    order = ExportOrder(
        export_id="0" * 32, start_wall_us=_START_US,
        end_wall_us=_START_US + len(segments) * _SEGMENT_S * _US, folder=str(folder / "out"),
        options=ExportOptions(), actor="bench", site="", node="", software="nvr",
        journal_seq=0, journal_head="",
        cameras=(ExportCamera(camera_id="cam", name="cam", segments=tuple(segments)),),
    )  # fmt: skip
    tools = ExportTools(
        open_segment=SegmentOpener({"main": folder / "recordings"}.get).open,
        signer=Signer(bytes(32)), clock=SystemClock(), look_up=lambda: None,
        on_progress=lambda *_: None,
    )  # fmt: skip
    run_export(order, "", tools)


def _verify(place: Path) -> None:
    if not verify_export(place).is_intact:
        raise RigError("the export does not verify")
