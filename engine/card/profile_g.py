"""ONVIF Profile G: what a camera's card holds, and where it is replayed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from engine.base.clock import Clock
from engine.card.errors import CardError, NoProfileGError
from engine.card.soap import SoapClient
from nvr_app.contract.config import Credentials

_DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_SEARCH = "http://www.onvif.org/ver10/search/wsdl"
_REPLAY = "http://www.onvif.org/ver10/replay/wsdl"
_SCHEMA = "http://www.onvif.org/ver10/schema"
_MOST_ROUNDS = 30
_MOST_RECORDINGS = 1_000
_TRUSTED_OFFSET_US = 300 * 1_000_000
_ROUNDING_US = 1_500_000


@dataclass(frozen=True)
class CardRecording:
    """A recording on the card, by the camera's clock."""

    token: str
    start_wall_us: int
    end_wall_us: int


@dataclass(frozen=True)
class CardOverview:
    """What the card holds, by our clock, for people."""

    recordings: int
    start_wall_us: int
    end_wall_us: int
    """Both 0 when the card is empty."""
    offset_us: int
    """The camera's clock less ours; to the second, as cameras tell it."""


class Card:
    """One camera's card. `connect` first, `close` at last; for one thread. Methods: CardError."""

    def __init__(
        self, url: str, credentials: Credentials | None, clock: Clock, *, verify_tls: bool = False
    ) -> None:
        self._url = url
        self._clock = clock
        self._soap = SoapClient(url, credentials, clock, verify_tls=verify_tls)
        self._search = ""
        self._replay = ""

    def connect(self) -> None:
        """Learn the camera's clock and its services. NoProfileGError: it has no such ones."""
        self._soap.offset_us = self._measured_offset_us()
        found = self._services()
        if _SEARCH not in found or _REPLAY not in found:
            raise NoProfileGError(
                "the camera does not offer its card over ONVIF (Profile G: search and replay); "
                "put a card in, switch recording on in the camera, or set fill_gaps = false"
            )
        self._search = self._soap.own_url(found[_SEARCH])
        self._replay = self._soap.own_url(found[_REPLAY])

    def close(self) -> None:
        """Idempotent."""
        self._soap.close()

    @property
    def offset_us(self) -> int:
        """The camera's clock less ours, 0 where no difference can be told from rounding."""
        return self._soap.offset_us

    def require_trusted_clock(self) -> None:
        """CardError when the card's times cannot be true ones."""
        offset_us = self._soap.offset_us
        if abs(offset_us) > _TRUSTED_OFFSET_US:
            raise CardError(
                f"the camera's clock is {_span(abs(offset_us))} "
                f"{'behind' if offset_us < 0 else 'ahead of'} ours: when its card's pictures were "
                "taken cannot be told; set the camera's clock (NTP)"
            )

    def overview(self) -> CardOverview:
        """How much there is and from when to when."""
        answer = self._ask(self._search, _SEARCH, "GetRecordingSummary")
        until_us = _time_us(_find(answer, _SCHEMA, "DataUntil"))
        count = _number(_find(answer, _SCHEMA, "NumberRecordings"))
        since_us = _time_us(_find(answer, _SCHEMA, "DataFrom"))
        offset_us = self._soap.offset_us
        if not count or not since_us:
            return CardOverview(0, 0, 0, offset_us)
        return CardOverview(count, since_us - offset_us, until_us - offset_us, offset_us)

    def recordings(self) -> list[CardRecording]:
        """All recordings with pictures."""
        asked = self._ask(
            self._search, _SEARCH, "FindRecordings",
            "<x:Scope/><x:KeepAliveTime>PT30S</x:KeepAliveTime>",
        )  # fmt: skip
        token = (_find(asked, _SEARCH, "SearchToken") or "").strip()
        if not token:
            raise CardError("the camera began no search of its card")
        try:
            return list(self._results(token))
        finally:
            self._end_search(token)

    def replay_url(self, token: str) -> str:
        """Where a recording is replayed, at the camera's own host."""
        answer = self._ask(
            self._replay, _REPLAY, "GetReplayUri",
            f'<x:StreamSetup><t:Stream xmlns:t="{_SCHEMA}">RTP-Unicast</t:Stream>'
            f'<t:Transport xmlns:t="{_SCHEMA}"><t:Protocol>RTSP</t:Protocol></t:Transport>'
            f"</x:StreamSetup><x:RecordingToken>{escape(token)}</x:RecordingToken>",
        )  # fmt: skip
        url = self._soap.own_url(_find(answer, _REPLAY, "Uri") or "")
        if not url.startswith("rtsp://"):
            raise CardError("the camera does not replay its card over RTSP")
        return url

    def _results(self, token: str) -> Iterator[CardRecording]:
        seen = 0
        for _ in range(_MOST_ROUNDS):
            answer = self._ask(
                self._search, _SEARCH, "GetRecordingSearchResults",
                f"<x:SearchToken>{escape(token)}</x:SearchToken><x:MinResults>1</x:MinResults>"
                "<x:MaxResults>100</x:MaxResults><x:WaitTime>PT2S</x:WaitTime>",
            )  # fmt: skip
            for one in answer.iter(f"{{{_SCHEMA}}}RecordingInformation"):
                seen += 1
                found = _recording(one)
                if found is not None:
                    yield found
            if seen >= _MOST_RECORDINGS or _find(answer, _SCHEMA, "SearchState") == "Completed":
                return
        raise CardError("the camera does not come to the end of searching its card")

    def _end_search(self, token: str) -> None:
        with contextlib.suppress(CardError):  # it ends by itself; what was found is what counts
            self._ask(
                self._search, _SEARCH, "EndSearch",
                f"<x:SearchToken>{escape(token)}</x:SearchToken>",
            )  # fmt: skip

    def _services(self) -> dict[str, str]:
        answer = self._ask(
            self._url, _DEVICE, "GetServices", "<x:IncludeCapability>false</x:IncludeCapability>"
        )
        return {
            (_find(one, _DEVICE, "Namespace") or "").strip(): _find(one, _DEVICE, "XAddr") or ""
            for one in answer.iter(f"{{{_DEVICE}}}Service")
        }

    def _measured_offset_us(self) -> int:
        """To the second; what may be rounding counts as none."""
        before_us = self._clock.wall_us()
        answer = self._ask(self._url, _DEVICE, "GetSystemDateAndTime", with_login=False)
        middle_us = (before_us + self._clock.wall_us()) // 2
        moment = next(iter(answer.iter(f"{{{_SCHEMA}}}UTCDateTime")), None)
        if moment is None:
            return 0  # some cameras tell only local time: their login decides
        names = ("Year", "Month", "Day", "Hour", "Minute", "Second")
        parts = [_number(_find(moment, _SCHEMA, name)) for name in names]
        year, month, day, hour, minute, second = parts
        try:
            told = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        except ValueError:
            raise CardError("the camera tells a time that is none") from None
        offset_us = int(told.timestamp() * 1e6) + 500_000 - middle_us
        return offset_us if abs(offset_us) > _ROUNDING_US else 0

    def _ask(
        self, url: str, service: str, name: str, body: str = "", *, with_login: bool = True
    ) -> Element:
        return self._soap.ask(
            url, f"{service}/{name}", f'<x:{name} xmlns:x="{service}">{body}</x:{name}>',
            with_login=with_login,
        )  # fmt: skip


