"""Reads from storage in threads, a few for each root: a hung network folder stalls only its own.

Daemon threads rather than an executor's: one that hangs in the kernel must not keep the hub from
ending.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from engine.base.errors import EngineError

_T = TypeVar("_T")
_THREADS_PER_ROOT = 4
_TIMEOUT_S = 10.0


class RootNotAnsweringError(EngineError):
    """A storage root did not answer in time; the work goes on in its thread and is forgotten."""


class DiskThreads:
    """`run` from the loop's thread."""

    def __init__(self, timeout_s: float = _TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._lanes: dict[str, _Lane] = {}

    async def run(self, root: str, work: Callable[[], _T]) -> _T:
        """Do the work in a thread of that root. RootNotAnsweringError, and what `work` raises."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_T] = loop.create_future()
        self._lane(root).put(work, loop, future)
        try:
            return await asyncio.wait_for(future, self._timeout_s)
        except TimeoutError:
            raise RootNotAnsweringError(
                f"storage root {root} did not answer within {self._timeout_s:g} s; "
                "recording goes on, try again when it is back"
            ) from None

    def forget(self, root: str, work: Callable[[], object]) -> None:
        """Do the work at some time; nobody waits for it."""
        loop = asyncio.get_running_loop()
        self._lane(root).put(work, loop, loop.create_future())

    def _lane(self, root: str) -> _Lane:
        return self._lanes.setdefault(root, _Lane(root))


class _Lane:
    """One root's threads, started as they are needed."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._jobs: queue.SimpleQueue[tuple[Any, Any, Any]] = queue.SimpleQueue()
        self._threads = 0
        self._busy = 0  # written in the loop's thread alone

    def put(
        self,
        work: Callable[[], object],
        loop: asyncio.AbstractEventLoop,
        future: asyncio.Future[Any],
    ) -> None:
        self._busy += 1
        if self._busy > self._threads and self._threads < _THREADS_PER_ROOT:
            self._threads += 1
            threading.Thread(
                target=self._run, name=f"disk {self._root} {self._threads}", daemon=True
            ).start()
        self._jobs.put((work, loop, future))

    def _run(self) -> None:
        while True:
            work, loop, future = self._jobs.get()
            result: object = None
            failure: BaseException | None = None
            if not future.cancelled():  # whoever asked has given up meanwhile
                try:
                    result = work()
                except Exception as error:  # noqa: BLE001  it is the asker's, who gets it
                    failure = error
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._answer, future, result, failure)

    def _answer(
        self, future: asyncio.Future[Any], result: object, failure: BaseException | None
    ) -> None:
        self._busy -= 1
        if future.done():
            return
        if failure is not None:
            future.set_exception(failure)
            future.exception()  # `forget` has nobody who would look at it
        else:
            future.set_result(result)
