"""Cameras on a USB port: their own MJPEG is taken as it is, raw pictures are encoded once, here.

A device that sends raw pictures is encoded in a thread and read back through a pipe, so that
the rest of the engine sees packets as from any other camera.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from fractions import Fraction

import av
import av.container
from av.video.frame import PictureType

from engine.media.errors import source_error, unsupported
from engine.media.source import ContainerSource, SourcePacket

logger = logging.getLogger(__name__)

_GOP_S = 2
_READ_BACK = {"analyzeduration": "500000", "probesize": "65536"}
# Encoders of one camera's raw pictures: quick, no reordering, a keyframe every two seconds.
_ENCODER = {"preset": "superfast", "tune": "zerolatency", "crf": "23", "bf": "0"}


def open_device(name: str) -> ContainerSource | EncodedSource:
    """Open a capture device, such as /dev/video0 or a name of Windows' camera list.

    SourceError when it is missing, in use or not allowed. A name `lavfi:…` opens FFmpeg's own
    test picture, which is how the encoding path is tried where there is no camera.
    """
    form, target = _device(name)
    last: BaseException | None = None
    for options in _ways(form):
        try:
            container = av.open(target, mode="r", format=form, options=options)
        except (av.FFmpegError, OSError, ValueError) as error:
            last = error
            continue
        if not container.streams.video:
            container.close()
            raise unsupported(name, "delivers no pictures")
        if container.streams.video[0].codec_context.name in {"mjpeg", "h264"}:
            return ContainerSource(name, container)
        return EncodedSource(name, container)
    raise source_error(name, last or ValueError("no way to open it"))


class EncodedSource:
    """A raw source, encoded to H.264 in a thread of its own."""

    def __init__(self, name: str, container: av.container.InputContainer) -> None:
        self._name = name
        self._container = container
        self._stopping = threading.Event()
        reading, writing = os.pipe()
        self._thread = threading.Thread(
            target=self._encode, args=(writing,), name="encode", daemon=True
        )
        self._thread.start()
        self._pipe = os.fdopen(reading, "rb", buffering=0)
        try:
            back = av.open(self._pipe, mode="r", format="nut", options=_READ_BACK)
        except (av.FFmpegError, OSError) as error:
            self._stopping.set()
            self._pipe.close()
            raise source_error(name, error) from None
        self._inner = ContainerSource(name, back)
        self.info = self._inner.info
        self.video = self._inner.video
        self.audio = None

    def packets(self) -> Iterator[SourcePacket]:
        return self._inner.packets()

    def close(self) -> None:
        """Idempotent."""
        self._stopping.set()
        self._inner.close()
        self._pipe.close()
        self._thread.join(2.0)

    def _encode(self, descriptor: int) -> None:
        raw = self._container.streams.video[0]
        rate = raw.average_rate or Fraction(25)
        try:
            with (
                os.fdopen(descriptor, "wb", buffering=0) as pipe,
                av.open(pipe, "w", format="nut", options={"flush_packets": "1"}) as out,
            ):
                stream = out.add_stream("libx264", rate=rate)
                stream.width, stream.height = raw.width // 2 * 2, raw.height // 2 * 2
                stream.pix_fmt = "yuv420p"
                stream.codec_context.options = _ENCODER | {"g": str(int(rate * _GOP_S))}
                stream.codec_context.thread_count = 1
                for frame in self._container.decode(raw):
                    if self._stopping.is_set():
                        break
                    picture = frame.reformat(stream.width, stream.height, "yuv420p")
                    # Raw pictures all call themselves keyframes: that is the encoder's to say.
                    picture.pict_type = PictureType.NONE
                    out.mux(stream.encode(picture))
        except (av.FFmpegError, OSError, ValueError) as error:
            # The reading side sees the end of its pipe and reconnects.
            if not self._stopping.is_set():
                logger.warning("%s: encoding its pictures ended: %s", self._name, error)
        finally:
            self._container.close()


def _device(name: str) -> tuple[str, str]:
    if name.startswith("lavfi:"):
        return "lavfi", name.removeprefix("lavfi:")
    if sys.platform == "win32":
        return "dshow", f"video={name}"
    if sys.platform == "darwin":
        return "avfoundation", name
    return "v4l2", name


def _ways(form: str) -> tuple[dict[str, str], ...]:
    if form == "v4l2":
        return ({"input_format": "h264"}, {"input_format": "mjpeg"}, {})
    if form == "dshow":
        return ({"vcodec": "mjpeg", "rtbufsize": "64M"}, {"rtbufsize": "64M"})
    return ({},)
