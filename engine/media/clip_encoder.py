"""Clips as a camera would send them: H.264 without B-frames, closed groups of fixed length."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import av.container
import numpy as np
import numpy.typing as npt

from engine.base.errors import EngineError
from engine.media.errors import source_error, unsupported

Preset = Literal["ultrafast", "superfast", "veryfast"]
Picture = npt.NDArray[np.uint8]


class ClipError(EngineError):
    """A clip could not be written."""


def encode_clip(
    path: Path,
    frames: Iterable[Picture],
    *,
    width: int,
    height: int,
    fps: int,
    bitrate_kbit: int,
    gop_seconds: int = 2,
    preset: Preset = "superfast",
) -> int:
    """Encode pictures to an MP4 that appears under its name only when complete; blocks.

    A picture is BGR of shape (height, width, 3) or I420 of shape (height * 3 / 2, width). One
    thread encodes, so that several clips share the cores evenly. The quality is constant and
    `bitrate_kbit` the ceiling, as with a camera's variable rate. Returns the number of frames.
    ClipError when the file cannot be written.
    """
    temp = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(temp), "w", format="mp4", options={"movflags": "faststart"}) as container:
            stream = container.add_stream("libx264", rate=fps)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.codec_context.thread_count = 1
            stream.codec_context.time_base = Fraction(1, fps)
            stream.codec_context.options = _camera_options(fps, bitrate_kbit, gop_seconds, preset)
            count = 0
            for picture in frames:
                frame = _frame(picture)
                frame.pts, frame.time_base = count, Fraction(1, fps)
                container.mux(stream.encode(frame))
                count += 1
            container.mux(stream.encode(None))
        if not count:
            raise ClipError(f"no clip {path.name} was written: there were no pictures for it")
        temp.replace(path)
    except (av.FFmpegError, OSError) as error:
        raise ClipError(
            f"could not write the clip {path.name}: {error.strerror}; check space and rights of "
            f"the folder {path.parent.name}"
        ) from None
    finally:
        with contextlib.suppress(OSError):
            temp.unlink(missing_ok=True)
    return count


@dataclass(frozen=True)
class ClipReader:
    """A clip's pictures at another size and rate."""

    path: Path
    width: int
    height: int
    length_s: float
    """Cut to whole fifths of a second, which 15, 20, 25 and 30 pictures a second all share."""

    def pictures(self, fps: int) -> Iterator[Picture]:
        """I420 pictures, exactly `length_s * fps` of them; SourceError when the clip breaks.

        Pictures repeat or drop out where the rates differ.
        """
        wanted = round(self.length_s * fps)
        index = 0
        last: Picture | None = None
        for time_s, frame in self._frames():
            # A picture is shown until its successor begins.
            while last is not None and index < wanted and index / fps < time_s - 1e-6:
                index += 1
                yield last
            planes = frame.to_ndarray(width=self.width, height=self.height, format="yuv420p")
            last = np.asarray(planes, np.uint8)
        while last is not None and index < wanted:
            index += 1
            yield last

    def _frames(self) -> Iterator[tuple[float, av.VideoFrame]]:
        try:
            with av.open(str(self.path), options={"protocol_whitelist": "file"}) as container:
                first_s: float | None = None
                for frame in container.decode(video=0):
                    time_s = frame.time or 0.0
                    first_s = time_s if first_s is None else first_s
                    yield time_s - first_s, frame
        except (av.FFmpegError, OSError) as error:
            raise source_error(str(self.path), error, doing="go on reading") from None


def open_clip(path: Path, *, max_width: int) -> ClipReader:
    """Look at a clip; pictures will be even-sized and at most this wide. SourceError if none."""
    try:
        with av.open(str(path), options={"protocol_whitelist": "file"}) as container:
            if not container.streams.video:
                raise unsupported(str(path), "holds no video")
            stream = container.streams.video[0]
            own_width, own_height = stream.width, stream.height
            length_s = _length_s(container)
    except (av.FFmpegError, OSError) as error:
        raise source_error(str(path), error) from None
    fifths = int(length_s * 5 + 1e-6)
    if fifths < 1 or own_width < 2:
        raise unsupported(str(path), "is too short or does not say how long it is")
    width = min(max_width, own_width) // 2 * 2
    height = max(2, round(own_height * width / own_width / 2) * 2)
    return ClipReader(path, width, height, fifths / 5)


def _length_s(container: av.container.InputContainer) -> float:
    stream = container.streams.video[0]
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base


def _camera_options(
    fps: int, bitrate_kbit: int, gop_seconds: int, preset: Preset
) -> dict[str, str]:
    return {
        "preset": preset,
        "crf": "26",
        "maxrate": f"{bitrate_kbit}k",
        "bufsize": f"{bitrate_kbit}k",
        # No keyframe but those of the fixed rhythm, each of them a point to start from.
        "g": str(fps * gop_seconds),
        "keyint_min": str(fps * gop_seconds),
        "sc_threshold": "0",
        "flags": "+cgop",
        "bf": "0",
        "x264-params": "rc-lookahead=0:sync-lookahead=0:mbtree=0:no-deblock=0",
    }


def _frame(picture: Picture) -> av.VideoFrame:
    is_bgr = picture.ndim == 3
    return av.VideoFrame.from_ndarray(picture, format="bgr24" if is_bgr else "yuv420p")
