"""Segments that are being fetched from cameras' cards: known to the next worker too."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import msgspec

from engine.base.atomic_file import write_atomic
from engine.base.spool import Spool
from engine.chores.bench import Bench
from engine.recording.durable_copy import aside_of
from engine.recording.storage_root import StorageError, StorageRoot
from nvr_app.contract.events import GapFilled, SegmentClosed, SegmentOpened

logger = logging.getLogger(__name__)


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say of a segment that was fetched."""

    opened: SegmentOpened
    closed: SegmentClosed
    filled: GapFilled


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    root: str
    path: str
    fetched: Fetched | None = None
    """None while its file is being written under another name."""


class CardBook:
    """A folder with a file for each, from its first byte until the journal knows it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def opening(self, segment_id: str, root: str, path: str) -> None:
        """Its file is about to be written aside. OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._write(segment_id, _Entry(root=root, path=path))

    def finishing(self, fetched: Fetched) -> None:
        """Its file is complete and gets its name next. OSError."""
        closed = fetched.closed
        entry = _Entry(root=closed.root, path=closed.path, fetched=fetched)
        self._write(closed.segment_id, entry)

    def journal(self, fetched: Fetched, bench: Bench) -> None:
        """Its file has its name: say so, and forget it once the journal knows (invariant S2)."""
        bench.note(fetched.opened)
        bench.note(fetched.closed)
        number = bench.note(fetched.filled)
        bench.until_journalled(number)
        self.forget(fetched.closed.segment_id)

    def forget(self, segment_id: str) -> None:
        """It was given up, and nothing of it is left. OSError."""
        self._file(segment_id).unlink(missing_ok=True)

    def take_up(self, roots: Mapping[str, StorageRoot], spool: Spool) -> None:
        """Settle what a killed worker left, at start: a complete file is journalled, the beginning
        of one goes and is fetched anew. Saying again what the journal knows does no harm.
        """
        for file in sorted(self._folder.glob("*.json")):
            try:
                entry = msgspec.json.decode(file.read_bytes(), type=_Entry)
                root = roots.get(entry.root)
                if root is None:
                    continue
                root.verify()  # invariant S5
                _take_up(entry, root.path / entry.path, spool)
                file.unlink()
            except (OSError, msgspec.MsgspecError, StorageError) as error:
                logger.warning("What was fetched from a card (%s) waits: %s", file.stem, error)

    def _write(self, segment_id: str, entry: _Entry) -> None:
        write_atomic(self._file(segment_id), msgspec.json.encode(entry))

    def _file(self, segment_id: str) -> Path:
        return self._folder / f"{segment_id}.json"


def _take_up(entry: _Entry, path: Path, spool: Spool) -> None:
    fetched = entry.fetched
    if fetched is not None and path.is_file() and path.stat().st_size == fetched.closed.size_bytes:
        spool.append(fetched.closed)
        spool.append(fetched.filled)
    else:
        aside_of(path).unlink(missing_ok=True)
