"""Snapshots of what is: cameras, rings, models, processes, engine."""

from __future__ import annotations

import msgspec

from nvr_app.contract.events import CameraState


class RingRef(msgspec.Struct, frozen=True, kw_only=True):
    """Where a frame ring lies; a camera that changes size announces a new one."""

    name: str
    width: int
    height: int
    slots: int


class CameraStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One camera as the wall shows it. Ages are at the moment of sampling."""

    camera_id: str
    name: str
    location: str
    status: CameraState
    since_wall_us: int
    detail: str = ""
    """Sentence for people: why, and what happens next."""
    next_try_wall_us: int = 0
    recording: bool = False
    received_fps: float = 0.0
    preview_fps: float = 0.0
    analysed_fps: float = 0.0
    nominal_fps: float = 0.0
    codec: str = ""
    width: int = 0
    height: int = 0
    bitrate_bps: float = 0.0
    last_fragment_wall_us: int = 0
    """When bytes of a recording last reached the file; 0 = not in this session."""
    ring: RingRef | None = None
    motion: bool = False
    reconnects: int = 0


class ModelStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of `/api/v1/model/status`."""

    state: str
    """loading, ready, missing, broken or disabled."""
    detail: str
    name: str = ""
    provider: str = ""
    input_size: str = ""
    sha256: str = ""
    inference_ms_p50: float = 0.0
    due_frames: int = 0
    analysed_frames: int = 0


class ProcessStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the supervisor's table."""

    name: str
    role: str
    state: str
    pid: int
    restarts: int
    uptime_s: float
    memory_bytes: int = 0
