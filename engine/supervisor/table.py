"""The process table: one row a process, all that the supervisor knows of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

StartMessage = Callable[[], Mapping[str, object]]
"""Built anew at each start, so that a restarted child gets the settings of now."""


@dataclass(frozen=True, kw_only=True)
class ProcessRow:
    """A process that should run."""

    name: str
    role: str
    """Entry point, as the launcher knows it."""
    phase: int
    """Phases start in order, each once the earlier ones have sent a heartbeat or 3 s have gone:
    cameras come first, so that recording waits for nobody."""
    start_message: StartMessage
    heartbeat_limit_s: float
    startup_limit_s: float = 30.0
    """How long the first heartbeat may take."""
    memory_limit_bytes: int
    is_background: bool = False
    """Runs below normal priority."""
    fingerprint: str = ""
    """Changes when the settings that the process was started with change."""


Table = tuple[ProcessRow, ...]
TableSource = Callable[[], Table]
