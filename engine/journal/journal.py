"""The append-only journal: one writer, group commit, nothing acknowledged before its fsync.

Payloads are synced before the chain that names them, so a chain line without payload can only be
the torn end of a crash. A failed append is taken back whole; the same one may be tried again.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import zstandard

from engine.base.atomic_file import sync_folder
from engine.base.clock import Clock
from engine.base.errors import EngineError
from engine.journal.chain import GENESIS, ChainLine, next_line, parse_line, payload_digest
from engine.journal.parts import Part, find_parts, read_file
from engine.journal.payload_frame import SALT_BYTES, decode_frames, encode_frame
from engine.journal.sealing import seal_part

SEAL_BYTES = 8 * 1024**2
SEAL_NS = 300 * 1_000_000_000
_MOST_IN_A_PART = 1_000_000
"""More records than a part's bytes can hold."""


class JournalError(EngineError):
    """The journal could not be opened or written; nothing of the last append counts."""


@dataclass(frozen=True)
class Entry:
    """What is to be recorded."""

    kind: str
    retention_class: str
    wall_us: int
    payload: bytes


@dataclass(frozen=True)
class Recovery:
    """What `open` found: the last good record, and what a crash or a hand had done."""

    last_seq: int
    torn_bytes: int
    problems: tuple[str, ...]


class Journal:
    """Use from one thread. Construct: no I/O."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._part: Part | None = None
        self._files: dict[str, _Growing] = {}
        self._part_since_ns = 0
        self._next_seq = 1
        self._head = GENESIS

    def open(self) -> Recovery:
        """Find the end of the chain; a torn end is cut off. JournalError: cannot be used."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for leftover in self._folder.glob("*.tmp"):
                leftover.unlink()
            return self._recover()
        except OSError as error:
            raise JournalError(
                f"the journal {self._folder} cannot be opened ({error.strerror or error}); "
                "check its disk and rights"
            ) from None

    @property
    def head(self) -> str:
        """Hash of the last record's line: it stands for everything up to there."""
        return self._head

    def append(self, entries: Sequence[Entry]) -> list[int]:
        """Commit entries as a group; their sequence numbers. JournalError: none was committed."""
        seqs: list[int] = []
        lines: list[ChainLine] = []
        frames: dict[str, list[bytes]] = {}
        head, seq = self._head, self._next_seq
        for entry in entries:
            salt = secrets.token_bytes(SALT_BYTES)
            digest = payload_digest(salt, entry.payload)
            line = next_line(seq, entry.wall_us, entry.kind, entry.retention_class, digest, head)
            frames.setdefault(entry.retention_class, []).append(
                encode_frame(seq, salt, entry.payload)
            )
            lines.append(line)
            seqs.append(seq)
            head, seq = line.hash, seq + 1
        try:
            self._write(lines, frames)
        except OSError as error:
            self._take_back()
            raise JournalError(
                f"the journal {self._folder} cannot be written ({error.strerror or error}); "
                "free space on its disk; facts wait in the workers' spools meanwhile"
            ) from None
        self._head, self._next_seq = head, seq
        for growing in self._files.values():
            growing.commit()
        self._seal_if_due()
        return seqs

    def close(self) -> None:
        """Idempotent; everything appended is on disk already."""
        for growing in self._files.values():
            growing.close()
        self._files.clear()
        self._part = None

    def _write(self, lines: list[ChainLine], frames: dict[str, list[bytes]]) -> None:
        is_new_part = self._part is None
        if self._part is None:
            self._part = Part(self._folder, self._next_seq, is_sealed=False)
            self._part_since_ns = self._clock.mono_ns()
        known = set(self._files)
        for retention_class, parts in frames.items():
            self._file(retention_class, self._part.payload_path(retention_class)).append(
                b"".join(parts)
            )
        chain = self._file("", self._part.chain_path)
        chain.append(b"".join(line.encoded() for line in lines))
        if is_new_part or set(self._files) != known:
            sync_folder(self._folder)

    def _file(self, key: str, path: Path) -> _Growing:
        if key not in self._files:
            self._files[key] = _Growing(path)
        return self._files[key]

    def _take_back(self) -> None:
        for growing in self._files.values():
            growing.roll_back()

    def _seal_if_due(self) -> None:
        part = self._part
        if part is None:
            return
        size = sum(growing.size for growing in self._files.values())
        if size < SEAL_BYTES and self._clock.mono_ns() - self._part_since_ns < SEAL_NS:
            return
        part = replace(part, classes=tuple(name for name in self._files if name))
        self.close()
        # A part that cannot be sealed now stays open and readable, and is sealed at a later open.
        with contextlib.suppress(OSError):
            seal_part(part)

    def _recover(self) -> Recovery:
        problems: list[str] = []
        torn = 0
        parts = find_parts(self._folder)
        for part in parts[:-1]:
            if not part.is_sealed:
                with contextlib.suppress(OSError):
                    seal_part(part)
        if parts:
            try:
                torn = self._recover_last(parts[-1], problems)
            except zstandard.ZstdError as error:
                self._begin_after(parts[-1], error, problems)
        return Recovery(self._next_seq - 1, torn, tuple(problems))

    def _recover_last(self, part: Part, problems: list[str]) -> int:
        data = read_file(part.chain_path)
        good = _good_prefix(part, data, problems)
        torn = len(data) - good.end
        self._next_seq = good.last.seq + 1 if good.last else part.first_seq
        self._head = good.last.hash if good.last else self._head_before(part)
        if part.is_sealed:
            return 0
        if good.is_broken:
            # Nothing is deleted: a new part goes on after the highest number seen.
            highest = max(_seqs(data), default=part.first_seq)
            self._next_seq = max(self._next_seq, highest + 1)
            return 0
        if torn:
            os.truncate(part.chain_path, good.end)
        torn += self._cut_payloads(part)
        if good.last is None:
            part.chain_path.unlink()
            return torn
        self._part = part
        self._part_since_ns = self._clock.mono_ns()
        self._files = {"": _Growing(part.chain_path)}
        for retention_class, path in part.payload_paths().items():
            self._files[retention_class] = _Growing(path)
        return torn

    def _begin_after(self, part: Part, error: Exception, problems: list[str]) -> None:
        """Go on after a sealed part that cannot be unpacked; nothing of it is touched.

        Numbers must not come twice: the index would take later records for known ones.
        """
        problems.append(
            f"{part.chain_path.name}: cannot be read ({error}); it is left as it is, and a new "
            "part begins after it"
        )
        self._next_seq = max(self._next_seq, part.first_seq + _MOST_IN_A_PART)

    def _cut_payloads(self, part: Part) -> int:
        """Payloads whose chain line was never written are no records."""
        torn = 0
        for path in part.payload_paths().values():
            data = path.read_bytes()
            end = 0
            for frame_end, seq, _, _ in decode_frames(data):
                if seq >= self._next_seq:
                    break
                end = frame_end
            if end < len(data):
                torn += len(data) - end
                os.truncate(path, end)
            if not end:
                path.unlink()
        return torn

    def _head_before(self, part: Part) -> str:
        earlier = [p for p in find_parts(self._folder) if p.first_seq < part.first_seq]
        if not earlier:
            return GENESIS
        try:
            lines = read_file(earlier[-1].chain_path).splitlines()
        except zstandard.ZstdError:
            return GENESIS  # the verification names the damage; this part stands for itself
        last = parse_line(lines[-1]) if lines else None
        return last.hash if last else GENESIS


