"""Processor time and memory of whole process trees."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable

import psutil


def tree(pids: Iterable[int]) -> list[psutil.Process]:
    """These processes and all their children, as far as they live."""
    found: dict[int, psutil.Process] = {}
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(pid)
            for one in (root, *root.children(recursive=True)):
                found[one.pid] = one
    return list(found.values())


class CpuMeter:
    """Processor time of trees between two moments; processes must live through it."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids = tuple(pids)
        self._before = self._seconds()
        self._started_s = time.monotonic()

    def percent(self) -> float:
        """Of one core, since the meter was made."""
        used = self._used()
        return 100.0 * sum(used.values()) / (time.monotonic() - self._started_s)

    def by_name(self) -> dict[str, float]:
        """Percent of one core, by process title."""
        elapsed_s = time.monotonic() - self._started_s
        named: dict[str, float] = {}
        for pid, seconds in self._used().items():
            with contextlib.suppress(psutil.Error):
                words = psutil.Process(pid).cmdline()
                name = " ".join(words[:3]).strip()[:40]
                named[name] = round(named.get(name, 0.0) + 100.0 * seconds / elapsed_s, 2)
        return dict(sorted(named.items(), key=lambda pair: -pair[1]))

    def _used(self) -> dict[int, float]:
        after = self._seconds()
        return {pid: seconds - self._before.get(pid, 0.0) for pid, seconds in after.items()}

    def _seconds(self) -> dict[int, float]:
        seconds = {}
        for one in tree(self._pids):
            with contextlib.suppress(psutil.Error):
                times = one.cpu_times()
                seconds[one.pid] = times.user + times.system
        return seconds


def proportional_bytes(pids: Iterable[int]) -> int:
    """PSS of trees: shared pages count once, divided among those who share them."""
    total = 0
    for one in tree(pids):
        with contextlib.suppress(psutil.Error):
            total += one.memory_full_info().pss
    return total


def resident_bytes(pids: Iterable[int]) -> int:
    """RSS, for programs that others publish as such."""
    total = 0
    for one in tree(pids):
        with contextlib.suppress(psutil.Error):
            total += one.memory_info().rss
    return total
