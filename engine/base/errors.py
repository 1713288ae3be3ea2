"""Root of the engine's exceptions: each message is a sentence for people."""

from __future__ import annotations


class EngineError(Exception):
    """What was tried, on what, and what to do about it."""
