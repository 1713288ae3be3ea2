"""From the journal into DuckDB, behind everyone's back: a stuck database delays nobody."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from engine.base.clock import Clock
from engine.base.registry import MetricsRegistry
from engine.hub.journal_thread import Noted
from engine.journal.payload import JournalledFact, known_fact
from engine.journal.reader import read_records
from engine.store.checkpoint import checkpoints_folder
from engine.store.restore import open_or_restore
from engine.store.store import Opening, Store, StoreError

logger = logging.getLogger(__name__)

_BATCH = 2_000
# Beyond this the memory is let go: the journal holds them all anyway, and they are read again.
_MOST_WAITING = 20_000
_GATHER_S = 0.5
"""How long records may wait for others: desks have heard of them by then, searches may wait."""
_RETRY_S = 2.0
_REOPEN_AFTER = 3


class IndexThread:
    """The only writer of the database. `offer` and properties: any thread."""

    def __init__(
        self,
        journal_dir: Path,
        database: Path,
        keys_dir: Path,
        clock: Clock,
        registry: MetricsRegistry,
    ) -> None:
        """`keys_dir` holds the public keys whose checkpoints may begin a new database."""
        self._journal_dir = journal_dir
        self._keys_dir = keys_dir
        self._clock = clock
        self._registry = registry
        self.store = Store(database, export_dir=checkpoints_folder(journal_dir))
        self.is_open = False
        self.openings = 0
        """Rises with every opening: older cursors are void."""
        self.fault = "the database is being opened"
        """Why the index is not up to date; empty when it is, or soon will be."""
        self._waiting: deque[tuple[int, JournalledFact]] = deque()
        self._must_replay = True
        self._failures = 0
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="index", daemon=True)

    def open(self) -> tuple[int, dict[str, int]]:
        """Open the database: (applied seq, last number by producer); (0, {}) when it cannot be.

        Slow; call from a thread. Never raises for a broken database: it is set aside, and the
        journal fills a new one.
        """
        try:
            opening = self._open_store()
        except StoreError as error:
            self._note_fault(error)
            return 0, {}
        if opening.quarantined is not None:
            logger.error(
                "The database was damaged and lies now at %s; it is rebuilt from the journal",
                opening.quarantined,
            )
        self.openings += 1
        self.is_open = True
        self.fault = ""
        return opening.applied_seq, self.store.producers()

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Apply what waits, then close."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def offer(self, noted: Noted) -> None:
        """Records that have just been synced, in order."""
        if len(self._waiting) + len(noted) > _MOST_WAITING:
            self._must_replay = True
            self._waiting.clear()
        if not self._must_replay:
            self._waiting.extend(noted)
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._wake.wait(1.0):
                # A transaction costs the same for one record as for a hundred.
                self._clock.wait(self._stopping, _GATHER_S)
            self._wake.clear()
            self._work()
        self._work()
        if self.is_open:
            self.store.close()

    def _work(self) -> None:
        """All that waits, or as much as works."""
        try:
            if not self.is_open:
                self._reopen()
            if self._must_replay:
                self._replay()
            while self._waiting:
                self._apply_some()
        except StoreError as error:
            self._note_fault(error)
            self._registry.count("surveillance_db_errors", "apply")
            self._failures += 1
            # The batch is still in the journal; what was taken from memory is read from there.
            self._must_replay = True
            self._waiting.clear()
            if self._failures >= _REOPEN_AFTER and self.is_open:
                self.store.close()
                self.is_open = False
            self._clock.wait(self._stopping, _RETRY_S)
        else:
            self._failures = 0
            self.fault = ""

    def _open_store(self) -> Opening:
        opening, restored = open_or_restore(self.store, self._journal_dir, self._keys_dir)
        for refusal in restored.refused:
            logger.error("The new database does not begin with a checkpoint: %s", refusal)
        if restored.checkpoint:
            logger.info("The new database begins with checkpoint %s", restored.checkpoint)
        return opening

    def _reopen(self) -> None:
        opening = self._open_store()
        self.openings += 1
        self.is_open = True
        self._must_replay = True
        if opening.quarantined is not None:
            logger.error("The database was set aside as %s", opening.quarantined)

    def _replay(self) -> None:
        """Everything after the applied sequence number, from the files of the journal.

        Records offered meanwhile may come twice; applying is idempotent.
        """
        self._must_replay = False
        count = 0
        for batch in _batches(self._journal_dir, self.store.applied_seq):
            self._apply(batch)
            count += len(batch)
        if count:
            logger.info("Brought %d journal records into the database", count)

    def _apply_some(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
        self._apply(batch)

    def _apply(self, batch: Noted) -> None:
        started_ns = self._clock.mono_ns()
        self.store.apply(batch)
        self._registry.observe(
            "surveillance_db_apply_seconds", value=(self._clock.mono_ns() - started_ns) / 1e9
        )

    def _note_fault(self, error: StoreError) -> None:
        if self.fault != str(error):
            logger.error("The database does not take records: %s", error)
        self.fault = str(error)


def _batches(folder: Path, after_seq: int) -> Iterator[list[tuple[int, JournalledFact]]]:
    batch: list[tuple[int, JournalledFact]] = []
    for record in read_records(folder, after_seq=after_seq):
        fact = known_fact(record.payload)
        if fact is None:
            continue
        batch.append((record.seq, fact))
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
