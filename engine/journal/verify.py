"""Proving a journal: every link of the chain, every payload that is still there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import zstandard

from engine.journal.chain import GENESIS, ChainLine, parse_line, payload_digest
from engine.journal.parts import Part, find_parts, read_file
from engine.journal.payload import decode_fact
from engine.journal.reader import payloads
from nvr_app.contract.audit_facts import PayloadsDropped

_DROPPED = "payloads_dropped"


@dataclass(frozen=True)
class JournalReport:
    """`faults` name file and byte; payloads that a record says were dropped are no fault."""

    records: int
    last_seq: int
    head: str
    dropped_payloads: int
    faults: tuple[str, ...]
    first_wall_us: int = 0
    last_wall_us: int = 0
    hashes: dict[int, str] = field(default_factory=dict)
    """Of the records that were asked for, as far as they are there."""


@dataclass
class _Walk:
    """What is known while the parts go by."""

    wanted: frozenset[int]
    faults: list[str] = field(default_factory=list)
    records: int = 0
    first_wall_us: int = 0
    hashes: dict[int, str] = field(default_factory=dict)
    absent: list[_Absent] = field(default_factory=list)
    dropped_before_us: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Absent:
    """A payload file that is not there, though the chain names payloads in it."""

    file: str
    retention_class: str
    payloads: int
    newest_wall_us: int


def verify_journal(folder: Path, wanted: Iterable[int] = ()) -> JournalReport:
    """Read and verify everything; `wanted` are records whose hashes the report is to give.

    Any process; a journal that grows or loses payloads in their time meanwhile is no fault.
    """
    walk = _Walk(frozenset(wanted))
    previous: ChainLine | None = None
    for part in find_parts(folder):
        so_far = len(walk.faults), len(walk.absent), walk.records
        lines = _verify_part(part, previous, walk)
        if not part.is_sealed and not part.chain_path.exists():
            # Sealed under our hands: what was found of the open files says nothing.
            del walk.faults[so_far[0] :], walk.absent[so_far[1] :]
            walk.records = so_far[2]
            lines = _verify_part(Part(folder, part.first_seq, is_sealed=True), previous, walk)
        if lines:
            walk.first_wall_us = walk.first_wall_us or lines[0].wall_us
            previous = lines[-1]
    dropped = sum(absent.payloads for absent in walk.absent if _is_dropped(absent, walk))
    for absent in walk.absent:
        if not _is_dropped(absent, walk):
            walk.faults.append(
                f"{absent.file}: {absent.payloads} payloads are missing, and no record says that "
                f"those of {absent.retention_class} were dropped"
            )
    return JournalReport(
        records=walk.records,
        last_seq=previous.seq if previous else 0,
        head=previous.hash if previous else GENESIS,
        dropped_payloads=dropped,
        faults=tuple(walk.faults),
        first_wall_us=walk.first_wall_us,
        last_wall_us=previous.wall_us if previous else 0,
        hashes=walk.hashes,
    )


def _verify_part(part: Part, previous: ChainLine | None, walk: _Walk) -> list[ChainLine]:
    lines = _verified_lines(part, previous, walk.faults)
    _verify_payloads(part, lines, walk)
    return lines


def _is_dropped(absent: _Absent, walk: _Walk) -> bool:
    return absent.newest_wall_us < walk.dropped_before_us.get(absent.retention_class, 0)


def _verify_payloads(part: Part, lines: list[ChainLine], walk: _Walk) -> None:
    known = payloads(part)
    absent: dict[str, list[ChainLine]] = {}
    for line in lines:
        walk.records += 1
        if line.seq in walk.wanted:
            walk.hashes[line.seq] = line.hash
        found = known.get(line.seq)
        if found is None:
            absent.setdefault(line.retention_class, []).append(line)
        elif payload_digest(*found) != line.payload_hash:
            walk.faults.append(
                f"{part.payload_path(line.retention_class).name}: the payload of record "
                f"{line.seq} ({line.kind}) does not fit its hash"
            )
        elif line.kind == _DROPPED:
            _note_dropped(found[1], walk)
    # Asked for only now: what was dropped while we read is no damage.
    present = set(part.payload_paths())
    for retention_class, missing in absent.items():
        name = part.payload_path(retention_class).name
        if retention_class in present:
            walk.faults += [
                f"{name}: the payload of record {line.seq} ({line.kind}) is missing"
                for line in missing
            ]
        else:
            newest = max(line.wall_us for line in missing)
            walk.absent.append(_Absent(name, retention_class, len(missing), newest))


def _note_dropped(payload: bytes, walk: _Walk) -> None:
    try:
        fact = decode_fact(payload).fact
    except msgspec.MsgspecError:
        return
    if isinstance(fact, PayloadsDropped):
        known = walk.dropped_before_us.get(fact.retention_class, 0)
        walk.dropped_before_us[fact.retention_class] = max(known, fact.before_wall_us)


def _verified_lines(part: Part, previous: ChainLine | None, faults: list[str]) -> list[ChainLine]:
    try:
        data = read_file(part.chain_path)
    except (OSError, zstandard.ZstdError) as error:
        faults.append(f"{part.chain_path.name}: cannot be read ({error})")
        return []
    lines: list[ChainLine] = []
    position = 0
    name = part.chain_path.name
    for raw in data.splitlines(keepends=True):
        start, position = position, position + len(raw)
        if not raw.endswith(b"\n") and not part.is_sealed:
            break  # the writer may be in the middle of its last line
        line = parse_line(raw.rstrip(b"\n"))
        if line is None:
            faults.append(f"{name} at byte {start}: a record cannot be read")
            continue
        fault = _fault(line, previous)
        if fault:
            faults.append(f"{name} at byte {start}: record {line.seq} ({line.kind}) {fault}")
        lines.append(line)
        previous = line
    return lines


def _fault(line: ChainLine, previous: ChainLine | None) -> str:
    if not line.is_sound:
        return "does not fit its hash"
    expected = (previous.hash, previous.seq + 1) if previous else (GENESIS, 1)
    if (line.prev, line.seq) != expected:
        return f"does not follow record {expected[1] - 1}"
    return ""
