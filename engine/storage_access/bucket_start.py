"""A bucket in the start message of whoever reads or writes it."""

from __future__ import annotations

import msgspec

from nvr_app.contract.config import BucketSettings, Credentials


class BucketStart(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket and its login (from the secrets file; never printed)."""

    settings: BucketSettings
    login: Credentials | None = None
