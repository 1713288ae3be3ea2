"""What the chores worker is told at its start."""

from __future__ import annotations

import msgspec

from engine.recording.root_start import RootStart
from engine.storage_access.bucket_start import BucketStart


class ChoresWorkerStart(msgspec.Struct, frozen=True, kw_only=True):
    """Start message of the chores worker; what to do comes from the hub."""

    name: str
    data_dir: str
    roots: tuple[RootStart, ...]
    buckets: tuple[BucketStart, ...] = ()
    signing_key: str = ""
    """Seed of the key that exports are signed with, in hex. Empty: it cannot be read."""
