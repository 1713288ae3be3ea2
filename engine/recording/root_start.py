"""A storage root in the start message of whoever writes to it."""

from __future__ import annotations

import msgspec


class RootStart(msgspec.Struct, frozen=True, kw_only=True):
    """A storage root with the identity it must show."""

    name: str
    path: str
    identity: str
