"""What may end a chore."""

from __future__ import annotations

from engine.base.errors import EngineError


class ChoreError(EngineError):
    """The chore cannot be done: what was tried, on what, and what to do."""


class ChoreCancelledError(EngineError):
    """Somebody took it back, or this process is to stop."""
