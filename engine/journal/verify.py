"""Proving a journal: every link of the chain, every payload that is still there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import zstandard

from engine.journal.chain import GENESIS, ChainLine, parse_line, payload_digest
from engine.journal.parts import Part, find_parts, read_file
from engine.journal.reader import payloads


@dataclass(frozen=True)
class JournalReport:
    """`faults` name file and byte; payloads of a dropped class are counted, not at fault."""

    records: int
    last_seq: int
    head: str
    dropped_payloads: int
    faults: tuple[str, ...]


def verify_journal(folder: Path) -> JournalReport:
    """Read and verify everything. Any process; a journal that grows meanwhile is no fault."""
    faults: list[str] = []
    previous: ChainLine | None = None
    records = dropped = 0
    for part in find_parts(folder):
        lines = _verified_lines(part, previous, faults)
        known = payloads(part)
        present = set(part.payload_paths())
        for line in lines:
            records += 1
            found = known.get(line.seq)
            if found is not None and payload_digest(*found) != line.payload_hash:
                faults.append(
                    f"{part.payload_path(line.retention_class).name}: the payload of record "
                    f"{line.seq} ({line.kind}) does not fit its hash"
                )
            elif found is None and line.retention_class in present:
                faults.append(
                    f"{part.payload_path(line.retention_class).name}: the payload of record "
                    f"{line.seq} ({line.kind}) is missing"
                )
            elif found is None:
                dropped += 1
        if lines:
            previous = lines[-1]
    return JournalReport(
        records,
        previous.seq if previous else 0,
        previous.hash if previous else GENESIS,
        dropped,
        tuple(faults),
    )


def _verified_lines(part: Part, previous: ChainLine | None, faults: list[str]) -> list[ChainLine]:
    try:
        data = read_file(part.chain_path)
    except (OSError, zstandard.ZstdError) as error:
        faults.append(f"{part.chain_path.name}: cannot be read ({error})")
        return []
    lines: list[ChainLine] = []
    position = 0
    for raw in data.splitlines(keepends=True):
        start, position = position, position + len(raw)
        if not raw.endswith(b"\n") and not part.is_sealed:
            break  # the writer may be in the middle of its last line
        line = parse_line(raw.rstrip(b"\n"))
        where = f"{part.chain_path.name} at byte {start}"
        if line is None:
            faults.append(f"{where}: a record cannot be read")
            continue
        if not line.is_sound:
            faults.append(f"{where}: record {line.seq} ({line.kind}) does not fit its hash")
        expected = previous.hash if previous else GENESIS
        expected_seq = previous.seq + 1 if previous else 1
        if line.prev != expected or line.seq != expected_seq:
            faults.append(f"{where}: record {line.seq} does not follow record {expected_seq - 1}")
        lines.append(line)
        previous = line
    return lines
