"""Rows of the index, as readers get them."""

from __future__ import annotations

import msgspec

from nvr_app.contract.events import EventKind
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
    """A segment; state is open, closed or gone."""

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


class SpanRow(msgspec.Struct, frozen=True):
    """A stretch of one camera's time; `kind` is recorded, gap, motion or event."""

    camera_id: str
    kind: str
    start_wall_us: int
    end_wall_us: int
    count: int
    """How many segments, gaps or events were merged into it."""


class MarkRow(msgspec.Struct, frozen=True):
    """A bookmark or a protection in force; `camera_ids` empty: all cameras."""

    mark_id: str
    camera_ids: tuple[str, ...]
    start_wall_us: int
    end_wall_us: int
    text: str


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """What a stretch of time holds, ordered by camera and start."""

    recorded: list[SpanRow]
    gaps: list[SpanRow]
    events: list[SpanRow]
    """Motion and events, told apart by `kind`."""
    bookmarks: list[MarkRow]
    protections: list[MarkRow]
