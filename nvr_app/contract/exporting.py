"""An export as the hub orders it: everything that the worker needs, so that it asks nobody."""

from __future__ import annotations

import msgspec

from nvr_app.contract.audit_facts import ExportOptions
from nvr_app.contract.events import FootageOrigin


class ExportSegment(msgspec.Struct, frozen=True, kw_only=True):
    """A segment that holds a part of the range; `end_wall_us` is None while it is written."""

    segment_id: str
    run_id: str
    root: str
    path: str
    start_wall_us: int
    end_wall_us: int | None
    size_bytes: int
    content_hash: str
    clock_offset_us: int = 0
    origin: FootageOrigin = "live"


class ExportGap(msgspec.Struct, frozen=True, kw_only=True):
    """Known time without footage."""

    start_wall_us: int
    end_wall_us: int
    reason: str


class ExportCamera(msgspec.Struct, frozen=True, kw_only=True):
    """A camera that was asked for, and what the index knows of its range."""

    camera_id: str
    name: str
    location: str = ""
    segments: tuple[ExportSegment, ...] = ()
    """In the order of time."""
    gaps: tuple[ExportGap, ...] = ()


class ExportOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What to export, whereto, and what the manifest is to say of it."""

    export_id: str
    start_wall_us: int
    end_wall_us: int
    folder: str
    options: ExportOptions
    actor: str
    site: str
    node: str
    software: str
    journal_seq: int
    journal_head: str
    cameras: tuple[ExportCamera, ...]
