"""What may end a replay."""

from __future__ import annotations

from engine.base.errors import EngineError


class ReplayError(EngineError):
    """The camera cannot or will not replay: what was tried, on what, and what to do."""


class ReplayRefusedError(ReplayError):
    """The camera wants another login."""


class NothingRecordedError(ReplayError):
    """The card holds nothing of the time that was asked for."""
