"""Bringing a database to this program's schema: DDL at opening only, then a checkpoint."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import duckdb

from engine.store.errors import StoreError

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.(up|down)\.sql")


@dataclass(frozen=True)
class Migration:
    """One numbered change."""

    number: int
    up: str
    down: str


def all_migrations() -> tuple[Migration, ...]:
    """The changes that this program knows, in order."""
    texts: dict[int, dict[str, str]] = {}
    for entry in files("engine.store.migrations").iterdir():
        match = _NAME.fullmatch(entry.name)
        if match:
            texts.setdefault(int(match[1]), {})[match[2]] = entry.read_text("utf-8")
    return tuple(
        Migration(number, ways["up"], ways["down"]) for number, ways in sorted(texts.items())
    )


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """Number of the last change applied; 0 for an empty database."""
    found = connection.execute(
        "SELECT count(*) FROM information_schema.tables WHERE table_name = 'schema_version'"
    ).fetchone()
    if not found or not found[0]:
        return 0
    row = connection.execute("SELECT max(number) FROM schema_version").fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def migrate(connection: duckdb.DuckDBPyConnection, path: Path, *, up_to: int | None = None) -> int:
    """Apply what is missing; the schema's number. StoreError: the file is of a newer program.

    `up_to` stops at an older schema, to be filled with what was saved in it. An existing database
    is copied first: `<name>.before-<number>` is the way back.
    """
    version = schema_version(connection)
    migrations = all_migrations()
    newest = migrations[-1].number
    wanted = newest if up_to is None else up_to
    found = max(version, wanted)
    if found > newest:
        raise StoreError(
            f"the database {path.name} has schema {found}, this program knows {newest}: "
            "update the program, or restore the copy made before the update"
        )
    missing = [one for one in migrations if version < one.number <= wanted]
    if missing and version:
        connection.execute("CHECKPOINT")
        shutil.copy2(path, path.with_name(f"{path.name}.before-{missing[0].number:04d}"))
    for migration in missing:
        _apply(connection, migration.up, migration.number)
    if missing:
        # DuckDB's log must never hold schema changes when the power goes: replaying them has
        # aborted processes.
        connection.execute("CHECKPOINT")
    return wanted


def downgrade(connection: duckdb.DuckDBPyConnection, to_number: int) -> None:
    """Take changes back, newest first."""
    for migration in reversed(all_migrations()):
        if to_number < migration.number <= schema_version(connection):
            connection.execute("BEGIN")
            connection.execute(migration.down)
            connection.execute("DELETE FROM schema_version WHERE number = ?", [migration.number])
            connection.execute("COMMIT")
    connection.execute("CHECKPOINT")


def _apply(connection: duckdb.DuckDBPyConnection, sql: str, number: int) -> None:
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE IF NOT EXISTS schema_version (number INTEGER NOT NULL)")
    connection.execute(sql)
    connection.execute("INSERT INTO schema_version VALUES (?)", [number])
    connection.execute("COMMIT")
