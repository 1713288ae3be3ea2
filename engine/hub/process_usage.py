"""CPU of our processes, in % of one core, over the last seconds."""

from __future__ import annotations

from collections.abc import Sequence

import psutil

from engine.base.clock import Clock
from engine.base.registry import MetricsRegistry
from nvr_app.contract.status import ProcessStatus


class ProcessUsage:
    """Call `sample` every few seconds, always from the same thread."""

    def __init__(self, supervisor_pid: int, clock: Clock, registry: MetricsRegistry) -> None:
        self._supervisor_pid = supervisor_pid
        self._clock = clock
        self._registry = registry
        self._before: dict[int, tuple[int, float]] = {}
        self.total_percent = 0.0

    def sample(self, processes: Sequence[ProcessStatus]) -> None:
        """Read the CPU times of the supervisor and its children."""
        now_ns = self._clock.mono_ns()
        pids = {row.pid: row.name for row in processes if row.pid}
        pids[self._supervisor_pid] = "supervisor"
        after: dict[int, tuple[int, float]] = {}
        total = 0.0
        for pid, name in pids.items():
            try:
                times = psutil.Process(pid).cpu_times()
            except psutil.Error:
                continue  # it died this moment; its successor is in the next list
            used_s = times.user + times.system
            after[pid] = (now_ns, used_s)
            before_ns, before_s = self._before.get(pid, (now_ns, used_s))
            if now_ns > before_ns:
                percent = 100.0 * (used_s - before_s) / ((now_ns - before_ns) / 1e9)
                total += percent
                self._registry.level("surveillance_process_cpu_percent", name, value=percent)
        self._before = after
        self.total_percent = round(total, 1)
