"""The index of journal and footage in one DuckDB file: thrown away and rebuilt at any time.

One process owns the file; inside it one thread applies, others read with cursors of their own.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from engine.journal.payload import JournalledFact
from engine.store.errors import QueryTimeout, StoreError
from engine.store.parquet import confine
from engine.store.probe import opens_safely
from engine.store.projection import project, stages
from engine.store.reader import QueryWatch, StoreReader
from engine.store.schema import migrate
from engine.store.writer import write_changes

__all__ = ["Opening", "QueryTimeout", "Store", "StoreError", "StoreReader"]

logger = logging.getLogger(__name__)

_CHECKPOINT_BYTES = 32 * 1024**2
# A checkpoint rewrites: on a nearly full disk it is what breaks the file.
_FLOOR_FREE_BYTES = 512 * 1024**2
_BALLAST_BYTES = 32 * 1024**2
_PATIENCE_S = 3.0
"""For queries that are told to end when the store closes."""
_IN_USE = ("Conflicting lock", "used by another process")
"""What DuckDB says of a file that is sound but held by somebody else."""


@dataclass(frozen=True)
class Opening:
    """Everything up to `applied_seq` is in; a damaged file was moved to `quarantined`."""

    applied_seq: int
    quarantined: Path | None


class Store:
    """`open`, `apply`, `close` from one thread; `reader` from any. Construct: no I/O."""

    def __init__(
        self,
        path: Path,
        *,
        export_dir: Path | None = None,
        memory_limit_mb: int = 256,
        threads: int = 1,
    ) -> None:
        """`export_dir` is the one folder that Parquet files may be written to; None: nowhere."""
        self.path = path
        self._export_dir = export_dir
        self._clean_marker = clean_marker(path)
        self._ballast = path.with_name(f"{path.name}.ballast")
        self._memory_limit_mb = memory_limit_mb
        self._threads = threads
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._watch = QueryWatch()
        self._cursors: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()
        self.applied_seq = 0

    def open(self) -> Opening:
        """Open, migrate, or begin anew when the file is damaged. StoreError: impossible."""
        quarantined = self._quarantine_if_damaged()
        try:
            self._connection = self._connect()
            migrate(self._connection, self.path)
            self._connection.execute("SET lock_configuration = true")
            self.applied_seq = self._read_applied_seq()
        except duckdb.Error as error:
            self._drop_connection()
            raise StoreError(
                f"the database {self.path.name} cannot be opened ({_first_line(error)}); "
                "is another program using it? recording goes on without it"
            ) from None
        self._clean_marker.unlink(missing_ok=True)
        self._keep_ballast()
        self._watch.start()
        return Opening(self.applied_seq, quarantined)

    def apply(self, batch: Sequence[tuple[int, JournalledFact]]) -> None:
        """Bring records in, in order, as one transaction; those already in are skipped.

        StoreError: nothing of the batch is in.
        """
        fresh = [(seq, fact) for seq, fact in batch if seq > self.applied_seq]
        if not fresh:
            return
        connection = self._opened()
        last_seq = fresh[-1][0]
        try:
            connection.execute("BEGIN")
            for stage in stages(fresh):
                write_changes(connection, project(fact for _, fact in stage))
            connection.execute(
                "UPDATE meta SET value = ? WHERE key = 'applied_seq'", [str(last_seq)]
            )
            connection.execute("COMMIT")
        except duckdb.Error as error:
            with contextlib.suppress(duckdb.Error):
                connection.execute("ROLLBACK")
            self._free_ballast(error)
            raise StoreError(
                f"the database does not take records ({_first_line(error)}); "
                "they stay in the journal and are brought in later"
            ) from None
        self.applied_seq = last_seq
        self._checkpoint_if_due(connection)

    def producers(self) -> dict[str, int]:
        """Last applied fact number by producer."""
        try:
            rows = self._opened().execute("SELECT name, last_number FROM producers").fetchall()
        except duckdb.Error as error:
            raise StoreError(f"the database cannot be read ({_first_line(error)})") from None
        return dict(rows)

    def reader(self) -> StoreReader:
        """A reader with a cursor of its own, for one thread."""
        return StoreReader(self.cursor(), self._watch)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A bare cursor for one thread, without a limit of time: for exports. StoreError."""
        cursor = self._opened().cursor()
        self._cursors.add(cursor)
        return cursor

    def close(self) -> None:
        """Checkpoint and close, with all readers; idempotent. The next opening needs no probe.

        As long as one cursor is open DuckDB keeps the whole database, as it was configured.
        """
        connection, self._connection = self._connection, None
        if connection is None:
            return
        self._watch.end_queries(_PATIENCE_S)
        self._watch.stop()
        cursors = list(self._cursors)
        self._cursors.clear()
        try:
            for cursor in cursors:
                cursor.close()
            connection.close()
            self._clean_marker.touch()
        except (duckdb.Error, OSError) as error:
            logger.warning("The database did not close in order: %s", error)

    def _quarantine_if_damaged(self) -> Path | None:
        if not self.path.exists() or self._clean_marker.exists():
            return None
        fault = opens_safely(self.path)
        if not fault or any(sign in fault for sign in _IN_USE):
            return None
        stamp = datetime.now(tz=UTC).strftime("%Y%m%dT%H%M%SZ")
        target = self.path.with_name(f"{self.path.name}.bad-{stamp}")
        logger.error("The database is damaged (%s); it is set aside as %s", fault, target.name)
        self.path.replace(target)
        log = self.path.with_name(f"{self.path.name}.wal")
        if log.exists():
            log.replace(target.with_name(f"{target.name}.wal"))
        return target

    def _connect(self) -> duckdb.DuckDBPyConnection:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{self._memory_limit_mb}MB",
            "threads": self._threads,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": True,
            # Checkpoints come when there is room for them: `_checkpoint_if_due`.
            "checkpoint_threshold": "1TB",
        }
        connection = duckdb.connect(str(self.path), config=config)
        confine(connection, self._export_dir)
        return connection

    def _read_applied_seq(self) -> int:
        row = self._opened().execute("SELECT value FROM meta WHERE key = 'applied_seq'").fetchone()
        return int(row[0]) if row else 0

    def _opened(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            raise StoreError("the database is not open")
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(duckdb.Error):
                connection.close()

    def _checkpoint_if_due(self, connection: duckdb.DuckDBPyConnection) -> None:
        log = self.path.with_name(f"{self.path.name}.wal")
        try:
            is_due = log.stat().st_size > _CHECKPOINT_BYTES
            if is_due and shutil.disk_usage(self.path.parent).free > _FLOOR_FREE_BYTES:
                connection.execute("CHECKPOINT")
        except FileNotFoundError:
            return
        except (OSError, duckdb.Error) as error:
            # Readers in the middle of a query put it off; it is tried again after the next batch.
            logger.debug("No checkpoint now: %s", error)

    def _keep_ballast(self) -> None:
        """A file whose removal makes room to close in order on a full disk."""
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(self.path.parent).free
            if self._ballast.exists() or free < _FLOOR_FREE_BYTES:
                return
            with self._ballast.open("wb") as out:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(out.fileno(), 0, _BALLAST_BYTES)
                else:
                    out.write(bytes(_BALLAST_BYTES))

    def _free_ballast(self, error: duckdb.Error) -> None:
        if "No space" not in str(error) or not self._ballast.exists():
            return
        with contextlib.suppress(OSError):
            self._ballast.unlink()
            logger.error("The database's disk is full: its ballast was given up; free space")


def clean_marker(path: Path) -> Path:
    """The file that says: this database was closed in order."""
    return path.with_name(f"{path.name}.clean")


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
