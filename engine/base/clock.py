"""The only place that reads a clock or sleeps: wall time, monotonic time, waiting."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Time as a collaborator, so that tests can drive it."""

    def wall_us(self) -> int:
        """UTC in µs since the epoch; may jump."""
        ...

    def mono_ns(self) -> int:
        """Never runs backwards; shared by all processes of a machine, meaningless across boots."""
        ...

    def wait(self, signal: threading.Event, timeout_s: float) -> bool:
        """Wait for the signal at most so long; whether it is set."""
        ...


class SystemClock:
    """The machine's clocks."""

    def wall_us(self) -> int:
        return time.time_ns() // 1_000

    def mono_ns(self) -> int:
        return time.monotonic_ns()

    def wait(self, signal: threading.Event, timeout_s: float) -> bool:
        return signal.wait(timeout_s)


def process_cpu_ns() -> int:
    """CPU time of all threads of this process."""
    return time.process_time_ns()
