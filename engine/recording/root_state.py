"""Which storage root takes the next segment. Pure: states in, choice out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.recording.storage_root import StorageError, StorageRoot

RootFault = Literal["", "missing", "foreign", "read_only", "failing", "hung", "full"]

OVERFLOW_SHARE = 0.8
"""From this fullness on new segments go to the next root, where one is emptier."""
SETTLE_NS = 10_000_000_000
"""A root that came back must stay well this long before it is preferred again: no flapping."""


@dataclass(frozen=True, kw_only=True)
class RootState:
    """One root as it was last seen."""

    root: StorageRoot
    fault: RootFault = ""
    detail: str = ""
    """Sentence for people; empty while it is well."""
    total_bytes: int = 0
    free_bytes: int = 0
    used_bytes: int = 0
    """Footage on it, as far as it is known; counts against its quota."""
    settled_at_ns: int = 0
    """Monotonic time from which it counts as steadily well; 0 = always was."""

    @property
    def fullness(self) -> float:
        """Share in use, of the disk or of the quota, whichever is tighter; 0..1 and beyond."""
        disk = 1.0 - self.free_bytes / self.total_bytes if self.total_bytes else 0.0
        quota = self.used_bytes / self.root.quota_bytes if self.root.quota_bytes else 0.0
        return max(disk, quota)

    @property
    def shortage(self) -> str:
        """Why there is no room for another segment; empty while there is."""
        root = self.root
        if self.total_bytes and self.free_bytes < root.floor_free_bytes:
            return (
                f"storage root {root.name} at {root.path} has "
                f"{self.free_bytes // 1024**2} MiB free, below its floor of "
                f"{_mib(root.floor_free_bytes)}: free some, or add a root"
            )
        if root.quota_bytes and self.used_bytes >= root.quota_bytes:
            return (
                f"storage root {root.name} holds {_mib(self.used_bytes)} of footage, its quota is "
                f"{_mib(root.quota_bytes)}: keep less, or raise quota_bytes"
            )
        return ""

    @property
    def trouble(self) -> str:
        """Why it takes no footage; empty while it does."""
        return self.detail if self.fault else self.shortage


def choose_root(states: tuple[RootState, ...], now_ns: int) -> RootState:
    """The root for a new segment. StorageError names what is wrong with each hot root.

    In the order of the settings: the first hot root with room that is not 80 % full; when all
    are, the first with room. One that has just come back stands behind those that were well.
    """
    able = [state for state in states if state.root.role == "hot" and not state.trouble]
    steady = [state for state in able if state.settled_at_ns <= now_ns] or able
    for state in steady:
        if state.fullness < OVERFLOW_SHARE:
            return state
    if steady:
        return steady[0]
    faults = [state.trouble for state in states if state.root.role == "hot"]
    raise StorageError("; ".join(faults) or "no storage root takes new footage: none is hot")


def _mib(count: int) -> str:
    return f"{count // 1024**2} MiB"
