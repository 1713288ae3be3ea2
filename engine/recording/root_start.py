"""A storage root in the start message of whoever reads or writes it."""

from __future__ import annotations

import msgspec

from nvr_app.contract.config import RootRole


class RootStart(msgspec.Struct, frozen=True, kw_only=True):
    """A storage root with the identity it must show."""

    name: str
    path: str
    identity: str
    role: RootRole = "hot"
    quota_bytes: int = 0
    floor_free_bytes: int = 0
