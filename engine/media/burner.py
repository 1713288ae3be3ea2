"""Footage encoded anew with its time and privacy masks drawn into every picture.

The one way in which an export is not the recorder's own bytes; sound is copied all the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import IO, Any

import av
import av.container
import numpy as np
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from engine.base.errors import EngineError
from engine.media.decoder import U8
from engine.media.stamp_font import stencil
from nvr_app.contract.timebase import utc_datetime

Region = tuple[float, float, float, float]

_BASE = Fraction(1, 90_000)
_US = 1_000_000
_IO_BUFFER_BYTES = 1 << 20
_QUALITY = "19"
"""x264's constant rate factor: hardly told from what the camera sent."""
_GOP_PICTURES = 60
_BLACK, _WHITE, _NO_COLOUR = 16, 235, 128


class BurnError(EngineError):
    """Footage could not be decoded or encoded anew."""


@dataclass(frozen=True)
class BurnSource:
    """A segment: its bytes, and the wall time of its first picture."""

    name: str
    file: IO[bytes]
    start_wall_us: int


@dataclass(frozen=True)
class Drawing:
    """What is drawn into the pictures."""

    has_time: bool
    masks: tuple[Region, ...]


@dataclass
class Burned:
    """What came out."""

    start_wall_us: int = 0
    end_wall_us: int = 0
    pictures: int = 0
    width: int = 0
    height: int = 0
    has_audio: bool = False
    undecodable: int = 0
    """Packets that gave no picture."""


class _Sink:
    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def write(self, data: bytes) -> int:
        self._write(data)
        return len(data)


def burn(
    sources: Iterable[BurnSource],
    start_wall_us: int,
    end_wall_us: int,
    drawing: Drawing,
    write: Callable[[bytes], object],
    on_picture: Callable[[], None],
) -> Burned:
    """Encode the pictures due in [start, end) into one MP4, written in order. Blocks.

    BurnError; whatever `write` and `on_picture` raise ends it too. Without any picture nothing
    is written.
    """
    work = _Burning(start_wall_us, end_wall_us, drawing, write, on_picture)
    try:
        for source in sources:
            work.take(source)
        work.finish()
    except (av.FFmpegError, ValueError) as error:
        raise BurnError(f"could not encode footage anew: {error}") from None
    return work.burned


