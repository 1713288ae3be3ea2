"""What may go wrong with a camera's card."""

from __future__ import annotations

from engine.base.errors import EngineError


class CardError(EngineError):
    """The card cannot be asked or does not answer as it should: what, where, what to do."""


class CardRefusedError(CardError):
    """The camera wants another login."""


class NoProfileGError(CardError):
    """The camera does not offer its card over ONVIF."""
