"""What a vision worker is told at its start."""

from __future__ import annotations

import msgspec

from nvr_app.contract.config import DetectionSettings


class VisionWorkerStart(msgspec.Struct, frozen=True, kw_only=True):
    """Start message of the vision worker; cameras are announced by the hub."""

    name: str
    data_dir: str
    models_dirs: tuple[str, ...]
    detection: DetectionSettings
