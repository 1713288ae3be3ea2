"""A closed segment encoded anew: smaller, with the same pictures at the same media times.

The result has the recorder's structure (fragments of half a second, index at the head) and closed
groups of pictures of a bounded length. Times relative to the first picture stay what they were to
the tick, so wall time stays where it was. Sound is copied.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import av.container
from av.audio.stream import AudioStream
from av.stream import Stream
from av.video.frame import PictureType
from av.video.stream import VideoStream

from engine.base.errors import EngineError

AgedCodec = Literal["hevc", "av1"]

_ENCODERS: dict[AgedCodec, str] = {"hevc": "libx265", "av1": "libsvtav1"}
_FRAGMENT_US = 500_000
_OF_THE_DISK = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.ENOENT, errno.ENODEV,
     errno.ENOTCONN, errno.ESTALE, errno.EACCES, errno.EPERM}
)  # fmt: skip


class ReencodeError(EngineError):
    """A segment could not be encoded anew; the original is untouched."""


@dataclass(frozen=True, kw_only=True)
class EncodeTarget:
    """What footage is to become."""

    codec: AgedCodec
    crf: int
    """Constant quality: 0 to 51 (hevc) or 63 (av1), higher is smaller."""
    preset: str
    keyframe_s: float = 2.0
    """Longest time between two keyframes: how far a seek has to decode."""


def encode_anew(source: Path, target: Path, wanted: EncodeTarget, pace: Callable[[], None]) -> int:
    """Encode `source` into the new file `target`; the number of pictures written. Blocks long.

    `pace` is called after every picture: it may sleep (CPU budget) or raise (stop); what it
    raises comes through. ReencodeError: the source or the encoder failed, as they would again.
    OSError: the disk did (full, away, failing), which may pass. A file that was begun is left to
    the caller. One thread encodes, beside those that the encoder needs for itself.
    """
    try:
        with av.open(str(source), options={"protocol_whitelist": "file"}) as incoming:
            if not incoming.streams.video:
                raise ReencodeError(f"{source.name} holds no video: it is kept as it is")
            with av.open(str(target), "w", format="mp4", options=_mux_options(incoming)) as out:
                return _Transfer(incoming, out, wanted, pace).run()
    except (av.FFmpegError, OSError, ValueError) as error:
        number = getattr(error, "errno", None)
        if number in _OF_THE_DISK:
            raise OSError(number, f"{os.strerror(number)} while encoding {source.name}") from None
        raise ReencodeError(
            f"could not encode {source.name} anew as {wanted.codec}: "
            f"{getattr(error, 'strerror', None) or error}; the original is kept"
        ) from None


def _mux_options(incoming: av.container.InputContainer) -> dict[str, str]:
    base = incoming.streams.video[0].time_base
    return {
        # As the recorder writes them: no edit lists, which readers of boxes need not know then.
        "movflags": "frag_keyframe+empty_moov+default_base_moof",
        "frag_duration": str(_FRAGMENT_US),
        # The source's own ticks: no time is rounded.
        "video_track_timescale": str(base.denominator if base else 90_000),
    }


class _Transfer:
    """One run over the source."""

    def __init__(
        self,
        incoming: av.container.InputContainer,
        out: av.container.OutputContainer,
        wanted: EncodeTarget,
        pace: Callable[[], None],
    ) -> None:
        self._in = incoming
        self._out = out
        self._pace = pace
        self._video = incoming.streams.video[0]
        self._base = self._video.time_base or Fraction(1, 90_000)
        self._encoded = _add_encoder(out, self._video, self._base, wanted)
        self._audio: AudioStream | None = None
        self._sound: Stream | None = None
        if incoming.streams.audio:
            self._audio = incoming.streams.audio[0]
            self._sound = out.add_stream_from_template(self._audio)
        self._origin: Fraction | None = None
        """Time of the first picture in the source: the new file begins there, in seconds."""
        self._pictures = 0

    def run(self) -> int:
        streams: list[Stream] = [s for s in (self._video, self._audio) if s is not None]
        self._video.codec_context.thread_count = 1
        held: list[av.Packet[Any]] = []
        for packet in self._in.demux(streams):
            if packet.stream is self._video:
                self._take_picture(packet)
            elif packet.size:
                held.append(packet)
            if self._origin is not None:
                for sound in held:
                    self._copy_sound(sound)
                held.clear()
        for encoded in self._encoded.encode(None):
            self._out.mux(encoded)
        return self._pictures

    def _take_picture(self, packet: av.Packet[Any]) -> None:
        for frame in packet.decode():
            if not isinstance(frame, av.VideoFrame) or frame.pts is None:
                continue
            if self._origin is None:
                self._origin = frame.pts * self._base
            # The encoder chooses its keyframes itself: the source's are of another rhythm.
            frame.pict_type = PictureType.NONE
            frame.pts -= round(self._origin / self._base)
            frame.time_base = self._base
            for encoded in self._encoded.encode(frame):
                self._out.mux(encoded)
            self._pictures += 1
            self._pace()

    def _copy_sound(self, packet: av.Packet[Any]) -> None:
        base = packet.time_base
        if self._sound is None or self._origin is None or packet.dts is None or base is None:
            return
        shift = round(self._origin / base)
        if packet.dts < shift:
            return  # sound from before the picture, as in the recorder
        packet.dts -= shift
        packet.pts = packet.dts if packet.pts is None else packet.pts - shift
        packet.stream = self._sound
        self._out.mux(packet)


def _add_encoder(
    out: av.container.OutputContainer,
    source: VideoStream,
    base: Fraction,
    wanted: EncodeTarget,
) -> VideoStream:
    rate = source.average_rate or source.guessed_rate or Fraction(25)
    group = max(1, round(float(rate) * wanted.keyframe_s))
    stream = out.add_stream(_ENCODERS[wanted.codec], rate=rate)
    if not isinstance(stream, VideoStream):
        raise TypeError(f"{_ENCODERS[wanted.codec]} is no video encoder")
    stream.width, stream.height, stream.pix_fmt = source.width, source.height, "yuv420p"
    stream.time_base = base
    context = stream.codec_context
    context.time_base = base
    context.gop_size = group
    context.color_range = source.codec_context.color_range
    context.colorspace = source.codec_context.colorspace
    context.options = _encoder_options(wanted, group)
    return stream


def _encoder_options(wanted: EncodeTarget, group: int) -> dict[str, str]:
    options = {"preset": wanted.preset, "crf": str(wanted.crf)}
    if wanted.codec == "hevc":
        # No reordered pictures: without edit lists all of them would be shown late.
        options["x265-params"] = (
            "log-level=error:pools=none:frame-threads=1:wpp=0:bframes=0:open-gop=0:scenecut=0:"
            f"keyint={group}:min-keyint={group}"
        )
    else:
        options["svtav1-params"] = "lp=1"
    return options
