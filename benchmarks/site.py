"""A site to measure: cameras served by a real RTSP server, from real clips where there are some."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rig.clips import main_and_sub, media_sources
from benchmarks.rig.server import RtspServer
from nvr_app.contract.config import CameraSettings

CLIP_S = 720
"""Longer than any run: the server does not loop."""
_STARTS_S = (0.0, 45.0, 90.0)


@dataclass(frozen=True, kw_only=True)
class Mounted:
    """One camera of the site."""

    camera_id: str
    main_url: str
    sub_url: str
    main: Path
    sub: Path


def clip_pairs(count: int, *, gop_s: float = 2.0, seconds: int = CLIP_S) -> list[tuple[Path, Path]]:
    """Main and sub clips for so many cameras; at most eight different ones, made once."""
    sources: list[tuple[Path | None, float]] = [
        (path, start_s) for start_s in _STARTS_S for path in media_sources()
    ] or [(None, 0.0)]
    # Long clips give several cameras; short ones begin at their start every time.
    usable = [(path, start_s) for path, start_s in sources if start_s == 0.0 or _is_long(path)][:8]
    made = [
        main_and_sub(path, seconds=seconds, gop_s=gop_s, start_s=start_s)
        for path, start_s in usable[: min(count, 8)]
    ]
    return [made[number % len(made)] for number in range(count)]


def _is_long(path: Path | None) -> bool:
    import av  # noqa: PLC0415

    if path is None:
        return False
    with av.open(str(path)) as container:
        return (container.duration or 0) / 1_000_000 > _STARTS_S[-1] + 30


@contextlib.contextmanager
def mounted(
    count: int, *, gop_s: float = 2.0, accounts: Path | None = None
) -> Iterator[tuple[RtspServer, list[Mounted]]]:
    """A server with a main and a sub mount for each camera."""
    pairs = clip_pairs(count, gop_s=gop_s)
    with RtspServer() as server:
        cameras = []
        for number, (main, sub) in enumerate(pairs):
            camera_id = f"cam-{number + 1}"
            account = accounts / f"{camera_id}.jsonl" if accounts is not None else None
            main_url = server.add(f"/{camera_id}/main", main, account=account)
            sub_url = server.add(f"/{camera_id}/sub", sub)
            cameras.append(
                Mounted(camera_id=camera_id, main_url=main_url, sub_url=sub_url, main=main, sub=sub)
            )
        yield server, cameras


def settings_of(cameras: list[Mounted], *, with_sub: bool, motion: bool) -> list[CameraSettings]:
    """What the engine is told of these cameras."""
    return [
        CameraSettings(
            id=one.camera_id,
            name=one.camera_id,
            main=one.main_url,
            sub=one.sub_url if with_sub else "",
            motion=motion,
            detect=motion,
        )
        for one in cameras
    ]


@contextlib.contextmanager
def work_folder() -> Iterator[Path]:
    """A folder for recordings, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="nvr-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