class _Burning:
    def __init__(
        self,
        start_wall_us: int,
        end_wall_us: int,
        drawing: Drawing,
        write: Callable[[bytes], object],
        on_picture: Callable[[], None],
    ) -> None:
        self._start_us = start_wall_us
        self._end_us = end_wall_us
        self._drawing = drawing
        self._write = write
        self._on_picture = on_picture
        self._out: av.container.OutputContainer | None = None
        self._video: VideoStream | None = None
        self._audio: AudioStream | None = None
        self._last_pts = -1
        self._last_sound = -1
        self._step_us = 0
        self.burned = Burned()

    def take(self, source: BurnSource) -> None:
        """One segment's pictures and sound."""
        container = av.open(source.file, "r", format="mp4", buffer_size=_IO_BUFFER_BYTES)
        with container:
            video = container.streams.video[0]
            audio = container.streams.audio[0] if container.streams.audio else None
            video.thread_type = "AUTO"
            zero_us: int | None = None
            wanted = [stream for stream in (video, audio) if stream is not None]
            for packet in container.demux(*wanted):
                if packet.stream is audio:
                    if zero_us is not None:
                        self._take_sound(packet, source.start_wall_us - zero_us)
                    continue
                for frame in self._decoded(packet):
                    at_us = int((frame.pts or 0) * (frame.time_base or _BASE) * _US)
                    zero_us = at_us if zero_us is None else zero_us
                    self._take_picture(frame, source.start_wall_us + at_us - zero_us, audio)

    def finish(self) -> None:
        if self._out is not None and self._video is not None:
            self._out.mux(self._video.encode(None))
            self._out.close()

    def _decoded(self, packet: av.Packet[Any]) -> list[VideoFrame]:
        try:
            frames = packet.decode()
        except av.FFmpegError:
            self.burned.undecodable += 1
            return []
        return [frame for frame in frames if isinstance(frame, VideoFrame)]

    def _take_picture(self, frame: VideoFrame, wall_us: int, audio: AudioStream | None) -> None:
        if not self._start_us <= wall_us < self._end_us:
            return
        self._on_picture()
        width, height = frame.width // 2 * 2, frame.height // 2 * 2
        if self._out is None:
            self._open(width, height, wall_us, audio)
        if self._video is None or self._out is None:
            return
        pts = round((wall_us - self.burned.start_wall_us) * _BASE.denominator / _US)
        if pts <= self._last_pts:
            return  # a picture twice: segments overlap by a rounding
        self._last_pts = pts
        drawn = self._draw(frame, wall_us)
        drawn.pts, drawn.time_base = pts, _BASE
        self._out.mux(self._video.encode(drawn))
        self._step_us = wall_us - self.burned.end_wall_us if self.burned.pictures else 0
        self.burned.end_wall_us = wall_us
        self.burned.pictures += 1

    def _open(self, width: int, height: int, wall_us: int, audio: AudioStream | None) -> None:
        self._out = av.open(
            _Sink(self._write),
            mode="w",
            format="mp4",
            buffer_size=_IO_BUFFER_BYTES,
            options={"movflags": "frag_keyframe+empty_moov+default_base_moof"},
        )
        stream = self._out.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = _BASE
        stream.codec_context.options = {
            "preset": "veryfast", "crf": _QUALITY, "g": str(_GOP_PICTURES), "bf": "0",
        }  # fmt: skip
        self._video = stream
        if audio is not None:
            self._audio = self._out.add_stream_from_template(audio)
        burned = self.burned
        burned.start_wall_us, burned.width, burned.height = wall_us, width, height
        burned.has_audio = audio is not None

    def _take_sound(self, packet: av.Packet[Any], shift_us: int) -> None:
        if self._audio is None or self._out is None or packet.pts is None:
            return
        base = packet.time_base
        wall_us = int(packet.pts * base * _US) + shift_us
        if not self.burned.start_wall_us <= wall_us < self._end_us:
            return
        pts = int(Fraction(wall_us - self.burned.start_wall_us, _US) / base)
        packet.pts = packet.dts = max(pts, self._last_sound + 1)
        self._last_sound = packet.pts
        packet.stream = self._audio
        self._out.mux_one(packet)

    def _draw(self, frame: VideoFrame, wall_us: int) -> VideoFrame:
        plain = frame.reformat(
            width=frame.width // 2 * 2, height=frame.height // 2 * 2, format="yuv420p"
        )
        pixels = np.ascontiguousarray(plain.to_ndarray(), np.uint8)
        draw_into(pixels, plain.width, plain.height, self._drawing, wall_us)
        return VideoFrame.from_ndarray(pixels, format="yuv420p")


def draw_into(pixels: U8, width: int, height: int, drawing: Drawing, wall_us: int) -> None:
    """Masks, then the time, into an I420 picture of shape (height * 3 / 2, width)."""
    flat = pixels.reshape(-1)
    luma = flat[: width * height].reshape(height, width)
    colour = flat[width * height :].reshape(2, height // 2, width // 2)
    for x0, y0, x1, y1 in drawing.masks:
        # Outwards to whole blocks of colour: what is to be hidden is hidden to its rim.
        left, top = math.floor(x0 * width / 2), math.floor(y0 * height / 2)
        right, bottom = math.ceil(x1 * width / 2), math.ceil(y1 * height / 2)
        luma[2 * top : 2 * bottom, 2 * left : 2 * right] = _BLACK
        colour[:, top:bottom, left:right] = _NO_COLOUR
    if drawing.has_time:
        _draw_time(luma, colour, wall_us)


def _draw_time(luma: U8, colour: U8, wall_us: int) -> None:
    moment = f"{utc_datetime(wall_us):%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC"
    height, width = luma.shape
    scale = max(1, min(height // 200, width // 190))
    letters = stencil(moment, scale)[:height, :width]
    rows, columns = letters.shape
    top = max(height - rows - 4 * scale, 0) // 2 * 2
    left = min(4 * scale, max(width - columns, 0)) // 2 * 2
    place = luma[top : top + rows, left : left + columns]
    place[:] = np.where(letters[: place.shape[0], : place.shape[1]], _WHITE, _BLACK)
    colour[:, top // 2 : (top + rows + 1) // 2, left // 2 : (left + columns + 1) // 2] = _NO_COLOUR
