"""The view of footage that a check stands on: the newest checkpoint, then the journal's tail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from engine.journal.payload import JournalledFact, known_fact
from engine.journal.reader import read_records
from engine.store.checkpoint import Checkpoint
from engine.store.errors import StoreError
from engine.store.footage_view import FootageView, Protection, SegmentFacts
from engine.store.parquet import confine
from engine.store.restore import choose_checkpoint


@dataclass
class Reading:
    """A view, what it stands on and what was missing for it."""

    view: FootageView = field(default_factory=FootageView)
    checkpoint: str = ""
    refused: tuple[str, ...] = ()
    lost: int = 0
    """Records after the checkpoint whose payload is not there any more, or not to be understood."""


def journalled_facts(journal_dir: Path, after_seq: int = 0) -> Iterator[tuple[int, JournalledFact]]:
    """Every fact whose payload is still there, with its number."""
    for record in read_records(journal_dir, after_seq=after_seq):
        fact = known_fact(record.payload)
        if fact is not None:
            yield record.seq, fact


def read_view(journal_dir: Path, keys_dir: Path | None) -> Reading:
    """All that is known of footage; `keys_dir` None: from the journal alone. StoreError."""
    reading = Reading()
    after_seq = 0
    if keys_dir is not None:
        checkpoint, reading.refused = choose_checkpoint(journal_dir, keys_dir)
        if checkpoint is not None:
            reading.checkpoint = checkpoint.name
            after_seq = checkpoint.manifest.up_to_seq
            _fill(reading.view, checkpoint)
    reading.view.take(_tail(journal_dir, after_seq, reading))
    return reading


def _tail(journal_dir: Path, after_seq: int, reading: Reading) -> Iterator[JournalledFact]:
    for record in read_records(journal_dir, after_seq=after_seq):
        fact = known_fact(record.payload)
        if fact is None:
            reading.lost += 1
        else:
            yield fact


def _fill(view: FootageView, checkpoint: Checkpoint) -> None:
    try:
        with duckdb.connect(":memory:", config={"threads": 1}) as connection:
            confine(connection, checkpoint.folder)
            for row in _rows(connection, checkpoint, "segments", _SEGMENT_COLUMNS):
                view.segments[row[0]] = SegmentFacts(*row)
            for camera_id, start_us, end_us in _rows(
                connection, checkpoint, "gaps", "camera_id, start_wall_us, end_wall_us"
            ):
                view.gaps.setdefault(camera_id, []).append((start_us, end_us))
            for root, path, segment_id in _rows(
                connection, checkpoint, "garbage", "root, path, segment_id"
            ):
                view.garbage[root, path] = segment_id
            for key, cameras, start_us, end_us, until_us, lifted_us in _rows(
                connection, checkpoint, "protections", _PROTECTION_COLUMNS
            ):
                if lifted_us is None:
                    view.protections[key] = Protection(tuple(cameras), start_us, end_us, until_us)
    except duckdb.Error as error:
        raise StoreError(
            f"checkpoint {checkpoint.name} cannot be read ({str(error).splitlines()[0]})"
        ) from None


_SEGMENT_COLUMNS = (
    "segment_id, camera_id, root, path, start_wall_us, end_wall_us, size_bytes, content_hash, state"
)
_PROTECTION_COLUMNS = (
    "protection_id, camera_ids, start_wall_us, end_wall_us, until_wall_us, lifted_wall_us"
)


def _rows(
    connection: duckdb.DuckDBPyConnection, checkpoint: Checkpoint, table: str, columns: str
) -> list[tuple[Any, ...]]:
    path = str(checkpoint.folder.absolute() / f"{table}.parquet").replace("'", "''")
    return connection.execute(f"SELECT {columns} FROM read_parquet('{path}')").fetchall()
