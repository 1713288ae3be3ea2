"""Rates from counters, over a sliding window."""

from __future__ import annotations

from collections import deque

from nvr_app.contract.timebase import NS_PER_S

_WINDOW_NS = 2 * NS_PER_S


class Rate:
    """Growth of a counter per second over the last two seconds. One thread."""

    def __init__(self) -> None:
        self._points: deque[tuple[int, float]] = deque()

    def per_second(self, total: float, now_ns: int) -> float:
        """Note the counter's value now and return its growth; 0 at the first call."""
        self._points.append((now_ns, total))
        while len(self._points) > 2 and now_ns - self._points[1][0] >= _WINDOW_NS:
            self._points.popleft()
        first_ns, first = self._points[0]
        if now_ns <= first_ns:
            return 0.0
        return round((total - first) * NS_PER_S / (now_ns - first_ns), 2)
