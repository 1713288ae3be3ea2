"""Reading a journal, while it grows too: any process may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import zstandard

from engine.journal.chain import ChainLine, parse_line, payload_digest
from engine.journal.parts import Part, find_parts, read_file
from engine.journal.payload_frame import decode_frames


@dataclass(frozen=True, slots=True)
class JournalRecord:
    """One record; `payload` is None once its retention class has been dropped, or it is damaged."""

    seq: int
    wall_us: int
    kind: str
    retention_class: str
    payload: bytes | None


def read_records(folder: Path, after_seq: int = 0) -> Iterator[JournalRecord]:
    """Records after that number, in order; damaged ones are left out (`verify_journal` names them).

    A part that is sealed or dropped under the reader's hands is read again where it lies now.
    """
    parts = find_parts(folder)
    for part, successor in zip_longest(parts, parts[1:]):
        if successor is not None and successor.first_seq <= after_seq + 1:
            continue
        for record in _records(part):
            if record.seq > after_seq:
                yield record


def chain_lines(part: Part) -> list[ChainLine]:
    """The readable lines of a part's chain."""
    lines = (parse_line(line) for line in read_file(part.chain_path).splitlines())
    return [line for line in lines if line is not None]


def hash_at(folder: Path, seq: int) -> str | None:
    """The chain's hash at a record; None where the journal does not reach or cannot be read."""
    parts = [part for part in find_parts(folder) if part.first_seq <= seq]
    if not parts:
        return None
    for part in (parts[-1], Part(folder, parts[-1].first_seq, is_sealed=True)):
        try:
            lines = chain_lines(part)
        except (OSError, zstandard.ZstdError):
            continue  # sealed since the folder was listed, or damaged
        return next((line.hash for line in lines if line.seq == seq), None)
    return None


def payloads(part: Part) -> dict[int, tuple[bytes, bytes]]:
    """Salt and payload by sequence number, of the classes that are still there."""
    found: dict[int, tuple[bytes, bytes]] = {}
    for path in part.payload_paths().values():
        try:
            data = read_file(path)
        except (OSError, zstandard.ZstdError):
            continue  # damaged or just dropped: its records read as without payload
        for _, seq, salt, payload in decode_frames(data):
            found[seq] = salt, payload
    return found


def _records(part: Part) -> Iterator[JournalRecord]:
    try:
        lines = chain_lines(part)
    except FileNotFoundError:
        part = Part(part.folder, part.first_seq, is_sealed=True)
        try:
            lines = chain_lines(part)
        except (OSError, zstandard.ZstdError):
            return
    except (OSError, zstandard.ZstdError):
        return
    known = payloads(part)
    if not known and not part.is_sealed:
        # Sealed between the two looks: the payloads have moved as well.
        known = payloads(Part(part.folder, part.first_seq, is_sealed=True))
    for line in lines:
        found = known.get(line.seq)
        # A payload that does not fit a sound line was never said: nothing may be built on it.
        # Where the line itself is damaged, the payload is all that is left of the record.
        is_forged = (
            found is not None and payload_digest(*found) != line.payload_hash and line.is_sound
        )
        yield JournalRecord(
            line.seq,
            line.wall_us,
            line.kind,
            line.retention_class,
            found[1] if found is not None and not is_forged else None,
        )
