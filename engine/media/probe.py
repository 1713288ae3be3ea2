"""What a camera really sends, measured, with advice: behind `nvr camera test`."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field

from engine.media.audio_lane import COPYABLE
from engine.media.source import MediaSource, SourcePacket, SourceSpec, open_source
from nvr_app.contract.config import CameraSettings, Credentials, StreamRole

_MOST_GOP_S = 4.0
_MOST_SUB_WIDTH = 1280
_MOST_SUB_FPS = 16.0


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """Measured over `seconds`; `gop_s` is 0 when no two keyframes came in that time."""

    role: StreamRole
    codec: str
    width: int
    height: int
    fps: float
    announced_fps: float
    gop_s: float
    bitrate_bps: float
    audio_codec: str
    transport: str
    open_s: float
    seconds: float
    advice: list[str] = field(default_factory=list)


@dataclass
class _Seen:
    frames: int = 0
    size_bytes: int = 0
    keyframes_us: list[int] = field(default_factory=list)
    steps_us: list[int] = field(default_factory=list)
    first_us: int = 0
    last_us: int = 0

    def take(self, packet: SourcePacket) -> None:
        self.size_bytes += packet.packet.size
        if not packet.is_video:
            return
        if self.frames:
            self.steps_us.append(packet.pts_us - self.last_us)
        else:
            self.first_us = packet.pts_us
        self.last_us = packet.pts_us
        self.frames += 1
        if packet.is_keyframe:
            self.keyframes_us.append(packet.pts_us)


def probe_source(
    settings: CameraSettings,
    role: StreamRole,
    credentials: Credentials | None,
    seconds: float = 6.0,
) -> ProbeResult:
    """Connect, read for so many seconds, measure. Blocks; SourceError says what failed."""
    url = settings.main if role == "main" else settings.sub
    spec = SourceSpec(
        kind=settings.kind,
        url=url,
        transport=settings.transport,
        credentials=credentials,
        verify_tls=settings.verify_tls,
    )
    started_s = time.monotonic()
    source = open_source(spec)
    open_s = time.monotonic() - started_s
    try:
        seen, took_s = _read(source, seconds)
    finally:
        source.close()
    span_s = (seen.last_us - seen.first_us) / 1e6
    info = source.info
    gaps = [b - a for a, b in zip(seen.keyframes_us, seen.keyframes_us[1:], strict=False)]
    result = ProbeResult(
        role=role,
        codec=info.codec,
        width=info.width,
        height=info.height,
        fps=round((seen.frames - 1) / span_s, 2) if span_s > 0 else 0.0,
        announced_fps=round(info.nominal_fps, 2),
        gop_s=round(statistics.median(gaps) / 1e6, 2) if gaps else 0.0,
        bitrate_bps=round(seen.size_bytes * 8 / took_s) if took_s > 0 else 0.0,
        audio_codec=info.audio_codec,
        transport=settings.transport if settings.kind == "rtsp" else settings.kind,
        open_s=round(open_s, 2),
        seconds=round(took_s, 1),
    )
    result.advice.extend(_advice(result, seen, has_sub=bool(settings.sub)))
    return result


def _read(source: MediaSource, seconds: float) -> tuple[_Seen, float]:
    seen = _Seen()
    started_s = time.monotonic()
    for packet in source.packets():
        seen.take(packet)
        if time.monotonic() - started_s >= seconds:
            break
    return seen, time.monotonic() - started_s


def _advice(result: ProbeResult, seen: _Seen, *, has_sub: bool) -> list[str]:
    advice: list[str] = []
    if seen.frames < 2:
        return ["hardly any picture came: check the camera's load and the network"]
    advice += _gop_advice(result)
    if result.role == "main" and not has_sub:
        advice.append(
            "there is no substream: set one of 640x360 up in the camera and add it with --sub; "
            "until then wall and analysis decode the main stream, which costs much more CPU"
        )
    if result.role == "sub":
        if result.width > _MOST_SUB_WIDTH:
            advice.append(f"the substream is {result.width} wide: 640x360 is enough for the wall")
        if result.fps > _MOST_SUB_FPS:
            advice.append(f"the substream sends {result.fps:.0f} pictures a second: 15 are enough")
    if result.codec == "mjpeg":
        advice.append("MJPEG takes 5 to 10 times the space of H.264: choose H.264 or H.265")
    if result.audio_codec and result.audio_codec not in COPYABLE:
        advice.append(
            f"sound comes as {result.audio_codec}: it is converted to AAC; AAC saves that"
        )
    uneven = statistics.pstdev(seen.steps_us) > 0.5 * statistics.mean(seen.steps_us)
    if uneven:
        advice.append("pictures come unevenly: switch off variable frame rate (and H.264+/Smart)")
    return advice


def _gop_advice(result: ProbeResult) -> list[str]:
    if result.gop_s > _MOST_GOP_S:
        return [f"GOP is {result.gop_s:g} s: set it to 2 s (keyframe interval = 2 x frame rate)"]
    if result.gop_s == 0 and result.seconds > _MOST_GOP_S:
        return [
            f"fewer than two keyframes came within {result.seconds:g} s: set the GOP to 2 s",
        ]
    return []
