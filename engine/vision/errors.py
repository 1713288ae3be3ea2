"""What can be wrong with a model file."""

from __future__ import annotations

from engine.base.errors import EngineError


class ModelError(EngineError):
    """A model is missing, broken or of a shape that cannot be used; the sentence says which."""
