"""Encoding footage anew on real clips: savings, quality, speed, and whether the CPU budget holds.

Each clip becomes segments as the recorder writes them, then H.265 and from that AV1, with the
settings' own quality: what footage goes through as it ages.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.outcome import Options, Outcome
from benchmarks.rig.server import RigError
from benchmarks.site import work_folder
from engine.ageing.stages import stages_of
from engine.base.clock import SystemClock, process_cpu_ns
from engine.chores.cpu_budget import CpuBudget
from engine.media.reencoder import EncodeTarget, encode_anew
from engine.media.same_footage import require_same_footage
from engine.media.segment_muxer import SegmentMuxer
from engine.media.source import SourcePacket
from nvr_app.contract.config import AgeingSettings

_SECONDS = 8
_BUDGET_S = 20.0
_EVERY = 5
"""One picture of so many is compared."""

Grey = npt.NDArray[np.float64]


class _TimeUpError(Exception):
    pass


@dataclass(frozen=True)
class _Step:
    clip: str
    codec: str
    before_bytes: int
    after_bytes: int
    cpu_s: float
    pictures: int
    psnr_db: float
    ssim: float


def run(options: Options) -> Outcome:
    """RigError: there are no clips."""
    folder = Path(os.environ.get("NVR_MEDIA_DIR", ""))
    clips = sorted(folder.glob("*.mp4")) if folder.name else []
    if not clips:
        raise RigError("this needs real clips: set NVR_MEDIA_DIR to a folder of them")
    outcome = Outcome("ageing")
    targets = [stage.target for stage in stages_of(AgeingSettings())]
    steps: list[_Step] = []
    with work_folder() as work:
        for clip in clips:
            segment = _segment_of(clip, work / f"{clip.stem}.mp4", options.seconds or _SECONDS)
            source = segment
            for target in targets:
                step, source = _measure(clip.stem, segment, source, target)
                steps.append(step)
        share = _budget_kept(segment, targets[0], work / "budget.mp4")
    outcome.details["steps"] = [step.__dict__ for step in steps]
    for target in targets:
        _sum_up(outcome, target.codec, [step for step in steps if step.codec == target.codec])
    first, last = targets[0].codec, targets[-1].codec
    whole = sum(step.before_bytes for step in steps if step.codec == first)
    left = sum(step.after_bytes for step in steps if step.codec == last)
    outcome.add("as recorded to the last stage: saved", round(100 * (1 - left / whole), 1), "%",
                must=30.0, aim=40.0, higher_is_better=True)  # fmt: skip
    outcome.add("CPU used with a budget of 25 %", round(100 * share, 1), "% of a core",
                must=30.0, aim=26.0)  # fmt: skip
    return outcome


def _sum_up(outcome: Outcome, codec: str, steps: list[_Step]) -> None:
    before, after = (sum(getattr(s, k) for s in steps) for k in ("before_bytes", "after_bytes"))
    pictures, cpu_s = sum(s.pictures for s in steps), sum(s.cpu_s for s in steps)
    outcome.add(f"{codec}: saved of what came in", round(100 * (1 - after / before), 1), "%")
    outcome.add(f"{codec}: worst PSNR to the recording", round(min(s.psnr_db for s in steps), 1),
                "dB", must=30.0, aim=34.0, higher_is_better=True)  # fmt: skip
    outcome.add(f"{codec}: worst SSIM to the recording", round(min(s.ssim for s in steps), 3), "",
                must=0.85, aim=0.92, higher_is_better=True)  # fmt: skip
    outcome.add(f"{codec}: pictures a second of CPU", round(pictures / cpu_s, 1), "1/s")


def _measure(clip: str, recorded: Path, source: Path, target: EncodeTarget) -> tuple[_Step, Path]:
    """One stage; where it does not pay, the source goes on as it is, as in the engine."""
    result = source.with_suffix(f".{target.codec}.mp4")
    before_ns = process_cpu_ns()
    pictures = encode_anew(source, result, target, lambda: None)
    cpu_s = (process_cpu_ns() - before_ns) / 1e9
    require_same_footage(source, result, target, lambda: None)
    size, was = result.stat().st_size, source.stat().st_size
    kept = source if size > was * 0.95 else result
    psnr, ssim = _quality(recorded, kept)
    step = _Step(clip, target.codec, was, kept.stat().st_size, cpu_s, pictures, psnr, ssim)
    return step, kept


def _segment_of(clip: Path, target: Path, seconds: float) -> Path:
    """The clip's packets in the recorder's container."""
    data = bytearray()
    with av.open(str(clip)) as source:
        video = source.streams.video[0]
        muxer = SegmentMuxer(data.extend, video, None, fragment_s=0.5)
        for packet in source.demux(video):
            if not packet.size or packet.pts is None or packet.time_base is None:
                continue
            if packet.is_keyframe and packet.pts * packet.time_base > seconds:
                break
            muxer.mux_video(
                SourcePacket(packet, is_video=True, is_keyframe=packet.is_keyframe, pts_us=0)
            )
            if packet.pts * packet.time_base > 2 * seconds:
                break  # a clip with one keyframe only
        muxer.finish()
    target.write_bytes(data)
    return target


def _budget_kept(source: Path, target: EncodeTarget, result: Path) -> float:
    """Share of a core that encoding takes while it is held to a quarter."""
    clock = SystemClock()
    budget = CpuBudget(0.25, clock, process_cpu_ns, time.sleep)
    began_ns, used_ns = clock.mono_ns(), process_cpu_ns()

    def pace() -> None:
        budget.pace()
        if clock.mono_ns() - began_ns > _BUDGET_S * 1e9:
            raise _TimeUpError

    try:
        while True:
            result.unlink(missing_ok=True)
            encode_anew(source, result, target, pace)
    except _TimeUpError:
        return (process_cpu_ns() - used_ns) / (clock.mono_ns() - began_ns)


def _quality(before: Path, after: Path) -> tuple[float, float]:
    """Mean PSNR (of the mean squared error) and mean SSIM of brightness."""
    errors, similarities = [], []
    for one, other in zip(_pictures(before), _pictures(after), strict=True):
        errors.append(float(np.mean((one - other) ** 2)))
        similarities.append(_ssim(one, other))
    error = max(float(np.mean(errors)), 1e-9)
    return 10 * float(np.log10(255**2 / error)), float(np.mean(similarities))


def _pictures(path: Path) -> Iterator[Grey]:
    with av.open(str(path)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % _EVERY == 0:
                yield frame.to_ndarray(format="gray").astype(np.float64)


def _ssim(one: Grey, other: Grey) -> float:
    """Wang et al. 2004, with an 11 pixel Gaussian window."""
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2

    def smooth(picture: Grey) -> Grey:
        return np.asarray(cv2.GaussianBlur(picture, (11, 11), 1.5), np.float64)

    m1, m2 = smooth(one), smooth(other)
    v1, v2 = smooth(one * one) - m1 * m1, smooth(other * other) - m2 * m2
    v12 = smooth(one * other) - m1 * m2
    above = (2 * m1 * m2 + c1) * (2 * v12 + c2)
    below = (m1 * m1 + m2 * m2 + c1) * (v1 + v2 + c2)
    return float(np.mean(above / below))
