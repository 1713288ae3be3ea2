"""A lane to the disk: one thread that writes, one that makes durable.

A root that hangs blocks its lane for as long as it likes. The lane is then given up: its next
jobs go to a new one, and what belongs to the file that hangs waits for the disk to come back.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from engine.base.clock import Clock
from engine.recording.segment_file import SegmentFile


@dataclass(frozen=True)
class Job:
    """Work for the disk; `segment` is the one whose file it touches."""

    run: Callable[[], None]
    segment: SegmentFile | None = None


class DiskLane:
    """`put` from any thread; `give_up` and `stop` once."""

    def __init__(self, clock: Clock, sync_s: float, sync: Callable[[SegmentFile], None]) -> None:
        self._clock = clock
        self._sync_s = sync_s
        self._sync = sync
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._running: Job | None = None
        self._since_ns = 0
        self._is_ending = False
        self._ended = threading.Event()
        self._writer = threading.Thread(target=self._write_loop, name="disk", daemon=True)
        self._syncer = threading.Thread(target=self._sync_loop, name="sync", daemon=True)
        self.current: SegmentFile | None = None
        """The segment that is open on this lane: synced every `sync_s`."""

    def start(self) -> None:
        self._writer.start()
        self._syncer.start()

    def put(self, job: Job) -> None:
        with self._changed:
            self._jobs.append(job)
            self._changed.notify()

    def hanging(self, limit_ns: int) -> SegmentFile | None:
        """The segment whose job has been running for longer than this; None while all flows."""
        with self._changed:
            job = self._running
            if job is None or self._clock.mono_ns() - self._since_ns < limit_ns:
                return None
            return job.segment

    def give_up(self) -> list[Job]:
        """End once the jobs of files that are open here are done; the others are handed back."""
        with self._changed:
            kept = [job for job in self._jobs if job.segment and job.segment.root is not None]
            others = [job for job in self._jobs if job not in kept]
            self._jobs = deque(kept)
            self._is_ending = True
            self._changed.notify()
            return others

    def stop(self) -> None:
        """End once what is queued is done; idempotent."""
        with self._changed:
            self._is_ending = True
            self._changed.notify()

    def join(self, timeout_s: float) -> bool:
        """Wait for the last job; whether it was done in time."""
        self._writer.join(timeout_s)
        return not self._writer.is_alive()

    def _write_loop(self) -> None:
        while True:
            with self._changed:
                self._running = None
                while not self._jobs and not self._is_ending:
                    self._changed.wait()
                if not self._jobs:
                    break
                job = self._running = self._jobs.popleft()
                self._since_ns = self._clock.mono_ns()
            job.run()
        self._ended.set()

    def _sync_loop(self) -> None:
        while not self._clock.wait(self._ended, self._sync_s):
            segment = self.current
            if segment is not None:
                self._sync(segment)
