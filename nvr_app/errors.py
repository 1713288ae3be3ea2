"""What a command says instead of a traceback."""

from __future__ import annotations


class UserError(Exception):
    """A sentence: what was tried, on what, what to do."""
