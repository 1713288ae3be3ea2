"""Answers of the HTTP API, as types: the OpenAPI page and the desk's client come from them."""

from __future__ import annotations

import msgspec

from nvr_app.contract.config import RootRole
from nvr_app.contract.custody_facts import RootState
from nvr_app.contract.events import EventKind, FootageOrigin, PathPoint
from nvr_app.contract.geometry import Box
from nvr_app.contract.status import CameraStatus, ModelStatus, ProcessStatus


class ErrorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Any answer beyond 399: one sentence for people."""

    error: str


class CameraView(msgspec.Struct, frozen=True, kw_only=True):
    """A camera as the settings name it; URLs without logins."""

    camera_id: str
    name: str
    location: str
    kind: str
    main: str
    sub: str
    enabled: bool
    record: bool
    motion: bool
    detect: bool


class CameraList(msgspec.Struct, frozen=True, kw_only=True):
    cameras: tuple[CameraView, ...]


class CameraStatusList(msgspec.Struct, frozen=True, kw_only=True):
    cameras: tuple[CameraStatus, ...]


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """One event; `end_wall_us` is null while it lasts. `start` and `end` are ISO 8601 in UTC."""

    event_id: str
    camera_id: str
    kind: EventKind
    label: str
    score: float
    start_wall_us: int
    end_wall_us: int | None
    start: str
    end: str | None
    snapshot: str
    """Relative to the data folder; empty when none was kept."""
    model: str = ""
    best_box: Box | None = None
    site: str = ""
    node: str = ""


class EventDetail(msgspec.Struct, frozen=True, kw_only=True):
    event: EventView
    path: tuple[PathPoint, ...] = ()


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first; `next` is the `before` of the next page, null on the last."""

    events: tuple[EventView, ...]
    next: str | None


class SegmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A segment; `end_wall_us` is null while it is being written."""

    segment_id: str
    camera_id: str
    root: str
    path: str
    start_wall_us: int
    end_wall_us: int | None
    size_bytes: int
    state: str
    origin: FootageOrigin = "live"
    """`card`: fetched later from the camera's own card."""


class GapView(msgspec.Struct, frozen=True, kw_only=True):
    camera_id: str
    start_wall_us: int
    end_wall_us: int
    reason: str


class Recordings(msgspec.Struct, frozen=True, kw_only=True):
    segments: tuple[SegmentView, ...]
    gaps: tuple[GapView, ...]


class Span(msgspec.Struct, frozen=True, array_like=True):
    """An interval of wall time in µs and what it is (recorded, or a gap's reason)."""

    start_wall_us: int
    end_wall_us: int
    what: str


class CameraTimeline(msgspec.Struct, frozen=True, kw_only=True):
    """One camera's row, each subject in order of begin; neighbours nearer than a pixel are one.

    `what` of a gap is its reason, of an event its label, of a bookmark its title, of protected
    footage why. What lasts (an open segment, an event) ends now.
    """

    camera_id: str
    recorded: tuple[Span, ...] = ()
    gaps: tuple[Span, ...] = ()
    motion: tuple[Span, ...] = ()
    events: tuple[Span, ...] = ()
    alerts: tuple[Span, ...] = ()
    bookmarks: tuple[Span, ...] = ()
    protected: tuple[Span, ...] = ()


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    start_wall_us: int
    end_wall_us: int
    cameras: tuple[CameraTimeline, ...]


class RootUsage(msgspec.Struct, frozen=True, kw_only=True):
    """A storage root; `fault` says why it cannot be used."""

    name: str
    total_bytes: int
    free_bytes: int
    path: str = ""
    role: RootRole = "hot"
    state: RootState = "available"
    used_bytes: int = 0
    """Footage on it."""
    quota_bytes: int = 0
    """0: no bound but the floor."""
    floor_free_bytes: int = 0
    fault: str = ""


class SystemStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of `/api/v1/system/status`."""

    site: str
    node: str
    version: str
    instance_id: str
    uptime_s: float
    cameras: int
    recording: int
    disk_total_bytes: int
    disk_free_bytes: int
    cpu_percent: float
    """All our processes, in % of one core."""
    roots: tuple[RootUsage, ...]
    processes: tuple[ProcessStatus, ...]
    model: ModelStatus
    faults: tuple[str, ...] = ()
    """Sentences on what does not work at present."""


class Detected(msgspec.Struct, frozen=True, kw_only=True):
    """One detection; box = normalised x0, y0, x1, y1."""

    label: str
    score: float
    box: tuple[float, float, float, float]


class InferenceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    model: str
    took_ms: float
    detections: tuple[Detected, ...]


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """One health check: pass, warn or fail."""

    status: str
    response_time_ms: float
    message: str
    details: dict[str, object] = {}


class HealthAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`/health/ready` and `/health/deep`."""

    status: str
    timestamp: str
    service: str
    version: str
    checks: dict[str, CheckResult]


class Alive(msgspec.Struct, frozen=True, kw_only=True):
    """`/health`"""

    status: str
    timestamp: str
    service: str
    version: str
    uptime_seconds: int


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of a command: what was done, or will be."""

    message: str
