"""What a camera worker is told at its start: all it needs to record without the hub."""

from __future__ import annotations

import msgspec

from engine.recording.root_start import RootStart
from nvr_app.contract.config import (
    CameraSettings,
    Credentials,
    DetectionSettings,
    RecordingSettings,
)


class CameraStart(msgspec.Struct, frozen=True, kw_only=True):
    """A camera and its login (from the secrets file; never printed)."""

    settings: CameraSettings
    credentials: Credentials | None = None


class CameraWorkerStart(msgspec.Struct, frozen=True, kw_only=True):
    """Start message of one camera worker."""

    name: str
    data_dir: str
    ring_owner: str
    """Ties shared memory to this data folder, so that leftovers can be swept."""
    recording: RecordingSettings
    detection: DetectionSettings
    roots: tuple[RootStart, ...]
    cameras: tuple[CameraStart, ...]
