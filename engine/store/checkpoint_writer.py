"""Writing a checkpoint: whole and synced under its name, or not there at all."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import msgspec

from engine.base.atomic_file import sync_folder, write_atomic
from engine.store.checkpoint import (
    MANIFEST,
    SIGNED,
    CheckpointFile,
    Manifest,
    checkpoints_folder,
    digest,
    file_digest,
)
from engine.store.errors import StoreError
from engine.store.parquet import export_tables
from engine.store.schema import schema_version
from nvr_app.contract.audit_facts import JournalSigned


@dataclass(frozen=True)
class Draft:
    """A checkpoint on disk that nobody has signed yet; it does not count as one."""

    folder: Path
    target: Path
    manifest: Manifest
    manifest_hash: str
    size_bytes: int

    @property
    def name(self) -> str:
        """Relative to the journal's folder."""
        return f"{self.target.parent.name}/{self.target.name}"


def draft_checkpoint(
    cursor: duckdb.DuckDBPyConnection, journal_dir: Path, hash_at: Callable[[int], str | None]
) -> Draft:
    """Export the index as it is at this moment, while others go on writing. StoreError.

    Blocks for seconds with millions of rows; `cursor` is the caller's thread's own.
    """
    folder = checkpoints_folder(journal_dir) / "draft.tmp"
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        return _export(cursor, folder, hash_at)
    except (OSError, duckdb.Error) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise StoreError(
            f"no checkpoint of the index could be written ({str(error).splitlines()[0]}); "
            "it is tried again; free space on the journal's disk if that is what is missing"
        ) from None


def publish_checkpoint(draft: Draft, signed: JournalSigned) -> Path:
    """Put the signature beside it and give it its name; the folder. OSError: it does not count."""
    write_atomic(draft.folder / SIGNED, msgspec.json.encode(signed))
    if draft.target.exists():
        # The same records were exported before: the later one replaces it whole.
        old = draft.target.with_suffix(".old.tmp")
        draft.target.replace(old)
        shutil.rmtree(old, ignore_errors=True)
    draft.folder.replace(draft.target)
    sync_folder(draft.target.parent)
    return draft.target


def _export(
    cursor: duckdb.DuckDBPyConnection, folder: Path, hash_at: Callable[[int], str | None]
) -> Draft:
    cursor.execute("BEGIN TRANSACTION")
    try:
        row = cursor.execute("SELECT value FROM meta WHERE key = 'applied_seq'").fetchone()
        up_to_seq = int(row[0]) if row else 0
        schema = schema_version(cursor)
        rows = export_tables(cursor, folder)
    finally:
        with contextlib.suppress(duckdb.Error):
            cursor.execute("ROLLBACK")
    head = hash_at(up_to_seq)
    if head is None:
        raise OSError(f"the journal has no readable record {up_to_seq}")
    files = []
    for table, count in rows.items():
        path = folder / f"{table}.parquet"
        _sync(path)
        files.append(
            CheckpointFile(
                table=table,
                rows=count,
                size_bytes=path.stat().st_size,
                content_hash=file_digest(path),
            )
        )
    manifest = Manifest(schema=schema, up_to_seq=up_to_seq, head=head, files=tuple(files))
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    write_atomic(folder / MANIFEST, data)
    return Draft(
        folder=folder,
        target=folder.parent / f"{up_to_seq:012d}",
        manifest=manifest,
        manifest_hash=digest(data),
        size_bytes=sum(file.size_bytes for file in files),
    )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