@dataclass(frozen=True)
class _Good:
    end: int
    last: ChainLine | None
    is_broken: bool


def _good_prefix(part: Part, data: bytes, problems: list[str]) -> _Good:
    """How far a chain file verifies: a torn last line is normal, anything else is a problem."""
    position = 0
    last: ChainLine | None = None
    payloads = _payload_seqs(part)
    while True:
        newline = data.find(b"\n", position)
        if newline < 0:
            return _Good(position, last, is_broken=False)
        line = parse_line(data[position:newline])
        is_last = newline + 1 == len(data)
        fault = _fault(line, last)
        if line is not None and not fault and not part.is_sealed and line.seq not in payloads:
            fault = "has no payload"
        if fault and is_last and not part.is_sealed:
            return _Good(position, last, is_broken=False)
        if fault:
            problems.append(f"{part.chain_path.name} at byte {position}: the record {fault}")
            return _Good(position, last, is_broken=True)
        last = line
        position = newline + 1


def _fault(line: ChainLine | None, last: ChainLine | None) -> str:
    if line is None:
        return "cannot be read"
    if not line.is_sound:
        return "does not fit its hash"
    if last is not None and (line.prev != last.hash or line.seq != last.seq + 1):
        return "does not follow the one before it"
    return ""


def _payload_seqs(part: Part) -> set[int]:
    found: set[int] = set()
    if part.is_sealed:
        return found
    for path in part.payload_paths().values():
        found.update(seq for _, seq, _, _ in decode_frames(path.read_bytes()))
    return found


def _seqs(data: bytes) -> list[int]:
    lines = (parse_line(line) for line in data.splitlines())
    return [line.seq for line in lines if line is not None]


class _Growing:
    """An open file that can be taken back to where its last commit ended."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o600)
        self._committed = self.size = os.lseek(self._descriptor, 0, os.SEEK_END)

    def append(self, data: bytes) -> None:
        """Write and sync. OSError: call `roll_back`."""
        if self.size != self._committed:
            self.roll_back(must=True)
        os.lseek(self._descriptor, self._committed, os.SEEK_SET)
        view = memoryview(data)
        while view:
            written = os.write(self._descriptor, view)
            self.size += written
            view = view[written:]
        os.fsync(self._descriptor)

    def commit(self) -> None:
        self._committed = self.size

    def roll_back(self, *, must: bool = False) -> None:
        """Drop what was not committed; what fails now is done before the next append."""
        try:
            os.ftruncate(self._descriptor, self._committed)
            self.size = self._committed
        except OSError:
            if must:
                raise

    def close(self) -> None:
        os.close(self._descriptor)
