"""Decoding for eyes and for analysis: packets in, I420 pictures out.

Low delay is asked for: a picture comes out with its own packet, not some packets later.
"""

from __future__ import annotations

from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.codec.context import Flags, ThreadType
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from engine.media.source import StreamInfo

U8 = npt.NDArray[np.uint8]

_I420 = frozenset({"yuv420p", "yuvj420p"})


def video_decoder(codec: str) -> VideoCodecContext:
    """A fresh decoder; ValueError for a codec that is none of video."""
    context = av.CodecContext.create(codec, "r")
    if not isinstance(context, VideoCodecContext):
        raise TypeError(f"{codec} is no video codec")
    return context


class Decoder:
    """Decodes one media stream. Use from one thread."""

    def __init__(self, info: StreamInfo) -> None:
        self._context = video_decoder(info.codec)
        self._context.thread_count = 1
        self._context.thread_type = ThreadType.SLICE
        self._context.flags |= Flags.low_delay
        if info.extradata:
            self._context.extradata = info.extradata
        self._i420 = VideoReformatter()
        self._grey = VideoReformatter()
        self.errors = 0

    def decode(self, packet: av.Packet[Any]) -> VideoFrame | None:
        """The picture that this packet completes; None while there is none or it is damaged."""
        try:
            frames = self._context.decode(packet)
        except av.FFmpegError:
            self.errors += 1
            return None
        return frames[-1] if frames else None

    def fit(self, frame: VideoFrame, width: int, height: int) -> VideoFrame:
        """The picture as I420 of that size; itself where it already is."""
        if frame.format.name in _I420 and (frame.width, frame.height) == (width, height):
            return frame
        return self._i420.reformat(frame, width, height, "yuv420p", interpolation="FAST_BILINEAR")

    def grey(self, frame: VideoFrame, width: int, height: int) -> U8:
        """The Y plane averaged down to (height, width), for motion."""
        small = self._grey.reformat(frame, width, height, "gray", interpolation="AREA")
        return plane_view(small, 0, width, height).copy()


def plane_view(frame: VideoFrame, index: int, width: int, height: int) -> U8:
    """A plane's pixels (height, width) without its padding and without copying."""
    plane = frame.planes[index]
    rows: U8 = np.frombuffer(memoryview(plane), dtype=np.uint8)
    return rows[: plane.line_size * height].reshape(height, plane.line_size)[:, :width]


def copy_i420(frame: VideoFrame, target: memoryview) -> None:
    """Write an I420 picture's planes, without padding, one after another into `target`."""
    width, height = frame.width, frame.height
    half_width, half_height = (width + 1) // 2, (height + 1) // 2
    out = np.frombuffer(target, dtype=np.uint8)
    start = 0
    for index, (columns, rows) in enumerate(
        ((width, height), (half_width, half_height), (half_width, half_height))
    ):
        size = columns * rows
        np.copyto(
            out[start : start + size].reshape(rows, columns),
            plane_view(frame, index, columns, rows),
        )
        start += size
