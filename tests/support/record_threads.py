"""The hub's threads for records over one folder: journal, index, keeper."""

from __future__ import annotations

import threading
import time

import duckdb

from engine.base.clock import SystemClock
from engine.base.registry import MetricsRegistry
from engine.hub.index_thread import IndexThread
from engine.hub.journal_thread import JournalThread, Origin, Submission
from engine.hub.record_keeper import RecordKeeper
from nvr_app.contract.events import NumberedFact

SEED = bytes(range(32))


def table_rows(database):
    """Every row of every table; those are what any question is answered from."""
    with duckdb.connect(str(database), read_only=True) as connection:
        names = connection.execute("SELECT table_name FROM information_schema.tables").fetchall()
        return {
            name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}").fetchall()))
            for (name,) in names
        }


class RecordThreads:
    """The hub's three threads over one folder."""

    def __init__(self, folder, database=None, seed=lambda: SEED, keep_us=None):
        clock, registry = SystemClock(), MetricsRegistry()
        self.database = database or folder / "events.duckdb"
        self.folder, self.journal_dir = folder, folder / "journal"
        self.index = IndexThread(
            self.journal_dir, self.database, folder / "config" / "signing-keys",
            clock, registry,
        )  # fmt: skip
        self.journal = JournalThread(
            self.journal_dir, Origin("s", "n"), clock, registry, self.index.offer
        )
        self.keeper = RecordKeeper(
            folder, self.journal, self.index, clock, registry, seed, keep_us or {}
        )
        self.journal.open(*self.index.open())
        self.journal.start()
        self.index.start()
        self.number = self.journal.last_number("p")

    def submit(self, facts):
        """Hand facts over as a worker does; the event is set once they are on disk."""
        numbered = []
        for fact in facts:
            self.number += 1
            numbered.append(NumberedFact(number=self.number, fact=fact))
        synced = threading.Event()
        self.journal.submit(Submission("p", tuple(numbered), lambda _: synced.set()))
        return synced

    def take(self, facts):
        assert self.submit(facts).wait(60)
        self.settle()

    def settle(self):
        deadline = time.monotonic() + 60
        while self.journal.waiting or self.index.store.applied_seq < self.journal.last_seq:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def work(self):
        assert self.keeper.work(), self.keeper.fault
        self.settle()

    def stop(self):
        self.keeper.stop()
        self.journal.stop(30)
        self.index.stop(30)
