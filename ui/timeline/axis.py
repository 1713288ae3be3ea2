"""The axis of time: which moment lies at which pixel. Pure arithmetic, no Qt."""

from __future__ import annotations

from dataclasses import dataclass

from nvr_app.contract.timebase import US_PER_S

SHORTEST_US = 10 * US_PER_S
LONGEST_US = 25 * 3600 * US_PER_S
"""A day on which clocks are put back has 25 hours, and is seen as a whole."""
ZOOM_STEP = 1.25
"""Factor of one notch of the wheel."""


@dataclass(frozen=True)
class Axis:
    """`width` pixels show the time from `start_us` to `end_us`."""

    start_us: int
    end_us: int
    width: int

    @property
    def span_us(self) -> int:
        return self.end_us - self.start_us

    @property
    def us_per_pixel(self) -> float:
        return self.span_us / max(1, self.width)

    def x_of(self, wall_us: int) -> float:
        """Pixels from the left edge; outside of 0..width where it is not shown."""
        return (wall_us - self.start_us) * self.width / self.span_us

    def time_at(self, x: float) -> int:
        return self.start_us + round(x * self.span_us / max(1, self.width))

    def shows(self, wall_us: int) -> bool:
        return self.start_us <= wall_us <= self.end_us

    def with_width(self, width: int) -> Axis:
        """The same time on more or fewer pixels."""
        return Axis(self.start_us, self.end_us, max(1, width))

    def zoomed(self, notches: float, x: float) -> Axis:
        """Nearer (positive) or farther; the moment at `x` stays there."""
        return self.spanning(round(self.span_us / ZOOM_STEP**notches), x)

    def spanning(self, span_us: int, x: float) -> Axis:
        """As much time as asked for, within the limits, with the moment at `x` in its place."""
        span = min(max(span_us, SHORTEST_US), LONGEST_US)
        held_us = self.time_at(x)
        start = held_us - round(x * span / max(1, self.width))
        return Axis(start, start + span, self.width)

    def moved(self, by_us: int) -> Axis:
        return Axis(self.start_us + by_us, self.end_us + by_us, self.width)

    def centred(self, wall_us: int) -> Axis:
        return self.moved(wall_us - (self.start_us + self.span_us // 2))

    def following(self, wall_us: int, *, share: float) -> Axis:
        """Moved so far that a moment which left the view lies at that share of the width."""
        if self.shows(wall_us):
            return self
        return self.moved(wall_us - (self.start_us + round(self.span_us * share)))
