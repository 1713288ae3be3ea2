"""A chore's bench in this process: real roots, real spool, a journal that answers at once."""

from __future__ import annotations

import threading

from engine.base.clock import SystemClock
from engine.base.measures import Measures
from engine.base.spool import Spool
from engine.chores.bench import Bench, Workshop
from engine.recording.root_start import RootStart
from engine.recording.storage_root import prepare_roots, root_of
from engine.storage_access.buckets import Buckets


class ChoreBench:
    """`bench` for one chore; `facts` is what a journal would hold, in order."""

    def __init__(self, data_dir, *, roots=("main",), buckets=()):
        self.data_dir = data_dir
        starts = [RootStart(name=name, path=str(data_dir / name), identity="") for name in roots]
        (data_dir / "config").mkdir(parents=True)
        self._spool = Spool(data_dir / "spool" / "chores.spool")
        self._spool.start()
        self.measures = Measures()
        self.shop = Workshop(
            data_dir=data_dir,
            roots={
                r.name: root_of(r)
                for r in prepare_roots(starts, data_dir / "config" / "roots.json")
            },
            spool=self._spool,
            measures=self.measures,
            clock=SystemClock(),
            buckets=Buckets(buckets),
        )
        self.facts = []
        self.on_fact = lambda fact: None
        """Called for each fact before it is acknowledged: what a test looks at in between."""
        self.is_acknowledging = True
        self.bench = Bench(self.shop, "c1", lambda moved: None)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._journal, daemon=True)
        self._thread.start()

    def again(self):
        """A new bench, as for a chore that is given once more."""
        self.bench = Bench(self.shop, "c2", lambda moved: None)
        return self.bench

    def folder(self, root):
        return self.shop.roots[root].path

    def settle(self):
        """Wait until every fact is in `facts`."""
        while self.is_acknowledging and self._spool.backlog:
            self._stopping.wait(0.005)
        return self.facts

    def kinds(self):
        return [type(fact).__name__ for fact in self.settle()]

    def close(self):
        self._stopping.set()
        self._thread.join(5)
        self._spool.close()

    def _journal(self):
        last = 0
        while not self._stopping.wait(0.005):
            for numbered in self._spool.pending(last):
                last = numbered.number
                self.facts.append(numbered.fact)
                self.on_fact(numbered.fact)
            if last and self.is_acknowledging:
                self._spool.acknowledge(last)
