"""A share of a core for work that may take as long as it likes."""

from __future__ import annotations

from collections.abc import Callable

from engine.base.clock import Clock

_LONGEST_REST_S = 0.5
_WINDOW_NS = 10_000_000_000
"""What was not used for so long is not saved up."""


class CpuBudget:
    """`pace` after each piece of work: rests until the share is kept again. One thread."""

    def __init__(
        self,
        share: float,
        clock: Clock,
        cpu_ns: Callable[[], int],
        rest: Callable[[float], None],
    ) -> None:
        self._share = share
        self._clock = clock
        self._cpu_ns = cpu_ns
        self._rest = rest
        self._since_ns = clock.mono_ns()
        self._used_from_ns = cpu_ns()

    def pace(self) -> None:
        """Rest as long as it takes; whatever `rest` raises comes through."""
        while True:
            owed_ns = self._owed_ns()
            self._rest(min(max(owed_ns, 0) / 1e9, _LONGEST_REST_S))
            if owed_ns <= 0:
                return

    def _owed_ns(self) -> int:
        now_ns = self._clock.mono_ns()
        used_ns = self._cpu_ns() - self._used_from_ns
        owed_ns = round(used_ns / self._share) - (now_ns - self._since_ns)
        if owed_ns < -_WINDOW_NS:
            self._since_ns, self._used_from_ns = now_ns, self._used_from_ns + used_ns
        return owed_ns