def _recording(one: Element) -> CardRecording | None:
    """None for one without pictures, without token or without times."""
    kinds = [(kind.text or "").strip() for kind in one.iter(f"{{{_SCHEMA}}}TrackType")]
    token = (_find(one, _SCHEMA, "RecordingToken") or "").strip()
    start_us = _time_us(_find(one, _SCHEMA, "EarliestRecording"))
    end_us = _time_us(_find(one, _SCHEMA, "LatestRecording"))
    if not token or not start_us or (kinds and "Video" not in kinds):
        return None
    return CardRecording(token, start_us, end_us)


def _find(element: Element, space: str, name: str) -> str | None:
    found = next(element.iter(f"{{{space}}}{name}"), None)
    return None if found is None else (found.text or "").strip()


def _number(text: str | None) -> int:
    return int(text[:9]) if text and text.isascii() and text[:9].isdigit() else 0


def _time_us(text: str | None) -> int:
    """0 for a time that is missing or cannot be read."""
    try:
        moment = datetime.fromisoformat(text or "")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(int(moment.timestamp() * 1e6), 0)
    except (ValueError, OverflowError):
        return 0


def _span(span_us: int) -> str:
    seconds = (span_us + 500_000) // 1_000_000
    for name, length in (("years", 31_557_600), ("days", 86_400), ("hours", 3_600)):
        if seconds >= 2 * length:
            return f"{round(seconds / length)} {name}"
    return f"{seconds // 60} minutes"
