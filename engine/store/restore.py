"""A new database from the newest checkpoint that can be trusted; the tail is replayed after it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from engine.journal.head_signing import trusted_keys
from engine.journal.reader import hash_at
from engine.store.checkpoint import (
    Checkpoint,
    CheckpointRefusedError,
    find_checkpoints,
    newest_valid,
    verify_checkpoint,
)
from engine.store.errors import StoreError
from engine.store.parquet import confine, import_tables
from engine.store.schema import migrate
from engine.store.store import Opening, Store, clean_marker

_MEMORY_MB = 256


@dataclass(frozen=True)
class Restored:
    """What a new database was begun with; `checkpoint` is empty where there was none to trust."""

    checkpoint: str
    up_to_seq: int
    refused: tuple[str, ...]
    """A sentence for each newer checkpoint that was not used."""


def choose_checkpoint(
    journal_dir: Path, keys_dir: Path
) -> tuple[Checkpoint | None, tuple[str, ...]]:
    """The newest one whose signature, files and place in the chain are right. Reads it all."""
    return newest_valid(journal_dir, trusted_keys(keys_dir), lambda seq: hash_at(journal_dir, seq))


def begin_database(database: Path, journal_dir: Path, keys_dir: Path) -> Restored:
    """Put a database there that holds the newest checkpoint; none is put where there is none.

    Nothing may lie at `database`. The tail of the journal is the caller's. StoreError.
    """
    refused: list[str] = []
    keys = trusted_keys(keys_dir)
    for folder in find_checkpoints(journal_dir):
        try:
            checkpoint = verify_checkpoint(folder, keys, lambda seq: hash_at(journal_dir, seq))
            _fill_or_leave_nothing(database, checkpoint)
        except CheckpointRefusedError as error:
            refused.append(str(error))
            continue
        clean_marker(database).touch()
        return Restored(checkpoint.name, checkpoint.manifest.up_to_seq, tuple(refused))
    return Restored("", 0, tuple(refused))


def _fill_or_leave_nothing(database: Path, checkpoint: Checkpoint) -> None:
    """CheckpointRefusedError: its rows do not fit the tables. StoreError: the disk has failed, and
    no other checkpoint would do better.
    """
    try:
        _fill(database, checkpoint)
    except (duckdb.Error, OSError, ValueError) as error:
        for path in (database, database.with_name(f"{database.name}.wal")):
            path.unlink(missing_ok=True)
        words = str(error).splitlines()[0]
        if isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException | OSError):
            raise StoreError(
                f"checkpoint {checkpoint.name} could not be brought into a new database "
                f"({words}); free space on its disk if that is what is missing"
            ) from None
        raise CheckpointRefusedError(
            f"checkpoint {checkpoint.name} is not used: it does not fit the tables ({words})"
        ) from None


def open_or_restore(store: Store, journal_dir: Path, keys_dir: Path) -> tuple[Opening, Restored]:
    """Open the database; where it is empty, a checkpoint is put in its place first. StoreError.

    An empty one is new, or follows one that was damaged: the journal alone may not fill it any
    more, since payloads go in their time.
    """
    opening = store.open()
    if opening.applied_seq or not find_checkpoints(journal_dir):
        return opening, Restored("", opening.applied_seq, ())
    store.close()
    for suffix in ("", ".wal", ".clean"):
        store.path.with_name(store.path.name + suffix).unlink(missing_ok=True)
    restored = begin_database(store.path, journal_dir, keys_dir)
    return Opening(store.open().applied_seq, opening.quarantined), restored


def _fill(database: Path, checkpoint: Checkpoint) -> None:
    """In the checkpoint's own schema: opening the database then migrates its rows onwards."""
    rows = {file.table: file.rows for file in checkpoint.manifest.files}
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{_MEMORY_MB}MB",
        "threads": 1,
        "checkpoint_threshold": "1TB",
    }
    with duckdb.connect(str(database), config=config) as connection:
        confine(connection, checkpoint.folder)
        migrate(connection, database, up_to=checkpoint.manifest.schema)
        connection.execute("BEGIN")
        import_tables(connection, checkpoint.folder, rows)
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT")
