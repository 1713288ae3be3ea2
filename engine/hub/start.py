"""What the hub is told at its start."""

from __future__ import annotations

import msgspec

from engine.recording.root_start import RootStart
from engine.storage_access.bucket_start import BucketStart
from nvr_app.contract.config import Settings


class HubStart(msgspec.Struct, frozen=True, kw_only=True):
    """Start message of the hub process; a renewed one may come later with other cameras."""

    data_dir: str
    settings: Settings
    models_dirs: tuple[str, ...]
    version: str
    supervisor_pid: int
    supervisor_health_port: int
    instance_id: str
    roots: tuple[RootStart, ...] = ()
    buckets: tuple[BucketStart, ...] = ()
    public_key: str = ""
    """Of the key that exports are signed with: 32 bytes in hex. Empty: they cannot be signed."""
