"""Spool: facts of one producer that the hub has not yet acknowledged, safe on disk.

A fact is appended (and flushed to the kernel, so that it survives the process) before its
producer goes on; `sync` makes it survive a power cut. Numbers grow by one and never repeat,
across restarts too. The file is emptied when everything in it has been acknowledged, and
rewritten when it grows past a bound while the hub is away.

Layout: a header line with the number of the first fact, then length-prefixed MessagePack.
"""

from __future__ import annotations

import logging
import os
import struct
import threading
from collections import deque
from pathlib import Path

import msgspec

from engine.base.atomic_file import write_atomic
from nvr_app.contract.events import AnyFact, NumberedFact

logger = logging.getLogger(__name__)

_LENGTH = struct.Struct(">I")
_REWRITE_ABOVE_BYTES = 1 * 1024**2
_REWRITE_EMPTY_ABOVE_BYTES = 64 * 1024
# Losing an index fact is repaired by `nvr check`; an unbounded spool on a full disk is not.
_MOST_FACTS = 100_000


class Spool:
    """One producer's file; any thread may append, one thread sends and acknowledges."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._pending: deque[NumberedFact] = deque()
        self._next_number = 1
        self._size_bytes = 0
        self._descriptor = -1
        self._encode = msgspec.msgpack.Encoder().encode
        self._acknowledged_number = 0
        self._acknowledged = threading.Condition(self._lock)
        self.appended = threading.Event()
        """Set when there is something to send; the sender clears it."""

    def start(self) -> None:
        """Read what an earlier process left; a torn last record is dropped."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._next_number, facts = _read(self._path)
        self._pending.extend(facts)
        if self._pending:
            self._next_number = self._pending[-1].number + 1
            self.appended.set()
        self._rewrite()

    def append(self, fact: AnyFact) -> int:
        """Keep a fact until it is acknowledged; return its number. OSError: the disk refused.

        Even then the fact is held in memory and will be sent, so only a crash before the
        acknowledgement can lose it.
        """
        with self._lock:
            numbered = NumberedFact(number=self._next_number, fact=fact)
            self._next_number += 1
            if len(self._pending) >= _MOST_FACTS:
                dropped = self._pending.popleft()
                logger.error("Spool %s is full: fact %d dropped", self._path.name, dropped.number)
            self._pending.append(numbered)
            self.appended.set()
            body = self._encode(numbered)
            record = _LENGTH.pack(len(body)) + body
            os.write(self._descriptor, record)
            self._size_bytes += len(record)
            return numbered.number

    def pending(self, after_number: int, most: int = 256) -> tuple[NumberedFact, ...]:
        """The oldest facts after this number, not yet acknowledged."""
        with self._lock:
            chosen: list[NumberedFact] = []
            for fact in self._pending:
                if fact.number > after_number:
                    chosen.append(fact)
                    if len(chosen) == most:
                        break
            return tuple(chosen)

    def acknowledge(self, number: int) -> None:
        """Forget facts up to this number."""
        with self._lock:
            while self._pending and self._pending[0].number <= number:
                self._pending.popleft()
            self._acknowledged_number = max(self._acknowledged_number, number)
            self._acknowledged.notify_all()
            # A hub that knows more than we do: our file was lost. Never reuse a number.
            self._next_number = max(self._next_number, number + 1)
            # An empty spool is cut short early, a full one only when it pays.
            limit = _REWRITE_ABOVE_BYTES if self._pending else _REWRITE_EMPTY_ABOVE_BYTES
            if self._size_bytes > limit:
                self._rewrite()

    def wait_acknowledged(self, number: int, timeout_s: float) -> bool:
        """Wait until the hub's journal has synced this fact and all before it; whether it has.

        Only for facts that were appended while this process lived.
        """
        with self._lock:
            return self._acknowledged.wait_for(
                lambda: self._acknowledged_number >= number, timeout_s
            )

    @property
    def last_number(self) -> int:
        """The number given last; 0 before the first."""
        return self._next_number - 1

    @property
    def backlog(self) -> int:
        """Facts waiting for the hub."""
        return len(self._pending)

    def sync(self) -> None:
        """Make what was appended survive a power cut."""
        descriptor = self._descriptor
        if descriptor >= 0:
            os.fsync(descriptor)

    def close(self) -> None:
        """Sync and close; idempotent."""
        with self._lock:
            if self._descriptor >= 0:
                os.fsync(self._descriptor)
                os.close(self._descriptor)
                self._descriptor = -1

    def _rewrite(self) -> None:
        records = [_record(self._encode(fact)) for fact in self._pending]
        data = f"{self._next_number - len(self._pending)}\n".encode() + b"".join(records)
        write_atomic(self._path, data)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        self._size_bytes = len(data)


def _record(body: bytes) -> bytes:
    return _LENGTH.pack(len(body)) + body


def _read(path: Path) -> tuple[int, list[NumberedFact]]:
    """The next number to give and the facts found."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return 1, []
    head, _, rest = data.partition(b"\n")
    first = int(head) if head.isdigit() else 1
    decode = msgspec.msgpack.Decoder(NumberedFact).decode
    facts: list[NumberedFact] = []
    offset = 0
    while offset + _LENGTH.size <= len(rest):
        (length,) = _LENGTH.unpack_from(rest, offset)
        body = rest[offset + _LENGTH.size : offset + _LENGTH.size + length]
        try:
            facts.append(decode(body))
        except msgspec.MsgspecError:
            logger.warning("Spool %s: torn record at byte %d dropped", path.name, offset)
            break
        offset += _LENGTH.size + length
    return (facts[-1].number + 1 if facts else first), facts
