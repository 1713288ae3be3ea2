"""Fragmented MP4 from a camera's packets, stream-copied.

Fragments are cut every `fragment_s`, not only at keyframes: a writer killed in mid-GOP then
loses at most the open fragment (docs/storage.md has the measurement). The muxer never touches
a disk: bytes go to a sink, in the order of the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import av.container
from av.audio.stream import AudioStream
from av.stream import Stream
from av.video.stream import VideoStream

from engine.base.errors import EngineError
from engine.media.audio_lane import AudioTranscoder, add_audio
from engine.media.source import SourcePacket

# Larger than any fragment at 16 Mbit/s: one call into Python a fragment.
_IO_BUFFER_BYTES = 1 << 20


class MuxError(EngineError):
    """The container refused a packet."""


class _Sink:
    """What FFmpeg sees as a file that can only be appended to."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write

    def write(self, data: bytes) -> int:
        self._write(data)
        return len(data)


@dataclass
class _Lane:
    """Where one stream stands in the segment."""

    stream: Stream
    last_dts: int | None = None
    base: Fraction | None = None
    """The source's time base, learnt from the first packet."""
    offset: int = 0
    """Added to every timestamp, in units of `base`."""


class SegmentMuxer:
    """One segment. Use from one thread; packets must begin with a keyframe."""

    def __init__(
        self,
        write: Callable[[bytes], None],
        video: VideoStream,
        audio: AudioStream | None,
        *,
        fragment_s: float,
        extradata: bytes | None = None,
    ) -> None:
        self._container = av.open(
            _Sink(write),
            mode="w",
            format="mp4",
            buffer_size=_IO_BUFFER_BYTES,
            options={
                "movflags": "frag_keyframe+empty_moov+default_base_moof",
                "frag_duration": str(int(fragment_s * 1_000_000)),
                "flush_packets": "1",
                # A camera whose audio pauses must not hold its video back.
                "max_interleave_delta": "200000",
            },
        )
        self._video = _Lane(self._container.add_stream_from_template(video))
        if extradata is not None:
            self._video.stream.codec_context.extradata = extradata
        self._audio: _Lane | None = None
        self._transcoder: AudioTranscoder | None = None
        if audio is not None:
            stream, self._transcoder = add_audio(self._container, audio)
            self._audio = _Lane(stream)
        self._origin_us: Fraction | None = None
        self._shift_us = 0
        self.repaired_timestamps = 0

    @property
    def shift_us(self) -> int:
        """Added to every timestamp: takes a leap of the camera's clock out of the segment."""
        return self._shift_us

    @shift_us.setter
    def shift_us(self, shift_us: int) -> None:
        if shift_us != self._shift_us:
            self._shift_us = shift_us
            for lane in (self._video, self._audio):
                if lane is not None:
                    self._place(lane)

    def mux_video(self, packet: SourcePacket) -> None:
        """Append an access unit; its timestamps are moved to the segment's origin. MuxError.

        The packet is given away: afterwards its timestamps are the segment's.
        """
        self._mux(self._video, packet.packet)

    def mux_audio(self, packet: SourcePacket) -> None:
        """Append an audio packet; ignored before the first video packet and without audio.

        Sound that cannot be converted is given up for the rest of the segment: never the picture.
        """
        if self._audio is None or self._origin_us is None:
            return
        if self._transcoder is None:
            self._mux(self._audio, packet.packet)
            return
        try:
            for converted in self._transcoder.convert(packet.packet):
                self._mux(self._audio, converted)
        except (av.FFmpegError, ValueError) as error:
            self._audio = None
            raise MuxError(f"could not convert the sound, it is left out: {error}") from None

    def finish(self) -> None:
        """Write what is buffered and the index; idempotent. MuxError."""
        try:
            if self._transcoder is not None and self._audio is not None:
                transcoder, self._transcoder = self._transcoder, None
                if self._audio.last_dts is not None:
                    for converted in transcoder.flush():
                        self._mux(self._audio, converted)
            self._container.close()
        except (av.FFmpegError, OSError, ValueError) as error:
            raise MuxError(f"could not finish a segment: {error}") from None

    def _mux(self, lane: _Lane, packet: av.Packet[Any]) -> None:
        pts, dts = packet.pts, packet.dts
        if dts is None:
            dts = pts
        if dts is None:
            return
        if pts is None:
            pts = dts
        if lane.base is None:
            self._learn(lane, packet.time_base, dts)
        # Plain integers only from here: this runs for every packet of every camera.
        dts += lane.offset
        pts += lane.offset
        if dts < 0 and lane is self._audio:
            return  # sound from before the picture
        if lane.last_dts is not None and dts <= lane.last_dts:
            # Broken camera clocks repeat or step back a little: keep the order of arrival.
            dts = lane.last_dts + 1
            self.repaired_timestamps += 1
        lane.last_dts = dts
        packet.dts, packet.pts = dts, max(pts, dts)
        packet.stream = lane.stream
        try:
            self._container.mux_one(packet)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise MuxError(f"could not put a packet into the segment: {error}") from None

    def _learn(self, lane: _Lane, base: Fraction, dts: int) -> None:
        lane.base = base
        if self._origin_us is None:
            self._origin_us = dts * base * 1_000_000 + self._shift_us
        self._place(lane)

    def _place(self, lane: _Lane) -> None:
        if lane.base is not None and self._origin_us is not None:
            origin = int(self._origin_us / lane.base / 1_000_000)
            lane.offset = int(Fraction(self._shift_us, 1_000_000) / lane.base) - origin
