"""Ledger: what one camera was writing, so that its next worker can pick up after any death.

Written (atomically, without waiting for the disk) when a segment opens or closes. It survives
the death of the process; what a power cut takes from it, `nvr check` finds on the disk.
"""

from __future__ import annotations

from pathlib import Path

import msgspec


class OpenSegment(msgspec.Struct, frozen=True, kw_only=True):
    """A segment that was opened and not yet closed."""

    root: str
    path: str
    start_wall_us: int
    until_wall_us: int = 0
    """Where its footage was to end and that of its successor begins; 0 while it is the newest."""


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """One camera's book."""

    open: tuple[OpenSegment, ...] = ()
    last_end_wall_us: int = 0
    """Where recorded footage ended last; 0 = never recorded."""
    was_stopped: bool = False
    """The worker ended in order: what follows is a wanted gap, not a crash."""


def read_ledger(path: Path) -> Ledger:
    """The book, or an empty one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Ledger)
    except (OSError, msgspec.MsgspecError):
        return Ledger()


def write_ledger(path: Path, ledger: Ledger) -> None:
    """Replace the book. OSError: the disk refused."""
    temp = path.with_name(f".{path.name}.tmp")
    temp.write_bytes(msgspec.json.encode(ledger))
    temp.replace(path)
