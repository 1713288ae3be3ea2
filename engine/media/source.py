"""Sources: a camera's packets as they come, whatever the transport.

A source belongs to one thread. `packets()` blocks inside FFmpeg with the GIL released; stalls
end by FFmpeg's own I/O timeout (PyAV's `timeout=` would take the GIL in every interrupt
callback, docs/architecture.md).
"""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, Protocol, TypeAlias
from urllib.parse import quote, urlsplit, urlunsplit

import av
import av.container
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from engine.media.errors import SourceError, source_error, unsupported
from engine.media.reach import connection_trouble
from nvr_app.contract.config import Credentials, SourceKind, Transport

RECORDABLE_CODECS = frozenset({"h264", "hevc", "mjpeg"})
_STALL_TIMEOUT_US = 3_000_000
_PROBE_US = 200_000
_DEEP_PROBE_US = 3_000_000
_PROTOCOLS = "rtsp,rtsps,rtp,udp,tcp,tls,http,https,httpproxy,crypto"


@dataclass(frozen=True, kw_only=True)
class SourceSpec:
    """Where to connect and how. `repr` shows no login: it is not part of the URL."""

    kind: SourceKind
    url: str
    transport: Transport = "tcp"
    credentials: Credentials | None = None
    verify_tls: bool = False


@dataclass(frozen=True, kw_only=True)
class StreamInfo:
    """What the source announces before its first packet."""

    codec: str
    width: int
    height: int
    nominal_fps: float
    """0 where the source does not say."""
    time_base: Fraction
    extradata: bytes
    audio_codec: str = ""
    audio_rate: int = 0
    audio_channels: int = 0
    audio_extradata: bytes = b""


EncodedPacket: TypeAlias = "av.Packet[Any]"
"""FFmpeg's packet, for those who only pass it on."""


def copy_packet(packet: EncodedPacket) -> EncodedPacket:
    """The bytes in a packet of their own, without times."""
    copy: EncodedPacket = av.Packet(bytes(packet))
    copy.is_keyframe = packet.is_keyframe
    return copy


class SourcePacket(NamedTuple):
    """One access unit. `pts`/`dts` are in the stream's time base, repaired where missing."""

    packet: EncodedPacket
    is_video: bool
    is_keyframe: bool
    pts_us: int


class MediaSource(Protocol):
    """An open source; construct by `open_source`."""

    @property
    def info(self) -> StreamInfo: ...

    @property
    def video(self) -> VideoStream: ...

    @property
    def audio(self) -> AudioStream | None: ...

    def packets(self) -> Iterator[SourcePacket]:
        """Packets until the source ends; raises SourceError, never a library's exception."""
        ...

    def close(self) -> None:
        """Tear the connection down (RTSP TEARDOWN included); idempotent."""
        ...


class ContainerSource:
    """Anything that FFmpeg demuxes, at the pace at which it comes: RTSP(S), HTTP MJPEG."""

    def __init__(self, url: str, container: av.container.InputContainer) -> None:
        self._url = url
        self._container = container
        self.video = container.streams.video[0]
        self.audio = container.streams.audio[0] if container.streams.audio else None
        self.info = stream_info(self.video, self.audio)

    def packets(self) -> Iterator[SourcePacket]:
        streams = [self.video] if self.audio is None else [self.video, self.audio]
        video_index = self.video.index
        scale = {s.index: (s.time_base or Fraction(1, 90_000)) * 1_000_000 for s in streams}
        asked_s = time.monotonic()
        try:
            for packet in self._container.demux(streams):
                has_stalled = time.monotonic() - asked_s >= _STALL_TIMEOUT_US / 1e6
                pts = packet.pts if packet.pts is not None else packet.dts
                # Without size: the flush packet at the end. Without time: nothing can place it.
                if pts is not None and packet.size:
                    factor = scale[packet.stream_index]
                    yield SourcePacket(
                        packet,
                        packet.stream_index == video_index,
                        packet.is_keyframe,
                        pts * factor.numerator // factor.denominator,
                    )
                if has_stalled:
                    # FFmpeg answers a timeout with the packet that its parser still held, and
                    # would wait for as long once more before it tells.
                    raise TimeoutError(errno.ETIMEDOUT, "no packet came")
                asked_s = time.monotonic()
        except (av.FFmpegError, OSError) as error:
            raise source_error(self._url, error, doing="go on reading") from None

    def close(self) -> None:
        self._container.close()


