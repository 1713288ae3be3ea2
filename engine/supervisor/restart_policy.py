"""When a dead child is started again. Pure.

First restart at once, then exponential back-off with jitter from 5 s to 5 min; it never gives
up. A child that lived long enough starts the count anew. More than five restarts in ten minutes
is an incident (operations plan, section 4.3).
"""

from __future__ import annotations

import random
from dataclasses import dataclass

_BASE_S, _CEILING_S, _JITTER = 5.0, 300.0, 0.1
_GOOD_AFTER_S = 60.0
_WINDOW_S = 600.0
INCIDENT_RESTARTS = 5


@dataclass(frozen=True)
class RestartHistory:
    """A child's past; `next` returns the history after one more death and the delay."""

    failures: int = 0
    restarts: tuple[float, ...] = ()
    """Monotonic seconds of the restarts within the last ten minutes."""

    def next(self, lived_s: float, now_s: float) -> tuple[RestartHistory, float]:
        """After a death at `now_s`: the new history and how long to wait."""
        failures = 1 if lived_s >= _GOOD_AFTER_S else self.failures + 1
        recent = (*(t for t in self.restarts if now_s - t < _WINDOW_S), now_s)
        return RestartHistory(failures, recent), delay_s(failures)

    @property
    def is_incident(self) -> bool:
        return len(self.restarts) > INCIDENT_RESTARTS


def delay_s(failures: int) -> float:
    """Seconds before the restart after this many failures in a row."""
    if failures <= 1:
        return 0.0
    plain = min(_BASE_S * 2.0 ** min(failures - 2, 20), _CEILING_S)
    return plain + random.uniform(0, plain * _JITTER)
