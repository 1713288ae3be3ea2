"""A clip played like a camera: at its own pace, over and over, without end.

The clip's position follows the wall clock (position = wall time modulo loop length), so that
main stream, substream and the known truth of a simulated scene all show the same moment.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av

from engine.base.clock import Clock, SystemClock
from engine.media.errors import SourceError, source_error
from engine.media.source import SourcePacket, stream_info


class PacedSource:
    """Loops over a file's packets in real time; `close` from any thread ends the wait."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._closed = threading.Event()
        try:
            self._container = av.open(str(path), options={"protocol_whitelist": "file"})
        except (av.FFmpegError, OSError) as error:
            raise source_error(str(path), error) from None
        self._url = str(path)
        self.video = self._container.streams.video[0]
        self.audio = self._container.streams.audio[0] if self._container.streams.audio else None
        self.info = stream_info(self.video, self.audio)
        self._loop_us = _video_length_us(self._container)
        if self._loop_us <= 0:
            self._container.close()
            raise SourceError("invalid", f"{path.name} has no length: it cannot be looped")

    def packets(self) -> Iterator[SourcePacket]:
        start_wall_us = self._clock.wall_us()
        start_mono_ns = self._clock.mono_ns()
        loop = start_wall_us // self._loop_us
        begun = False
        first_loop = loop
        while not self._closed.is_set():
            for packet in self._one_loop():
                due_wall_us = loop * self._loop_us + packet.pts_us
                if not begun:
                    # Join like a client of a camera does: at the next keyframe.
                    if due_wall_us < start_wall_us or not packet.is_keyframe:
                        continue
                    begun = True
                due_ns = start_mono_ns + (due_wall_us - start_wall_us) * 1_000
                wait_ns = due_ns - self._clock.mono_ns()
                if wait_ns > 0 and self._clock.wait(self._closed, wait_ns / 1e9):
                    return
                yield self._moved(packet, loop - first_loop)
            loop += 1

    def close(self) -> None:
        self._closed.set()

    def _one_loop(self) -> Iterator[SourcePacket]:
        streams = [self.video] if self.audio is None else [self.video, self.audio]
        try:
            self._container.seek(0)
            for packet in self._container.demux(streams):
                if packet.pts is None or not packet.size:
                    continue
                is_video = packet.stream_index == self.video.index
                pts_us = int(packet.pts * packet.time_base * 1_000_000)
                if pts_us >= self._loop_us:
                    continue  # sound that outlasts the picture
                yield SourcePacket(packet, is_video, packet.is_keyframe, pts_us)
        except (av.FFmpegError, OSError) as error:
            raise source_error(self._url, error, doing="go on reading") from None

    def _moved(self, packet: SourcePacket, loops: int) -> SourcePacket:
        if loops:
            shift = int(Fraction(loops * self._loop_us, 1_000_000) / packet.packet.time_base)
            inner = packet.packet
            inner.pts = (inner.pts or 0) + shift
            inner.dts = (inner.dts if inner.dts is not None else inner.pts - shift) + shift
        return packet._replace(pts_us=packet.pts_us + loops * self._loop_us)


def _video_length_us(container: av.container.InputContainer) -> int:
    stream = container.streams.video[0]
    if stream.duration is None or stream.time_base is None:
        return 0
    return int(stream.duration * stream.time_base * 1_000_000)


def open_paced(path: str) -> PacedSource:
    """Open a clip for pacing; SourceError when it is no video."""
    return PacedSource(Path(path), SystemClock())
