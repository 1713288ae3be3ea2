"""Clips that simulated cameras play: drawn scenes with their truth, or real clips re-encoded.

Everything is made once and found again by its name, which carries what it was made from.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.media.clip_encoder import encode_clip, open_clip
from engine.simulation.catalogue import scene_by_name
from engine.simulation.clip_jobs import SimulationError, run_jobs
from engine.simulation.renderer import SceneRenderer
from engine.simulation.scene import Scene
from engine.simulation.truth_file import write_truth

# Raise it whenever scenes, drawing or encoding change: older clips are then made anew.
_VERSION = 2
_MEDIA_SUFFIXES = frozenset({".mp4", ".avi", ".mkv", ".mov", ".m4v", ".ts", ".webm"})

Progress = Callable[[int, int, str], None]
"""Called with (done, total, title) after each clip."""


@dataclass(frozen=True)
class Profile:
    """What a camera sends on one of its streams."""

    width: int
    height: int
    fps: int
    bitrate_kbit: int


# At 20 pictures a second eight places take two cores 16 s at the first start, at 25 20 s.
MAIN = Profile(1280, 720, 20, 2500)
SUB = Profile(640, 360, 15, 600)
_MEDIA_MAIN = Profile(1280, 720, 25, 4000)


@dataclass(frozen=True)
class SimulatedClip:
    """The files of a drawn scene; main and sub show the same loop."""

    scene: Scene
    main: Path
    sub: Path
    truth: Path


@dataclass(frozen=True)
class MediaClip:
    """A real clip as a camera would send it; main and sub are equally long."""

    name: str
    main: Path
    sub: Path


def prepare_clips(
    folder: Path,
    scene_names: Sequence[str],
    progress: Progress,
    *,
    main: Profile = MAIN,
    sub: Profile = SUB,
) -> list[SimulatedClip]:
    """Render and encode what is missing in the folder; blocks, uses every core politely.

    Safe while another process does the same: whoever is last wins with an equal file. KeyError
    for an unknown scene, SimulationError when a clip cannot be made.
    """
    jobs = [_SceneJob(str(folder), name, main, sub) for name in scene_names]
    clips = [job.clip() for job in jobs]
    missing: list[_SceneJob] = [
        job
        for job, clip in zip(jobs, clips, strict=True)
        if not all(path.is_file() for path in (clip.main, clip.sub, clip.truth))
    ]
    folder.mkdir(parents=True, exist_ok=True)
    # The longest first: no core waits long for the last.
    missing.sort(key=lambda job: -scene_by_name(job.name).loop_s)
    run_jobs(missing, progress)
    return clips


def prepare_media_clips(folder: Path, media_dir: Path, progress: Progress) -> list[MediaClip]:
    """Re-encode every clip of a directory once, in the order of their names; blocks.

    SimulationError when there is none or one cannot be read.
    """
    sources = sorted(
        path
        for path in (media_dir.iterdir() if media_dir.is_dir() else ())
        if path.suffix.lower() in _MEDIA_SUFFIXES and path.is_file()
    )
    if not sources:
        raise SimulationError(
            f"there are no clips in {media_dir}; name a folder with .mp4, .avi or .mkv files"
        )
    jobs = [_media_job(folder, source) for source in sources]
    missing = [job for job in jobs if not (job.clip.main.is_file() and job.clip.sub.is_file())]
    folder.mkdir(parents=True, exist_ok=True)
    run_jobs(missing, progress)
    return [job.clip for job in jobs]


@dataclass(frozen=True)
class _SceneJob:
    folder: str
    name: str
    main: Profile
    sub: Profile

    @property
    def title(self) -> str:
        return scene_by_name(self.name).display_name

    def clip(self) -> SimulatedClip:
        stem = f"{self.name}-v{_VERSION}"
        folder = Path(self.folder)
        return SimulatedClip(
            scene_by_name(self.name),
            folder / f"{stem}-{_profile_name(self.main)}.mp4",
            folder / f"{stem}-{_profile_name(self.sub)}.mp4",
            folder / f"{stem}-{self.main.fps}.truth.jsonl",
        )

    def run(self) -> None:
        clip = self.clip()
        backdrop = clip.scene.backdrop()
        for path, profile in ((clip.main, self.main), (clip.sub, self.sub)):
            renderer = SceneRenderer(clip.scene, backdrop, profile.width, profile.height)
            fps = profile.fps
            encode_clip(
                path,
                (renderer.picture(n, n / fps) for n in range(clip.scene.loop_s * fps)),
                width=profile.width,
                height=profile.height,
                fps=fps,
                bitrate_kbit=profile.bitrate_kbit,
                preset="ultrafast",
            )
        write_truth(clip.truth, clip.scene, self.main.fps)


@dataclass(frozen=True)
class _MediaJob:
    source: Path
    clip: MediaClip

    @property
    def title(self) -> str:
        return self.source.name

    def run(self) -> None:
        for path, profile in ((self.clip.main, _MEDIA_MAIN), (self.clip.sub, SUB)):
            reader = open_clip(self.source, max_width=profile.width)
            encode_clip(
                path,
                reader.pictures(profile.fps),
                width=reader.width,
                height=reader.height,
                fps=profile.fps,
                bitrate_kbit=profile.bitrate_kbit,
            )


def _media_job(folder: Path, source: Path) -> _MediaJob:
    status = source.stat()
    mark = zlib.crc32(f"{source.name} {status.st_size} {status.st_mtime_ns}".encode())
    name = re.sub(r"[^a-z0-9]+", "-", source.stem.lower()).strip("-") or "clip"
    stem = f"media-{name}-v{_VERSION}-{mark:08x}"
    clip = MediaClip(name, folder / f"{stem}-main.mp4", folder / f"{stem}-sub.mp4")
    return _MediaJob(source, clip)


def _profile_name(profile: Profile) -> str:
    return f"{profile.width}x{profile.height}-{profile.fps}-{profile.bitrate_kbit}k"
