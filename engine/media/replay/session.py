"""A replay from a camera's card (ONVIF Streaming Specification, 6): as fast as it can be read.

FFmpeg can neither ask for it (`Require: onvif-replay`, `Range: clock=`) nor tell the time of each
picture, which stands in an RTP header extension: hence a small client of our own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urljoin

from engine.base.clock import Clock
from engine.media.replay.access_units import AccessUnit, UnitAssembler
from engine.media.replay.errors import ReplayError
from engine.media.replay.rtp import parse_rtp
from engine.media.replay.rtsp_client import RtspClient
from engine.media.replay.rtsp_wire import Message
from engine.media.replay.sdp import VideoDescription, parse_sdp
from nvr_app.contract.config import Credentials
from nvr_app.contract.timebase import NS_PER_S, utc_datetime

_SILENCE_S = 8.0
_NO_PROGRESS_S = 20.0
_KEEP_ALIVE_NS = 20 * NS_PER_S
_NEAR_END_US = 2_000_000
_REQUIRE = {"Require": "onvif-replay"}
_RTP_CHANNEL, _RTCP_CHANNEL = 0, 1
_RTCP_BYE = 203


class ReplaySession:
    """`open`, `units` once, `close`; for one thread. `look_up` may raise to leave off."""

    def __init__(
        self, url: str, credentials: Credentials | None, clock: Clock, look_up: Callable[[], None]
    ) -> None:
        self._url = url
        self._clock = clock
        self._client = RtspClient(url, credentials, clock, look_up)
        self._target = url
        self._may_be_over = False

    def open(self) -> VideoDescription:
        """Connect, log in, set the video stream up. ReplayError."""
        self._client.connect()
        told = self._client.ask("DESCRIBE", self._url, {"Accept": "application/sdp", **_REQUIRE})
        video = parse_sdp(told.body.decode("utf-8", "replace"))
        base = told.first("content-base") or told.first("content-location") or self._url
        # Only a name for the camera: the connection stays where it is, whatever it says.
        self._target = base
        stream = urljoin(base if base.endswith("/") else f"{base}/", video.control) or base
        ready = self._client.ask(
            "SETUP", stream, {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1", **_REQUIRE}
        )
        if "interleaved=0-1" not in ready.first("transport").replace(" ", ""):
            raise ReplayError("the camera does not replay over its RTSP connection (TCP)")
        self._client.session = ready.first("session").partition(";")[0].strip()
        if not self._client.session:
            raise ReplayError("the camera opened no RTSP session for its replay")
        return video

    def units(
        self, video: VideoDescription, start_wall_us: int, end_wall_us: int
    ) -> Iterator[AccessUnit]:
        """Pictures of [start, end) by the camera's clock, each later than the one before.

        They may begin at the keyframe before `start`. Ends with the footage; ReplayError when the
        camera sends what cannot be read, or stalls before the end.
        """
        answer = self._client.ask(
            "PLAY",
            self._target,
            {
                "Range": f"clock={_clock_text(start_wall_us)}-{_clock_text(end_wall_us)}",
                "Rate-Control": "no",
                **_REQUIRE,
            },
        )
        del answer  # its Range may be wider or narrower: what counts is what the pictures say
        reached_us = 0
        progress_ns = alive_ns = self._clock.mono_ns()
        for unit in self._received(video):
            now_ns = self._clock.mono_ns()
            if now_ns - alive_ns > _KEEP_ALIVE_NS:
                alive_ns = now_ns
                self._client.tell("GET_PARAMETER", self._target)
            if now_ns - progress_ns > _NO_PROGRESS_S * NS_PER_S:
                raise ReplayError("the camera replays, but its pictures do not get ahead in time")
            mark = unit.mark
            if mark.wall_us >= end_wall_us:
                return
            if mark.wall_us > reached_us:
                reached_us, progress_ns = mark.wall_us, now_ns
                yield unit
            self._may_be_over = mark.is_section_end or reached_us > end_wall_us - _NEAR_END_US
            if mark.is_last:
                return

    def close(self) -> None:
        """Idempotent."""
        self._client.close()

    def _received(self, video: VideoDescription) -> Iterator[AccessUnit]:
        assembler = UnitAssembler(video.codec)
        began_ns = self._clock.mono_ns()
        is_waiting = True
        for data in self._packets():
            packet = parse_rtp(data)
            if packet.payload_type != video.payload_type:
                continue
            for unit in assembler.take(packet):
                is_waiting = False
                yield unit
            if is_waiting and self._clock.mono_ns() - began_ns > _NO_PROGRESS_S * NS_PER_S:
                raise ReplayError("the camera replays, but no whole picture came")
        yield from assembler.flush()

    def _packets(self) -> Iterator[bytes]:
        """RTP until the camera closes, says goodbye, or falls silent where it may."""
        while True:
            try:
                piece = self._client.next(_SILENCE_S)
            except ReplayError:
                if self._may_be_over:  # some cameras end a replay by falling silent
                    return
                raise
            if piece is None:
                return
            if isinstance(piece, Message):
                continue
            if piece.channel == _RTP_CHANNEL:
                yield piece.data
            elif piece.channel == _RTCP_CHANNEL and piece.data[1:2] == bytes((_RTCP_BYE,)):
                return


def _clock_text(wall_us: int) -> str:
    moment = utc_datetime(wall_us)
    return f"{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1_000:03d}Z"
