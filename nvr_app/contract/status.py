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


class OpenFile(msgspec.Struct, frozen=True, kw_only=True):
    """The segment that is being written. It can be read up to `size_bytes`: whole fragments, but
    for one of more than 1 MiB, of which the end may still be missing.
    """

    segment_id: str
    root: str
    path: str
    start_wall_us: int
    reach_wall_us: int
    """Wall time up to which there are pictures in the file; 0 = none yet."""
    size_bytes: int


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
    segment: OpenFile | None = None
    """What is being written right now."""
    disk_pending_bytes: int = 0
    """What waits in memory for the disk."""
    disk_is_slow: bool = False
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
