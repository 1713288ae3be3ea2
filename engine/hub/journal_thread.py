"""Facts on their way into the journal: doubles dropped, group commit, then told to everyone."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.base.clock import Clock
from engine.base.registry import MetricsRegistry
from engine.journal.journal import Journal, JournalError
from engine.journal.payload import JournalledFact, entry_for, numbered
from engine.journal.reader import read_records
from nvr_app.contract.events import AnyFact, NumberedFact

logger = logging.getLogger(__name__)

_RETRY_S = 1.0
_MOST_IN_A_COMMIT = 2_000

Noted = Sequence[tuple[int, JournalledFact]]


@dataclass(frozen=True)
class Submission:
    """A batch of one producer; `on_synced` is called in the journal's thread."""

    producer: str
    facts: tuple[NumberedFact, ...]
    on_synced: Callable[[int], None]


@dataclass(frozen=True)
class Origin:
    """Who writes: every record bears it."""

    site: str
    node: str


class JournalThread:
    """The only writer of the journal. `submit` and properties: any thread."""

    def __init__(
        self,
        folder: Path,
        origin: Origin,
        clock: Clock,
        registry: MetricsRegistry,
        on_noted: Callable[[Noted], None],
    ) -> None:
        self._folder = folder
        self._origin = origin
        self._clock = clock
        self._registry = registry
        self._on_noted = on_noted
        self._journal = Journal(folder, clock)
        self._queue: queue.SimpleQueue[Submission | None] = queue.SimpleQueue()
        self._numbers: dict[str, int] = {}
        self._own_number = 0
        self._waiting = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self.fault = ""
        """Why facts cannot be journalled at present; empty when they can."""
        self.last_seq = 0
        self.mark = (0, "")
        """Number and hash of the last record, of one moment."""

    def open(self, applied_seq: int, numbers: dict[str, int]) -> tuple[str, ...]:
        """Recover the journal and learn the producers' last numbers; slow, call from a thread.

        `numbers` are what the index knew at `applied_seq`. Returns what recovery had to report.
        """
        recovery = self._journal.open()
        self.last_seq = recovery.last_seq
        self.mark = recovery.last_seq, self._journal.head
        self._numbers = dict(numbers)
        for record in read_records(self._folder, after_seq=applied_seq):
            said = numbered(record.payload)
            if said is not None:
                known = self._numbers.get(said.producer, 0)
                self._numbers[said.producer] = max(known, said.number)
        self._own_number = self._numbers.get("hub", 0)
        problems = list(recovery.problems)
        if recovery.torn_bytes:
            problems.append(f"{recovery.torn_bytes} bytes of an unfinished record were cut off")
        return tuple(problems)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Journal what waits, then close; facts that cannot be written stay in their spools."""
        self._stopping.set()
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    @property
    def waiting(self) -> int:
        """Facts handed over and not yet synced."""
        return self._waiting

    def last_number(self, producer: str) -> int:
        with self._lock:
            return self._numbers.get(producer, 0)

    def submit(self, submission: Submission) -> None:
        """Hand over a batch."""
        with self._lock:
            self._waiting += len(submission.facts)
        self._queue.put(submission)

    def note_and_wait(self, fact: AnyFact, timeout_s: float) -> None:
        """A fact of the hub's own that must be on disk before anything else is done.

        Blocks. JournalError: it is not, at least not in that time.
        """
        synced = threading.Event()
        self._submit_own(fact, lambda _: synced.set())
        if not self._clock.wait(synced, timeout_s):
            raise JournalError(f"the journal did not take a record within {timeout_s:g} s")

    def note(self, fact: AnyFact, on_synced: Callable[[int], None] = lambda _: None) -> None:
        """A fact of the hub's own; `on_synced` is called in the journal's thread."""
        self._submit_own(fact, on_synced)

    def _submit_own(self, fact: AnyFact, on_synced: Callable[[int], None]) -> None:
        # Queued under the lock: a lower number behind a higher one would pass for a double.
        with self._lock:
            self._own_number += 1
            own = NumberedFact(number=self._own_number, fact=fact)
            self._waiting += 1
            self._queue.put(Submission("hub", (own,), on_synced))

    def _run(self) -> None:
        while True:
            first = self._queue.get()
            batch = self._drain(first)
            if batch and not self._commit(batch):
                break
            if self._stopping.is_set() and self._queue.empty():
                break
        self._journal.close()

    def _drain(self, first: Submission | None) -> list[Submission]:
        batch = [first] if first is not None else []
        size = len(first.facts) if first is not None else 0
        while size < _MOST_IN_A_COMMIT:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is not None:
                batch.append(more)
                size += len(more.facts)
        return batch

    def _commit(self, batch: list[Submission]) -> bool:
        """Until it is on disk; False when a stop came first."""
        fresh = self._fresh(batch)
        entries = [entry_for(fact) for fact in fresh]
        while entries:
            started_ns = self._clock.mono_ns()
            try:
                seqs = self._journal.append(entries)
            except JournalError as error:
                self._note_fault(error)
                if self._clock.wait(self._stopping, _RETRY_S):
                    return False
                continue
            self._note_success(len(entries), (self._clock.mono_ns() - started_ns) / 1e9)
            self.last_seq = seqs[-1]
            self.mark = seqs[-1], self._journal.head
            self._tell(batch, list(zip(seqs, fresh, strict=True)))
            return True
        self._tell(batch, [])
        return True

    def _fresh(self, batch: list[Submission]) -> list[JournalledFact]:
        fresh: list[JournalledFact] = []
        seen: dict[str, int] = {}
        for submission in batch:
            producer = submission.producer
            last = seen.get(producer, self._numbers.get(producer, 0))
            for told in submission.facts:
                if told.number <= last:
                    continue
                last = told.number
                fresh.append(
                    JournalledFact(
                        site=self._origin.site,
                        node=self._origin.node,
                        producer=producer,
                        number=told.number,
                        fact=told.fact,
                    )
                )
            seen[producer] = last
        return fresh

    def _tell(self, batch: list[Submission], noted: Noted) -> None:
        with self._lock:
            for _, fact in noted:
                self._numbers[fact.producer] = fact.number
            self._waiting -= sum(len(submission.facts) for submission in batch)
        for submission in batch:
            if submission.facts:
                submission.on_synced(submission.facts[-1].number)
        if noted:
            self._on_noted(noted)

    def _note_fault(self, error: JournalError) -> None:
        if not self.fault:
            logger.error("The journal cannot be written: %s", error)
        self.fault = str(error)
        self._registry.count("surveillance_journal_errors")

    def _note_success(self, records: int, took_s: float) -> None:
        if self.fault:
            logger.info("The journal can be written again")
        self.fault = ""
        self._registry.count("surveillance_journal_records", amount=records)
        self._registry.observe("surveillance_journal_commit_seconds", value=took_s)
