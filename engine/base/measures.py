"""A worker's measurements between two samples."""

from __future__ import annotations

import threading
from collections import defaultdict

from nvr_app.contract.metrics import Increment, Level, Measurement, Observations

# A hub that is away for long must not grow its workers: later values of a series are dropped.
_MOST_OBSERVATIONS = 2_000


class Measures:
    """Collects counters, gauges and observations; any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, tuple[str, ...]], float] = defaultdict(float)
        self._levels: dict[tuple[str, tuple[str, ...]], float] = {}
        self._observed: dict[tuple[str, tuple[str, ...]], list[float]] = defaultdict(list)

    def count(self, name: str, *labels: str, amount: float = 1.0) -> None:
        """Add to a counter."""
        with self._lock:
            self._counts[name, labels] += amount

    def level(self, name: str, *labels: str, value: float) -> None:
        """Set a gauge."""
        with self._lock:
            self._levels[name, labels] = value

    def observe(self, name: str, *labels: str, value: float) -> None:
        """Feed a histogram."""
        with self._lock:
            values = self._observed[name, labels]
            if len(values) < _MOST_OBSERVATIONS:
                values.append(value)

    def take(self) -> tuple[Measurement, ...]:
        """All that came since the last call, and start anew."""
        with self._lock:
            counts, self._counts = self._counts, defaultdict(float)
            levels, self._levels = self._levels, {}
            observed, self._observed = self._observed, defaultdict(list)
        taken: list[Measurement] = [
            Increment(name, labels, amount) for (name, labels), amount in counts.items()
        ]
        taken += [Level(name, labels, value) for (name, labels), value in levels.items()]
        taken += [
            Observations(name, labels, tuple(values)) for (name, labels), values in observed.items()
        ]
        return tuple(taken)
