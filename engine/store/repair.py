"""Putting journal and files in agreement again: adopting what is there, dropping what is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.base.clock import Clock
from engine.base.errors import EngineError
from engine.journal.journal import Journal
from engine.journal.payload import JournalledFact, entry_for, known_fact
from engine.journal.reader import read_records
from engine.store.check import CheckReport
from engine.store.restore import begin_database
from engine.store.store import Store
from engine.store.view_reading import journalled_facts
from nvr_app.contract.events import AnyFact, SegmentClosed, SegmentGone

AdoptFile = Callable[[str, str], SegmentClosed | None]
"""From (root, path) to the fact that adopts the file; None when nothing can be read of it."""

_BATCH = 5_000
_PRODUCER = "check"


class RepairError(EngineError):
    """A repair that could not be finished; what was done so far is in the journal."""


def repair_facts(report: CheckReport, adopt: AdoptFile, now_wall_us: int) -> list[AnyFact]:
    """The facts that mend what the report names; files that cannot be read stay orphans."""
    facts: list[AnyFact] = [
        SegmentGone(
            wall_us=now_wall_us,
            camera_id=segment.camera_id,
            segment_id=segment.segment_id,
            reason="its file is missing",
        )
        for segment in report.missing
    ]
    places = [(orphan.root, orphan.path) for orphan in report.orphans]
    places += [(segment.root, segment.path) for segment in report.open_segments]
    places += [(segment.root, segment.path) for segment, _ in report.wrong_size]
    for root, path in places:
        fact = adopt(root, path)
        if fact is not None:
            facts.append(fact)
    return facts


def append_facts(
    journal_dir: Path, facts: list[AnyFact], origin: Mapping[str, str], clock: Clock
) -> int:
    """Journal facts of a check; the engine must not run. JournalError."""
    if not facts:
        return 0
    number = max(
        (f.number for _, f in journalled_facts(journal_dir) if f.producer == _PRODUCER), default=0
    )
    journal = Journal(journal_dir, clock)
    journal.open()
    try:
        entries = [
            entry_for(
                JournalledFact(
                    site=origin["site"],
                    node=origin["node"],
                    producer=_PRODUCER,
                    number=number + n,
                    fact=fact,
                )
            )
            for n, fact in enumerate(facts, 1)
        ]
        for start in range(0, len(entries), _BATCH):
            journal.append(entries[start : start + _BATCH])
    finally:
        journal.close()
    return len(facts)


@dataclass(frozen=True)
class Rebuilt:
    """What a new database was made of."""

    records: int
    """Of the journal, after the checkpoint."""
    checkpoint: str
    refused_checkpoints: tuple[str, ...]
    without_payload: int
    """Records after the checkpoint whose payload is gone, damaged or of a newer program: what they
    told is not in the database."""


def rebuild_database(journal_dir: Path, database: Path, keys_dir: Path) -> Rebuilt:
    """A new database from the newest checkpoint and the journal after it.

    The old file is replaced only when the new one is complete. StoreError.
    """
    fresh = database.with_name(f"{database.name}.rebuilding")
    for leftover in (fresh, *database.parent.glob(f"{fresh.name}.*")):
        leftover.unlink(missing_ok=True)
    base = begin_database(fresh, journal_dir, keys_dir)
    store = Store(fresh)
    store.open()
    records = lost = 0
    batch: list[tuple[int, JournalledFact]] = []
    for record in read_records(journal_dir, after_seq=store.applied_seq):
        fact = known_fact(record.payload)
        if fact is None:
            lost += 1
            continue
        batch.append((record.seq, fact))
        records += 1
        if len(batch) >= _BATCH:
            store.apply(batch)
            batch = []
    store.apply(batch)
    store.close()
    for suffix in (".wal", ".clean"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    fresh.replace(database)
    for suffix in (".clean", ".ballast"):
        part = fresh.with_name(fresh.name + suffix)
        if part.exists():
            part.replace(database.with_name(database.name + suffix))
    return Rebuilt(records, base.checkpoint, base.refused, lost)
