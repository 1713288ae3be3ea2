"""The hash chain: one text line a record, each bound to the one before it.

`seq wall_us kind class payload_hash prev hash`, separated by single spaces; hashes are BLAKE2b of
32 bytes in hex. `hash` is taken over everything before it in the line, so any tool can verify it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

GENESIS = "0" * 64
_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")
_FIELDS = 7


@dataclass(frozen=True, slots=True)
class ChainLine:
    """One record of the chain, without its payload."""

    seq: int
    wall_us: int
    kind: str
    retention_class: str
    payload_hash: str
    prev: str
    hash: str

    def encoded(self) -> bytes:
        """The line as it lies in the file."""
        return f"{_body(self)} {self.hash}\n".encode("ascii")

    @property
    def is_sound(self) -> bool:
        """Whether the hash fits the rest of the line."""
        return _digest(_body(self)) == self.hash


def payload_digest(salt: bytes, payload: bytes) -> str:
    """What binds a payload to its line; the salt keeps short payloads from being guessed."""
    return hashlib.blake2b(salt + payload, digest_size=32).hexdigest()


def next_line(
    seq: int, wall_us: int, kind: str, retention_class: str, payload_hash: str, prev: str
) -> ChainLine:
    """Bind a record to the chain. ValueError for a kind or class that is no plain word."""
    for word in (kind, retention_class):
        if not _WORD.fullmatch(word):
            raise ValueError(f"{word!r} is no plain word of lower-case letters, digits and _")
    body = f"{seq} {wall_us} {kind} {retention_class} {payload_hash} {prev}"
    return ChainLine(seq, wall_us, kind, retention_class, payload_hash, prev, _digest(body))


def parse_line(line: bytes) -> ChainLine | None:
    """A line of a chain file (without its newline), or None when it is none."""
    try:
        texts = line.decode("ascii").split(" ")
        if len(texts) != _FIELDS:
            return None
        return ChainLine(int(texts[0]), int(texts[1]), *texts[2:])
    except ValueError:
        return None


def _body(line: ChainLine) -> str:
    return (
        f"{line.seq} {line.wall_us} {line.kind} {line.retention_class} "
        f"{line.payload_hash} {line.prev}"
    )


def _digest(body: str) -> str:
    return hashlib.blake2b(body.encode("ascii"), digest_size=32).hexdigest()
