"""Lanes: in each, one chore after the other, in a thread of its own."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.base.errors import EngineError
from engine.chores.bench import Bench, Workshop
from engine.chores.errors import ChoreCancelledError
from nvr_app.contract import wire
from nvr_app.contract.chores import FINAL_STATES, AnyChore, Chore, Lane

logger = logging.getLogger(__name__)

_MOST_REMEMBERED = 200
"""Ended chores whose state can still be told to a hub that asks again."""

Work = Callable[[AnyChore, Bench], None]
"""Does a chore, blocking. EngineError or OSError: it failed, for this reason."""


@dataclass(frozen=True)
class Job:
    """How a kind of chore is done and where."""

    lane: Lane
    work: Work


class Lanes:
    """`take`, `cancel`, `stop` from any thread; a chore is done at most once in a lifetime."""

    def __init__(
        self,
        shop: Workshop,
        jobs: Mapping[type[Chore], Job],
        tell: Callable[[wire.ChoreMoved], None],
    ) -> None:
        self._shop = shop
        self._jobs = jobs
        self._tell = tell
        self._lock = threading.Lock()
        self._benches: dict[str, Bench] = {}
        self._stopping = False
        names = sorted({job.lane for job in jobs.values()})
        self._queues: dict[Lane, queue.SimpleQueue[tuple[AnyChore, Bench] | None]] = {
            name: queue.SimpleQueue() for name in names
        }
        self._threads = [
            threading.Thread(target=self._run, args=(name,), name=f"lane-{name}", daemon=True)
            for name in names
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def take(self, chore: AnyChore) -> None:
        """Queue a chore, or tell the state of one that is known. EngineError: no such job."""
        job = self._jobs.get(type(chore))
        if job is None:
            raise EngineError(f"the chores worker cannot do {type(chore).__name__}")
        with self._lock:
            known = self._benches.get(chore.chore_id)
            if known is None:
                bench = Bench(self._shop, chore.chore_id, self._tell)
                self._forget_old()
                self._benches[chore.chore_id] = bench
        if known is not None:
            known.progress()
            return
        bench.progress()
        self._queues[job.lane].put((chore, bench))

    def cancel(self, chore_id: str) -> None:
        """Make a chore leave off; unknown and ended ones are left as they are."""
        with self._lock:
            bench = self._benches.get(chore_id)
        if bench is not None:
            bench.cancel()

    def stop(self) -> None:
        """Every chore leaves off at its next look; idempotent."""
        with self._lock:
            self._stopping = True
            benches = list(self._benches.values())
        for bench in benches:
            bench.is_stopping = True
            bench.cancel()
        for lane in self._queues.values():
            lane.put(None)

    def join(self, timeout_s: float) -> None:
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout_s)

    def _run(self, lane: Lane) -> None:
        while (taken := self._queues[lane].get()) is not None:
            self._do(*taken)

    def _do(self, chore: AnyChore, bench: Bench) -> None:
        kind = type(chore).__name__
        try:
            bench.look_up()
            bench.progress(state="running")
            self._jobs[type(chore)].work(chore, bench)
        except ChoreCancelledError as error:
            # A stop is no end: whoever wanted the chore will ask the next worker for it.
            if not self._stopping:
                bench.progress(state="cancelled", detail=str(error))
        except (EngineError, OSError) as error:
            logger.error("%s %s failed: %s", kind, chore.chore_id, error)
            bench.progress(state="failed", detail=str(error))
        except Exception as error:
            # The outermost loop of a lane: one chore's fault must not end the others.
            logger.exception("%s %s failed", kind, chore.chore_id)
            bench.progress(state="failed", detail=f"a fault of the program: {error!r}")
        else:
            bench.progress(state="done")

    def _forget_old(self) -> None:
        ended = [key for key, b in self._benches.items() if b.moved.state in FINAL_STATES]
        for chore_id in ended[: max(len(ended) - _MOST_REMEMBERED, 0)]:
            del self._benches[chore_id]
