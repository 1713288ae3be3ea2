"""Local time as people read it from a clock, from and to wall time in µs. Pure but for the zone.

Days have 23, 24 or 25 hours; an hour of a clock may come twice or not at all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from nvr_app.contract.timebase import US_PER_S

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  the zero of local clocks, which bear no zone
_HOUR_S, _DAY_S = 3600, 86_400
_FARTHEST_S = 2**33


class Section(NamedTuple):
    """A stretch of wall time in which clocks ran evenly; `offset_us` is local minus UTC."""

    start_us: int
    end_us: int
    offset_us: int


class Zone:
    """A time zone; without a `tzinfo` the system's own, with its rules for every year."""

    def __init__(self, rules: tzinfo | None = None) -> None:
        self._rules = rules

    def offset_us(self, wall_us: int) -> int:
        """Local clock minus UTC at that moment."""
        return self._offset_s(wall_us // US_PER_S) * US_PER_S

    def abbreviation(self, wall_us: int) -> str:
        """CET, CEST, +0545 …"""
        wall_s = _bounded(wall_us // US_PER_S)
        if self._rules is None:
            return time.localtime(wall_s).tm_zone
        return datetime.fromtimestamp(wall_s, self._rules).tzname() or ""

    def local(self, wall_us: int) -> datetime:
        """What a clock on the wall shows then; naive."""
        return _EPOCH + timedelta(microseconds=wall_us + self.offset_us(wall_us))

    def moments(self, local: datetime) -> tuple[int, ...]:
        """When a clock shows that: once, twice (clocks went back) or never (they went forward)."""
        shown_us = (local.replace(tzinfo=UTC) - _EPOCH.replace(tzinfo=UTC)) // timedelta(
            microseconds=1
        )
        near_us = _DAY_S * US_PER_S
        offsets = {self.offset_us(shown_us + near_us), self.offset_us(shown_us - near_us)}
        found = {shown_us - offset for offset in offsets}
        return tuple(sorted(t for t in found if t + self.offset_us(t) == shown_us))

    def day(self, wall_us: int) -> tuple[int, int]:
        """First moment of that local day and of the next: 23, 24 or 25 hours apart."""
        today = self.local(wall_us).date()
        return self.start_of(today), self.start_of(today + timedelta(days=1))

    def start_of(self, day: date) -> int:
        """The first moment of a day. Where clocks skip midnight, the moment of the skip."""
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  a local clock's
        for minutes in range(0, 181, 15):
            moments = self.moments(midnight + timedelta(minutes=minutes))
            if moments:
                return moments[0]
        raise ValueError(f"no clock of this zone shows {day}")

    def is_ambiguous(self, wall_us: int) -> bool:
        """Whether clocks show this hour twice that day."""
        return len(self.moments(self.local(wall_us))) > 1

    def sections(self, start_us: int, end_us: int) -> Iterator[Section]:
        """The interval, cut where clocks are put forward or back."""
        begin = start_us
        while begin < end_us:
            offset = self.offset_us(begin)
            end = self._end_of(begin, end_us, offset)
            yield Section(begin, end, offset)
            begin = end

    def _end_of(self, begin_us: int, limit_us: int, offset_us: int) -> int:
        """The first second after `begin_us` with another offset, at most the limit."""
        low = begin_us // US_PER_S
        last = -(-limit_us // US_PER_S)
        offset_s = offset_us // US_PER_S
        while low < last:
            high = min(low + _HOUR_S, last)
            if self._offset_s(high) != offset_s:
                return min(self._change(low, high, offset_s) * US_PER_S, limit_us)
            low = high
        return limit_us

    def _change(self, low_s: int, high_s: int, offset_s: int) -> int:
        while high_s - low_s > 1:
            middle = (low_s + high_s) // 2
            if self._offset_s(middle) == offset_s:
                low_s = middle
            else:
                high_s = middle
        return high_s

    def _offset_s(self, wall_s: int) -> int:
        wall_s = _bounded(wall_s)
        if self._rules is None:
            return time.localtime(wall_s).tm_gmtoff
        offset = datetime.fromtimestamp(wall_s, self._rules).utcoffset()
        return int(offset.total_seconds()) if offset is not None else 0


def _bounded(wall_s: int) -> int:
    """Within what every platform's calendar knows."""
    return min(max(wall_s, _DAY_S), _FARTHEST_S)
