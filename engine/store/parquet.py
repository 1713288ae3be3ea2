"""Tables out to Parquet files and in again: all that DuckDB may touch besides its own file."""

from __future__ import annotations

from pathlib import Path

import duckdb

_OWN = "schema_version"
"""The schema's number travels in the manifest, and is set by migrating."""


def confine(connection: duckdb.DuckDBPyConnection, folder: Path | None) -> None:
    """Allow Parquet files below one folder (None: nowhere), and nothing else outside."""
    if folder is not None:
        connection.execute(f"SET allowed_directories = [{_quoted(folder.absolute())}]")
    connection.execute("SET enable_external_access = false")


def export_tables(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int]:
    """Every table as `<table>.parquet`; rows by table. Within the caller's transaction.

    duckdb.Error, also for a full disk: remove the folder then.
    """
    rows: dict[str, int] = {}
    for table in tables(connection):
        path = _quoted(folder.absolute() / f"{table}.parquet")
        done = connection.execute(
            f"COPY {table} TO {path} (FORMAT parquet, COMPRESSION zstd)"
        ).fetchone()
        rows[table] = int(done[0]) if done else 0
    return rows


def import_tables(
    connection: duckdb.DuckDBPyConnection, folder: Path, rows: dict[str, int]
) -> None:
    """Fill the tables from their files, replacing what is in them. duckdb.Error, ValueError."""
    for table, wanted in rows.items():
        path = _quoted(folder.absolute() / f"{table}.parquet")
        connection.execute(f"DELETE FROM {table}")
        done = connection.execute(
            f"INSERT INTO {table} BY NAME SELECT * FROM read_parquet({path})"
        ).fetchone()
        found = int(done[0]) if done else 0
        if found != wanted:
            raise ValueError(f"{table}.parquet holds {found} rows instead of {wanted}")


def tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The index's tables by name."""
    found = connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_name <> ? ORDER BY 1", [_OWN]
    ).fetchall()
    return [name for (name,) in found]


def _quoted(path: Path) -> str:
    text = str(path).replace("'", "''")
    return f"'{text}'"
