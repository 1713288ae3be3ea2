"""What the chores worker is told at its start."""

from __future__ import annotations

import msgspec

from engine.recording.root_start import RootStart
from engine.storage_access.bucket_start import BucketStart
from nvr_app.contract.config import Credentials, RecordingSettings


class CardStart(msgspec.Struct, frozen=True, kw_only=True):
    """A camera whose own card may fill gaps."""

    camera_id: str
    onvif: str
    credentials: Credentials | None
    verify_tls: bool = False


class ChoresWorkerStart(msgspec.Struct, frozen=True, kw_only=True):
    """Start message of the chores worker; what to do comes from the hub."""

    name: str
    data_dir: str
    roots: tuple[RootStart, ...]
    buckets: tuple[BucketStart, ...] = ()
    signing_key: str = ""
    """Seed of the key that exports are signed with, in hex. Empty: it cannot be read."""
    cards: tuple[CardStart, ...] = ()
    recording: RecordingSettings = msgspec.field(default_factory=RecordingSettings)
