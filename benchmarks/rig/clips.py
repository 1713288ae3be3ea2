"""Clips as cameras would send them, made by Debian's ffmpeg once and kept in a cache."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import subprocess
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import platformdirs

_PIECE_S = 24
"""A piece of that length is encoded; longer clips repeat it, copied."""
_PICTURE = "testsrc2=size={size}:rate={fps},noise=alls=6:allf=t"
"""With noise as of a sensor: without it a still background costs next to no bits."""
_VIDEO_SUFFIXES = {".mp4", ".avi", ".mkv", ".mov"}


@dataclass(frozen=True, kw_only=True)
class ClipSpec:
    """What a camera would send. `source` empty: a moving test picture."""

    source: str = ""
    start_s: float = 0.0
    width: int = 1920
    height: int = 1080
    fps: int = 30
    bitrate_kbit: int = 4000
    gop_s: float = 2.0
    seconds: int = 60
    codec: str = "h264"
    audio: str = ""


def media_sources() -> list[Path]:
    """Clips of $NVR_MEDIA_DIR, or of ../shared/media beside the checkout; may be empty."""
    beside = Path(__file__).parents[3] / "shared" / "media"
    folder = Path(os.environ.get("NVR_MEDIA_DIR", "") or beside)
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in _VIDEO_SUFFIXES)


def cache_folder() -> Path:
    """Where made clips are kept between runs."""
    return Path(platformdirs.user_cache_dir("nvr")) / "rig"


def camera_clip(spec: ClipSpec, folder: Path | None = None) -> Path:
    """The clip, made if it is not there yet; blocks for up to a minute then."""
    folder = folder or cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    key = asdict(spec)
    if not spec.source:
        key["picture"] = _PICTURE
    else:
        found = Path(spec.source).stat()
        key |= {"size": found.st_size, "mtime": found.st_mtime_ns}
    digest = hashlib.blake2b(json.dumps(key).encode(), digest_size=8).hexdigest()
    # MP4 carries no A-law: QuickTime does, and qtdemux reads both.
    suffix = ".mov" if spec.audio == "pcma" else ".mp4"
    name = f"{spec.width}x{spec.height}-{spec.codec}-{spec.seconds}s-{digest}{suffix}"
    target = folder / name
    if not target.exists():
        _make(spec, target)
    return target


def main_and_sub(
    source: Path | None, *, seconds: int, gop_s: float = 2.0, start_s: float = 0.0, audio: str = ""
) -> tuple[Path, Path]:
    """1080p30 at 4 Mbit/s and 640x360@15 at 512 kbit/s of the same content."""
    main = ClipSpec(
        source=str(source or ""), start_s=start_s, seconds=seconds, gop_s=gop_s, audio=audio
    )
    sub = replace(main, width=640, height=360, fps=15, bitrate_kbit=512, audio="")
    return camera_clip(main), camera_clip(sub)


def joined_clip(first: Path, second: Path, fps: int, target: Path) -> Path:
    """One H.264 stream that changes its size on the way: `first`, then `second`.

    Both are H.264 of `fps` frames a second; the parameter sets stand in the stream.
    """
    raw = target.with_name(f".{secrets.token_hex(4)}.h264")
    part = raw.with_suffix(".part.h264")
    try:
        with raw.open("wb") as joined:
            for clip in (first, second):
                _run(["-i", str(clip), "-map", "0:v:0", "-c", "copy",
                      "-bsf:v", "h264_mp4toannexb", str(part)])  # fmt: skip
                joined.write(part.read_bytes())
        _run(["-framerate", str(fps), "-i", str(raw), "-c", "copy", str(target)])
    finally:
        raw.unlink(missing_ok=True)
        part.unlink(missing_ok=True)
    return target


def _make(spec: ClipSpec, target: Path) -> None:
    piece_s = min(spec.seconds, _PIECE_S)
    temp = target.with_name(f".{secrets.token_hex(4)}.{target.name}")
    piece = temp.with_name(f".piece{temp.name}")
    try:
        _run(_encode(spec, piece_s, piece))
        # -stream_loop counts repetitions beyond the first.
        loops = max(0, -(-spec.seconds // piece_s) - 1)
        _run(
            ["-stream_loop", str(loops), "-i", str(piece), "-map", "0", "-c", "copy",
             "-t", str(spec.seconds), "-movflags", "+faststart", str(temp)]
        )  # fmt: skip
        temp.replace(target)
    finally:
        piece.unlink(missing_ok=True)
        temp.unlink(missing_ok=True)


def _encode(spec: ClipSpec, piece_s: int, target: Path) -> list[str]:
    size = f"{spec.width}x{spec.height}"
    if spec.source:
        given = ["-stream_loop", "-1", "-ss", str(spec.start_s), "-i", spec.source]
    else:
        given = ["-f", "lavfi", "-i", _PICTURE.format(size=size, fps=spec.fps)]
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=8000"] if spec.audio else []
    fit = (
        f"scale={spec.width}:{spec.height}:force_original_aspect_ratio=decrease,"
        f"pad={spec.width}:{spec.height}:-1:-1,fps={spec.fps},format=yuv420p"
    )
    gop = str(max(1, round(spec.gop_s * spec.fps)))
    rate = f"{spec.bitrate_kbit}k"
    limits = ["-b:v", rate, "-maxrate", rate, "-bufsize", f"{spec.bitrate_kbit // 2}k"]
    coder = {
        "h264": ["-c:v", "libx264", "-preset", "superfast", "-bf", "0", "-sc_threshold", "0",
                 "-nal-hrd", "cbr", "-x264-params", "filler=0", *limits],
        "h265": ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
                 "bframes=0:scenecut=0:log-level=error", "-tag:v", "hvc1", *limits],
        "mjpeg": ["-c:v", "mjpeg", "-q:v", "8", "-pix_fmt", "yuvj420p"],
    }[spec.codec]  # fmt: skip
    audio = {
        "": ["-an"],
        "aac": ["-c:a", "aac", "-b:a", "32k", "-ac", "1"],
        "pcma": ["-c:a", "pcm_alaw", "-ar", "8000", "-ac", "1"],
    }[spec.audio]
    mapped = ["-map", "0:v:0", "-map", "1:a:0"] if spec.audio else ["-map", "0:v:0"]
    return [*given, *sound, *mapped, "-t", str(piece_s), "-vf", fit, "-g", gop,
            "-keyint_min", gop, *coder, *audio, str(target)]  # fmt: skip


def _run(arguments: list[str]) -> None:
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"ffmpeg could not make a clip: {done.stderr.strip()[-500:]}")
