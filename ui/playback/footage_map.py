"""Which segment covers which moment of one camera, from what the engine listed. Pure."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from nvr_app.contract.api import Recordings, SegmentView

_JOINED_US = 1_500_000
"""A hole that the engine does not count as a gap either."""


@dataclass(frozen=True)
class Hole:
    """No footage from `start_us` to `end_us`; None: not known how far it reaches."""

    start_us: int | None
    end_us: int | None
    reason: str = ""
    """As the engine names it (camera_lost, paused …), or a sentence; empty: not known."""

    def covers(self, wall_us: int) -> bool:
        return (self.start_us is None or self.start_us <= wall_us) and (
            self.end_us is None or wall_us < self.end_us
        )


class FootageMap:
    """A list of segments in order, of a stretch of time; immutable once made."""

    def __init__(self, listed: Recordings, start_us: int, end_us: int) -> None:
        self.start_us, self.end_us = start_us, end_us
        self.segments: tuple[SegmentView, ...] = tuple(
            sorted(
                (one for one in listed.segments if one.state in {"open", "closed"}),
                key=lambda one: one.start_wall_us,
            )
        )
        self._gaps = listed.gaps
        self._starts = [one.start_wall_us for one in self.segments]

    def covers(self, wall_us: int) -> bool:
        return self.start_us <= wall_us < self.end_us

    def at(self, wall_us: int) -> SegmentView | None:
        """The segment that covers a moment; an open one covers all that comes."""
        last = self.before(wall_us + 1)
        if last is None or (last.end_wall_us is not None and last.end_wall_us <= wall_us):
            return None
        return last

    def before(self, wall_us: int) -> SegmentView | None:
        """The last segment that began before a moment."""
        number = bisect_right(self._starts, wall_us - 1)
        return self.segments[number - 1] if number else None

    def after(self, wall_us: int) -> SegmentView | None:
        """The first segment that begins at a moment or later."""
        number = bisect_right(self._starts, wall_us - 1)
        return self.segments[number] if number < len(self.segments) else None

    def hole(self, wall_us: int) -> Hole:
        """What surrounds a moment that no segment covers, as far as this list reaches."""
        before, after = self.before(wall_us), self.after(wall_us)
        start_us = before.end_wall_us if before is not None else None
        end_us = after.start_wall_us if after is not None else None
        for gap in self._gaps:
            if gap.start_wall_us <= wall_us < gap.end_wall_us:
                return Hole(
                    start_us if start_us is not None else gap.start_wall_us, end_us, gap.reason
                )
        return Hole(start_us, end_us)


def is_worth_telling(hole: Hole) -> bool:
    """Whether a hole is more than the seam between two segments."""
    if hole.start_us is None or hole.end_us is None:
        return True
    return hole.end_us - hole.start_us > _JOINED_US