def stream_info(video: VideoStream, audio: AudioStream | None) -> StreamInfo:
    """The announced facts of a video stream and its audio."""
    context = video.codec_context
    rate = video.average_rate or video.guessed_rate or 0
    return StreamInfo(
        codec=context.name,
        width=context.width,
        height=context.height,
        nominal_fps=float(rate) if 0 < rate <= 240 else 0.0,
        time_base=video.time_base or Fraction(1, 90_000),
        extradata=bytes(context.extradata or b""),
        audio_codec=audio.codec_context.name if audio else "",
        audio_rate=audio.codec_context.sample_rate if audio else 0,
        audio_channels=audio.codec_context.layout.nb_channels if audio else 0,
        audio_extradata=bytes(audio.codec_context.extradata or b"") if audio else b"",
    )


def open_source(spec: SourceSpec) -> MediaSource:
    """Connect and read the stream's description; SourceError says what failed.

    A short probe opens in a quarter of a second; a stream whose size it did not reveal is
    opened once more with a long one.
    """
    if spec.kind in {"file", "sim"}:
        # As fast as it can be read, a file would claim footage of hours that never passed.
        from engine.media.paced_source import open_paced  # noqa: PLC0415  tests and demo alone

        return _checked(spec, open_paced(spec.url))
    if spec.kind == "usb":
        from engine.media.device_source import open_device  # noqa: PLC0415  few have one

        return open_device(spec.url)
    source = _open(spec, _PROBE_US)
    if source.info.width == 0:
        source.close()
        source = _open(spec, _DEEP_PROBE_US)
    return _checked(spec, source)


def _open(spec: SourceSpec, probe_us: int) -> ContainerSource:
    started_s = time.monotonic()
    try:
        container = av.open(_full_url(spec), mode="r", options=_options(spec, probe_us))
    except (av.FFmpegError, OSError, ValueError) as error:
        raise _open_error(spec, error, time.monotonic() - started_s) from None
    if not container.streams.video:
        container.close()
        raise unsupported(spec.url, "carries no video")
    return ContainerSource(spec.url, container)


def _open_error(spec: SourceSpec, error: Exception, took_s: float) -> SourceError:
    """FFmpeg has few words: a host that is not there, one that says nothing and one that speaks
    another language can all be "invalid data" or an "I/O error". A connection of our own and the
    time that it took tell them apart.
    """
    found = source_error(spec.url, error)
    is_vague = getattr(error, "errno", None) == errno.EIO
    if found.fault not in {"timeout", "invalid"} and not is_vague:
        return found
    trouble = connection_trouble(spec.url)
    if trouble:
        return source_error(spec.url, OSError(errno.EHOSTUNREACH, trouble))
    if found.fault != "timeout" and took_s * 1e6 >= _STALL_TIMEOUT_US:
        return source_error(spec.url, TimeoutError(errno.ETIMEDOUT, "no answer came"))
    if is_vague:
        return source_error(spec.url, ValueError("what answers there is no video"))
    return found


def _checked(spec: SourceSpec, source: MediaSource) -> MediaSource:
    """The source, closed again and refused when it cannot be recorded."""
    try:
        _require_recordable(spec, source.info)
    except SourceError:
        source.close()
        raise
    return source


def _require_recordable(spec: SourceSpec, info: StreamInfo) -> None:
    if info.codec not in RECORDABLE_CODECS:
        raise unsupported(spec.url, f"sends {info.codec or 'an unknown codec'}")
    if info.width == 0 or info.height == 0:
        raise unsupported(spec.url, f"sends {info.codec} without telling the picture's size")


def _full_url(spec: SourceSpec) -> str:
    if spec.credentials is None:
        return spec.url
    parts = urlsplit(spec.url)
    login = f"{quote(spec.credentials.user, safe='')}:{quote(spec.credentials.password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}"))


def _options(spec: SourceSpec, probe_us: int) -> dict[str, str]:
    options = {
        "timeout": str(_STALL_TIMEOUT_US),
        "analyzeduration": str(probe_us),
        "probesize": str(max(probe_us, 200_000)),
    }
    if spec.kind == "rtsp":
        options |= {
            "rtsp_transport": spec.transport,
            "protocol_whitelist": _PROTOCOLS,
            "tls_verify": "1" if spec.verify_tls else "0",
            # Nothing is gained by waiting for reordered packets on TCP; on UDP the default is.
            **({"reorder_queue_size": "0", "max_delay": "0"} if spec.transport == "tcp" else {}),
        }
    elif spec.kind == "mjpeg":
        options |= {"rw_timeout": str(_STALL_TIMEOUT_US), "protocol_whitelist": _PROTOCOLS}
        options |= {"use_wallclock_as_timestamps": "1"}
    return options
