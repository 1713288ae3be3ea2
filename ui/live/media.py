"""The one module of the desk that imports av: I420 to screen pictures, packets to pictures."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.codec.context import Flags, ThreadType
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from PySide6.QtGui import QImage

from nvr_app.contract.live import MediaHeader, MediaPacket

Frame = VideoFrame
"""A decoded picture, for those who hold one without importing av."""

_MICROSECONDS = Fraction(1, 1_000_000)


@dataclass(frozen=True, eq=False)  # equal pixels would take long to find out
class Bitmap:
    """A screen picture; the image borrows the owner's memory, so the two stay together."""

    image: QImage
    owner: VideoFrame


class Converter:
    """Scales and converts for one tile. Use from one thread; sizes that stay the same are cheap."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def convert(self, frame: VideoFrame, width: int, height: int) -> Bitmap:
        """The picture at exactly that many pixels, independent of the memory it came from."""
        # One thread: waking helpers for half a millisecond of work costs more than it saves.
        out = self._reformatter.reformat(
            frame, width, height, "bgra", interpolation="FAST_BILINEAR", threads=1
        )
        plane = out.planes[0]
        # Alpha carries nothing: RGB32 lets Qt copy rows instead of blending them.
        image = QImage(
            memoryview(plane), width, height, plane.line_size, QImage.Format.Format_RGB32
        )
        return Bitmap(image, out)


def wrap_i420(data: memoryview, width: int, height: int) -> VideoFrame:
    """A frame over packed I420 bytes, borrowed where PyAV can, else copied.

    PyAV 18 takes the chroma planes to start on whole rows of luma: with a height that four does
    not divide it would read the second one half a row off.
    """
    pixels = np.frombuffer(data, dtype=np.uint8)
    if width % 2 == 0 and height % 4 == 0:
        return VideoFrame.from_numpy_buffer(pixels.reshape(height * 3 // 2, width), "yuv420p")
    frame = VideoFrame(width, height, "yuv420p")
    half_width, half_height = (width + 1) // 2, (height + 1) // 2
    start = 0
    sizes = ((width, height), (half_width, half_height), (half_width, half_height))
    for plane, (columns, rows) in zip(frame.planes, sizes, strict=True):
        target = np.frombuffer(memoryview(plane), dtype=np.uint8)
        target = target[: plane.line_size * rows].reshape(rows, plane.line_size)
        target[:, :columns] = pixels[start : start + columns * rows].reshape(rows, columns)
        start += columns * rows
    return frame


class PacketDecoder:
    """Decodes one relayed stream (H.264, H.265, MJPEG). Use from one thread.

    ValueError: the codec is none that can be decoded here.
    """

    def __init__(self, header: MediaHeader) -> None:
        try:
            context = av.CodecContext.create(header.codec, "r")
        except ValueError as error:  # av's UnknownCodecError is one
            raise ValueError(f"This desk cannot decode {header.codec!r}") from error
        if not isinstance(context, VideoCodecContext):
            raise ValueError(f"{header.codec!r} is no video codec")  # noqa: TRY004  it is a value
        # Slices add no delay, frame threads would add a picture each.
        context.thread_type = ThreadType.SLICE
        context.flags |= Flags.low_delay
        if header.extradata:
            context.extradata = header.extradata
        self._context = context
        self.errors = 0

    def decode(self, packet: MediaPacket) -> list[VideoFrame]:
        """The pictures that this packet completes; a damaged packet is counted, and gives none."""
        raw = av.Packet(packet.data)
        raw.pts = raw.dts = packet.pts_us
        raw.time_base = _MICROSECONDS
        try:
            return self._context.decode(raw)
        except av.FFmpegError:
            self.errors += 1
            return []
