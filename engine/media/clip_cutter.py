"""A stretch of wall time cut out of segments into one MP4, without encoding anything.

It begins with the last keyframe at or before the wanted start, so it can be played from its first
picture on; it crosses segments and takes what an open one holds so far. Where the pictures change
their format (another size or codec) an MP4 track must end: the part with the event is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import av
import av.container
from av.stream import Stream
from av.video.stream import VideoStream

from engine.base.errors import EngineError

_US = 1_000_000


class ClipCutError(EngineError):
    """No clip came of it; the sentence says why."""


@dataclass(frozen=True, kw_only=True)
class CutSource:
    """A segment: a file, or anything that can be read and sought in, and when it begins."""

    name: str
    file: Path | IO[bytes]
    start_wall_us: int


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What is in the clip."""

    start_wall_us: int
    """Of its first picture: a keyframe, so often a little before what was asked for."""
    end_wall_us: int
    pictures: int
    codec: str


@dataclass
class _Lane:
    """One stream of the clip."""

    stream: Stream
    last_dts: int | None = None


@dataclass
class _Clip:
    """The clip in the making."""

    out: av.container.OutputContainer
    start_wall_us: int
    """Wall time of pts 0: its first keyframe."""
    signature: tuple[object, ...]
    video: _Lane
    audio: _Lane | None
    end_wall_us: int = 0
    pictures: int = 0


def cut_clip(
    sources: Sequence[CutSource],
    start_wall_us: int,
    end_wall_us: int,
    target: Path,
    look_up: Callable[[], None],
) -> Cut:
    """Cut [start, end) out of `sources`, in order and all of that time, into the new file `target`.

    `look_up` is called for every packet and may raise to leave off. ClipCutError: there is no
    footage in that time, or it cannot be read; a file that was begun is left to the caller.
    """
    with av.open(str(target), "w", format="mp4", options={"movflags": "faststart"}) as out:
        cutter = _Cutter(out, start_wall_us, end_wall_us, look_up)
        for source in sources:
            if not cutter.take(source):
                break
        clip = cutter.clip
        if clip is None or clip.end_wall_us <= start_wall_us:
            raise ClipCutError("there is no footage in that time that can be read")
    return Cut(
        start_wall_us=clip.start_wall_us,
        end_wall_us=clip.end_wall_us,
        pictures=clip.pictures,
        codec=clip.video.stream.codec_context.codec.canonical_name,
    )


class _Cutter:
    def __init__(
        self,
        out: av.container.OutputContainer,
        start_wall_us: int,
        end_wall_us: int,
        look_up: Callable[[], None],
    ) -> None:
        self._out = out
        self._start = start_wall_us
        self._end = end_wall_us
        self._look_up = look_up
        self.clip: _Clip | None = None

    def take(self, source: CutSource) -> bool:
        """Append what of a segment lies in the time; whether later ones may still add to it."""
        file = str(source.file) if isinstance(source.file, Path) else source.file
        options = {"protocol_whitelist": "file"} if isinstance(source.file, Path) else {}
        try:
            with av.open(file, "r", options=options) as incoming:
                if not incoming.streams.video:
                    return True
                return self._copy(incoming, source)
        except (av.FFmpegError, OSError):
            # A damaged segment, or the torn end of one that is being written: the rest counts.
            return True

    def _copy(self, incoming: av.container.InputContainer, source: CutSource) -> bool:
        video = incoming.streams.video[0]
        signature = _signature(video)
        if self.clip is not None and self.clip.signature != signature:
            return False
        wanted_us = self._start - source.start_wall_us
        if wanted_us > 0 and self.clip is None:
            # Lands on the keyframe at or before it.
            incoming.seek(wanted_us, any_frame=False, backward=True)
        held: list[av.Packet[Any]] = []
        for packet in incoming.demux([s for s in incoming.streams if s.type in {"video", "audio"}]):
            self._look_up()
            if packet.is_corrupt:
                break  # the torn end of a file that is being written
            if packet.dts is None or packet.pts is None or not packet.size:
                continue
            if packet.stream is not video:
                held.append(packet)
                continue
            if _wall(source, packet) >= self._end:
                break
            if self.clip is None:
                if not packet.is_keyframe:
                    continue
                self._begin(incoming, video, signature, _wall(source, packet))
            self._put(self._video_lane(), source, packet)
            self._put_sound(source, held)
        self._put_sound(source, held)
        return True

    def _begin(
        self,
        incoming: av.container.InputContainer,
        video: VideoStream,
        signature: tuple[object, ...],
        start_wall_us: int,
    ) -> None:
        lane = _Lane(self._out.add_stream_from_template(video))
        audio = incoming.streams.audio[0] if incoming.streams.audio else None
        sound = _Lane(self._out.add_stream_from_template(audio)) if audio is not None else None
        self.clip = _Clip(self._out, start_wall_us, signature, lane, sound)

    def _video_lane(self) -> _Lane:
        if self.clip is None:
            raise RuntimeError("the clip has not begun")
        return self.clip.video

    def _put_sound(self, source: CutSource, packets: list[av.Packet[Any]]) -> None:
        clip = self.clip
        if clip is not None and clip.audio is not None:
            for packet in packets:
                if clip.start_wall_us <= _wall(source, packet) < self._end:
                    self._put(clip.audio, source, packet)
        if clip is not None:
            packets.clear()

    def _put(self, lane: _Lane, source: CutSource, packet: av.Packet[Any]) -> None:
        clip = self.clip
        base = packet.time_base
        if clip is None or packet.pts is None or packet.dts is None or base is None:
            return
        wall = _wall(source, packet)
        shift = round(Fraction(source.start_wall_us - clip.start_wall_us, _US) / base)
        pts, dts = packet.pts + shift, packet.dts + shift
        if lane.last_dts is not None and dts <= lane.last_dts:
            dts = lane.last_dts + 1  # neighbouring segments may overlap by a rounding
        lane.last_dts = dts
        packet.dts, packet.pts = dts, max(pts, dts)
        packet.stream = lane.stream
        if lane is clip.video:
            clip.pictures += 1
            step = round((packet.duration or 0) * base * _US)
            clip.end_wall_us = max(clip.end_wall_us, wall + step)
        self._out.mux_one(packet)


def _wall(source: CutSource, packet: av.Packet[Any]) -> int:
    base = packet.time_base
    if packet.pts is None or base is None:
        return source.start_wall_us
    return source.start_wall_us + round(packet.pts * base * _US)


def _signature(video: VideoStream) -> tuple[object, ...]:
    context = video.codec_context
    return context.name, context.width, context.height, bytes(context.extradata or b"")
