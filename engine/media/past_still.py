"""A still out of recorded footage, from the bytes of a segment's head and a few fragments."""

from __future__ import annotations

import io

import av
from av.video.frame import VideoFrame

from engine.media.jpeg import StillError, encode_jpeg

_QUALITY = 5
_LEAST_WIDTH = 32


def past_still(media: bytes, at_us: int, width: int) -> bytes:
    """JPEG of the picture shown `at_us` after the segment's beginning, `width` pixels wide.

    `media` begins with the head, then come fragments from a keyframe on. 0: as wide as it is;
    never wider. StillError: nothing of it can be decoded.
    """
    try:
        with av.open(io.BytesIO(media), "r", format="mp4") as container:
            stream = container.streams.video[0]
            stream.thread_count = 1
            chosen: VideoFrame | None = None
            for frame in container.decode(stream):
                if chosen is not None and (frame.time or 0.0) * 1e6 > at_us + 1:
                    break
                chosen = frame
    except (av.FFmpegError, LookupError, ValueError) as error:
        raise StillError(f"the footage cannot be decoded: {error}") from None
    if chosen is None:
        raise StillError("there is no picture in this footage")
    return encode_jpeg(_narrowed(chosen, width), _QUALITY)


def _narrowed(frame: VideoFrame, width: int) -> VideoFrame:
    if width <= 0 or width >= frame.width:
        return frame
    even = max(_LEAST_WIDTH, width // 2 * 2)
    height = max(2, round(frame.height * even / frame.width) // 2 * 2)
    return frame.reformat(even, height, "yuv420p", interpolation="AREA")
