"""What the store says when it cannot."""

from __future__ import annotations

from engine.base.errors import EngineError


class StoreError(EngineError):
    """The database could not be opened, read or written; recording goes on without it."""


class QueryTimeout(StoreError):  # noqa: N818  it is no error of the store: the question was too big
    """A query took longer than it may."""
