"""Rows of the index, as readers get them."""

from __future__ import annotations

import msgspec

from nvr_app.contract.events import EventKind, FootageOrigin
from nvr_app.contract.geometry import Box


class EventRow(msgspec.Struct, frozen=True):
    """An event; `end_wall_us` is None while it lasts."""

    event_id: str
    camera_id: str
    kind: EventKind
    label: str
    score: float
    start_wall_us: int
    end_wall_us: int | None
    snapshot: str
    model: str
    best_box: Box | None
    site: str
    node: str


class SegmentRow(msgspec.Struct, frozen=True):
    """A segment; state is open, closed, garbage or gone."""

    segment_id: str
    camera_id: str
    run_id: str
    root: str
    path: str
    start_wall_us: int
    end_wall_us: int | None
    size_bytes: int
    frames: int
    state: str
    codec: str
    content_hash: str
    origin: FootageOrigin = "live"


class GapRow(msgspec.Struct, frozen=True):
    """An interval without footage and why."""

    camera_id: str
    start_wall_us: int
    end_wall_us: int
    reason: str


class CameraStateRow(msgspec.Struct, frozen=True):
    """A change of a camera's state."""

    camera_id: str
    wall_us: int
    state: str
    detail: str
