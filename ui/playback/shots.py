"""From decoded frames to pictures worth showing: which to convert, at which size."""

from __future__ import annotations

import time

from ui.live.footage_media import Unit
from ui.live.media import Converter, Frame
from ui.playback.goal import Goal, Picture

_USUAL_US = 40_000
_MOST_SHOWN_FPS = 33
"""Faster than once, more pictures than this a second are not worth their conversion."""
_ANYWAY_NS = 250_000_000
"""A lane that is always late still shows so often where it is."""


class Shots:
    """Converts the frames of one goal. One thread."""

    def __init__(self, goal: Goal, converter: Converter) -> None:
        self._goal = goal
        self._converter = converter
        self._lengths: dict[int, int] = {}
        self._last_us: int | None = None
        self._last_ns = 0

    def expect(self, units: list[Unit]) -> None:
        """How long each of the coming pictures is shown."""
        self._lengths = {unit.pts_us: unit.duration_us for unit in units}

    def until_us(self, frame: Frame, begin_us: int) -> int:
        """End of the interval that a frame shows."""
        pts_us = frame.pts or 0
        return begin_us + pts_us + (self._lengths.get(pts_us) or _USUAL_US)

    def is_worth(self, wall_us: int, until_us: int, position_us: int) -> bool:
        """Whether somebody could see it: not so late, not one of too many a second."""
        is_silent = time.monotonic_ns() - self._last_ns > _ANYWAY_NS
        if until_us <= position_us and not is_silent:
            return False
        rate = abs(self._goal.rate)
        if rate <= 1 or self._last_us is None:
            return True
        return abs(wall_us - self._last_us) >= rate * 1_000_000 / _MOST_SHOWN_FPS

    def picture(self, frame: Frame, wall_us: int, until_us: int) -> Picture:
        """Converted to the size of the goal, never larger than it was recorded."""
        width, height = fitted(frame.width, frame.height, self._goal.width, self._goal.height)
        bitmap = self._converter.convert(frame, width, height)
        self._last_us, self._last_ns = wall_us, time.monotonic_ns()
        return Picture(bitmap, wall_us, until_us, frame.width, frame.height)


def fitted(width: int, height: int, most_width: int, most_height: int) -> tuple[int, int]:
    """The size that fits into another, in its own proportions and in even numbers."""
    if most_width <= 0 or most_height <= 0:
        return width, height
    scale = min(1.0, most_width / width, most_height / height)
    if scale == 1.0:
        return width, height
    # Odd widths take the scaler nine times as long.
    return max(2, round(width * scale) // 2 * 2), max(2, round(height * scale) // 2 * 2)
