"""Stills: a JPEG of a decoded picture."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from engine.base.errors import EngineError
from engine.media.decoder import Decoder
from engine.media.source import StreamInfo


class StillError(EngineError):
    """No picture could be made."""


def encode_jpeg(frame: VideoFrame, quality: int = 3) -> bytes:
    """A JPEG in the picture's own size; `quality` is FFmpeg's quantiser, 2 (best) to 31."""
    context = av.CodecContext.create("mjpeg", "w")
    if not isinstance(context, VideoCodecContext):
        raise StillError("this FFmpeg cannot write JPEG")
    full_range = frame.reformat(format="yuvj420p")
    context.width, context.height = full_range.width, full_range.height
    context.pix_fmt = "yuvj420p"
    context.time_base = Fraction(1, 25)
    context.options = {"qmin": str(quality), "qmax": str(quality)}
    full_range.pts = 0
    packets = [*context.encode(full_range), *context.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def newest_still(info: StreamInfo, access_units: Iterable[bytes]) -> bytes:
    """JPEG of the last picture of a GOP, given from its keyframe on. StillError when empty."""
    decoder = Decoder(info)
    last: VideoFrame | None = None
    for data in access_units:
        last = decoder.decode(av.Packet(data)) or last
    if last is None:
        raise StillError("there is no picture yet: the camera has sent no keyframe")
    return encode_jpeg(last)
