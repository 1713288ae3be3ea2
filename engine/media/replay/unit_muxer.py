"""Replayed pictures into a segment's bytes: the muxer of live footage, fed by hand."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import av
import av.container

from engine.media.parameter_sets import parameter_sets
from engine.media.replay.access_units import AccessUnit
from engine.media.replay.errors import ReplayError
from engine.media.segment_muxer import SegmentMuxer
from engine.media.source import SourcePacket

_TIME_BASE = Fraction(1, 90_000)
_START_CODE = b"\x00\x00\x00\x01"


@dataclass(frozen=True)
class Picture:
    """What the first keyframe tells of a stream."""

    container: av.container.InputContainer
    """Template of the muxer's stream; it stays open as long as segments are made after it."""
    codec: str
    width: int
    height: int
    sets: bytes
    """Parameter sets with start codes; put before a keyframe that lacks them."""


def read_picture(codec: str, keyframe: AccessUnit, described: tuple[bytes, ...]) -> Picture:
    """Size and parameter sets out of a keyframe. ReplayError: they are missing or unreadable."""
    data = keyframe.annex_b()
    sets = parameter_sets(codec, data)
    if not sets:
        sets = b"".join(_START_CODE + one for one in described)
        data = sets + data
    try:
        container = av.open(io.BytesIO(data), mode="r", format=codec)
        stream = container.streams.video[0]
        width, height = stream.codec_context.width, stream.codec_context.height
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        raise ReplayError(f"the camera's replay cannot be read as {codec} ({error})") from None
    if not sets or not width or not height:
        container.close()
        raise ReplayError("the camera replays without telling the picture's size")
    return Picture(container, codec, width, height, sets)


class UnitMuxer:
    """One segment; the first unit must be a keyframe. MuxError from every method."""

    def __init__(self, write: Callable[[bytes], None], picture: Picture, fragment_s: float) -> None:
        self._picture = picture
        self._muxer = SegmentMuxer(
            write,
            picture.container.streams.video[0],
            None,
            fragment_s=fragment_s,
            extradata=picture.sets,
        )
        self._origin_us: int | None = None

    def add(self, unit: AccessUnit) -> None:
        """Append a picture at the moment of its mark."""
        if self._origin_us is None:
            self._origin_us = unit.mark.wall_us
        data = unit.annex_b()
        if unit.is_keyframe and not parameter_sets(self._picture.codec, data):
            data = self._picture.sets + data
        packet = av.Packet(data)
        since_us = unit.mark.wall_us - self._origin_us
        packet.pts = packet.dts = round(Fraction(since_us, 1_000_000) / _TIME_BASE)
        packet.time_base = _TIME_BASE
        packet.is_keyframe = unit.is_keyframe
        self._muxer.mux_video(SourcePacket(packet, True, unit.is_keyframe, since_us))

    def finish(self) -> None:
        """Write what is buffered."""
        self._muxer.finish()
