"""What a `Range` header asks of a file (RFC 9110, one range). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.base.errors import EngineError

_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class UnsatisfiableRangeError(EngineError):
    """The range begins behind the end of the file."""


@dataclass(frozen=True)
class ByteRange:
    """From `start` on, `size` bytes."""

    start: int
    size: int

    def content_range(self, total: int) -> str:
        return f"bytes {self.start}-{self.start + self.size - 1}/{total}"


def choose_range(header: str, total: int) -> ByteRange | None:
    """The range asked for, cut to the file; None: the whole file (none or several asked for)."""
    match = _ONE_RANGE.fullmatch(header.strip().replace(" ", ""))
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        size = min(int(last), total)
        if size == 0:
            raise UnsatisfiableRangeError("the range holds no bytes")
        return ByteRange(total - size, size)
    start = int(first)
    if last and int(last) < start:
        return None  # no valid range: the header is to be ignored
    if start >= total:
        raise UnsatisfiableRangeError(f"the file ends at byte {total}")
    end = min(int(last) + 1, total) if last else total
    return ByteRange(start, end - start)
