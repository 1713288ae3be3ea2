"""Pictures that never reached us, from the holes in media time.

It sees what RTP sequence numbers would show, over any transport: a step of nearly a whole number
of frame intervals is that many pictures. The interval is learnt as the median of recent steps,
since announced rates are often wrong.
"""

from __future__ import annotations

import statistics
from collections import deque

_LEARN = 31
# Cameras with a variable rate make every estimate wrong: steps must agree this well to count.
_STEADY = 0.2
_MOST_MISSING = 300


class LossCounter:
    """One stream. One thread takes, another may report."""

    def __init__(self) -> None:
        self._steps: deque[int] = deque(maxlen=_LEARN)
        self._interval_us = 0
        self._until_learning = _LEARN
        self._last_us: int | None = None
        self._seen = 0
        self._lost = 0
        self._reported = (0, 0)

    def begin(self, nominal_fps: float) -> None:
        """A new connection: no step is measured across it."""
        del nominal_fps
        self._last_us = None
        self._steps.clear()
        self._until_learning = _LEARN
        self._interval_us = 0

    def take(self, pts_us: int) -> None:
        """Note a picture."""
        last, self._last_us = self._last_us, pts_us
        self._seen += 1
        if last is None:
            return
        step = pts_us - last
        if self._interval_us and step > 1.5 * self._interval_us:
            self._lost += min(round(step / self._interval_us) - 1, _MOST_MISSING)
            return
        self._steps.append(step)
        self._until_learning -= 1
        if self._until_learning <= 0 and len(self._steps) == _LEARN:
            self._until_learning = _LEARN
            self._learn()

    def _learn(self) -> None:
        median = statistics.median(self._steps)
        spread = max(self._steps) - min(self._steps)
        self._interval_us = int(median) if spread < _STEADY * median else 0

    def report(self) -> tuple[int, float]:
        """Pictures lost since the last report, and their share in percent of what was sent."""
        seen, lost = self._seen, self._lost
        new_seen, new_lost = seen - self._reported[0], lost - self._reported[1]
        self._reported = (seen, lost)
        total = new_seen + new_lost
        return new_lost, round(100.0 * new_lost / total, 3) if total else 0.0
