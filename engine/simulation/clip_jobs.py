"""Preparing clips side by side: one process per core, below normal priority.

A worker has one line to its parent and ends when that line closes, so none outlives its parent.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Protocol

import cv2
import psutil

from engine.base.errors import EngineError

_NICENESS = 10
_PATIENCE_S = 15.0


class SimulationError(EngineError):
    """A clip for a simulated camera could not be prepared."""


class ClipJob(Protocol):
    """Something to prepare; travels to a worker, so it is plain data."""

    @property
    def title(self) -> str:
        """What people are told is being prepared."""

    def run(self) -> None:
        """Prepare it in this process; EngineError or OSError."""


def run_jobs(jobs: Sequence[ClipJob], progress: Callable[[int, int, str], None]) -> None:
    """Run all jobs and block until they are done; SimulationError for the first that fails.

    `progress(done, total, title)` is called in this thread after each.
    """
    waiting = deque(jobs)
    workers = [_Worker() for _ in range(min(len(jobs), os.cpu_count() or 1))]
    busy = {worker.line: worker for worker in workers}
    try:
        for worker in workers:
            worker.take(waiting.popleft())
        done = 0
        while busy:
            for line in wait(list(busy)):
                # wait() returns what it was given, but its signature says less.
                worker = busy[line]  # type: ignore[index]
                done += 1
                progress(done, len(jobs), worker.finished_title())
                if waiting:
                    worker.take(waiting.popleft())
                else:
                    del busy[worker.line]
    finally:
        for worker in workers:
            worker.close()


class _Worker:
    """One process, seen from the parent."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.line, theirs = context.Pipe()
        self._process = context.Process(
            target=_work, args=(theirs,), name="nvr: clips", daemon=True
        )
        self._process.start()
        # Only the child may hold its end, else its death could not be seen.
        theirs.close()
        self._title = ""

    def take(self, job: ClipJob) -> None:
        self._title = job.title
        self.line.send(job)

    def finished_title(self) -> str:
        try:
            fault = self.line.recv()
        except EOFError:
            raise SimulationError(
                f"preparing {self._title} ended unexpectedly; check memory and start again"
            ) from None
        if fault:
            raise SimulationError(f"could not prepare {self._title}: {fault}")
        return self._title

    def close(self) -> None:
        self.line.close()
        # Idle workers end at once; one in the middle of a clip may finish it and its files.
        self._process.join(_PATIENCE_S)
        if self._process.is_alive():
            self._process.terminate()
        self._process.join()


def _work(line: Connection) -> None:
    """What a worker does until its parent closes the line or dies."""
    # A worker a core: threads of its own would only get in the others' way.
    cv2.setNumThreads(1)
    is_windows = os.name == "nt"
    psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if is_windows else _NICENESS)
    while True:
        try:
            job: ClipJob = line.recv()
        except (EOFError, OSError):
            return
        try:
            job.run()
        except (EngineError, OSError) as error:
            line.send(str(error))
        else:
            line.send("")
