"""What a batch of facts means for the tables: rows to add, to complete, to take away."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Row = dict[str, Any]
"""Column names to values of one table row; values are what DuckDB takes."""


class SegmentPlace(NamedTuple):
    """A segment, or (with root and path) one place where its file lay."""

    segment_id: str
    root: str
    path: str
    reason: str


EventRule = tuple[int, int, str]
"""Start and end in wall time, and a camera (empty: all): what befalls the events in between."""


@dataclass
class Changes:
    """Rows to add (by key, where later facts may complete them) and rows to complete."""

    runs: dict[str, Row] = field(default_factory=dict)
    run_ends: dict[str, Row] = field(default_factory=dict)
    segments: dict[str, Row] = field(default_factory=dict)
    segment_ends: dict[str, Row] = field(default_factory=dict)
    segments_kept: dict[str, Row] = field(default_factory=dict)
    segments_moved: dict[str, Row] = field(default_factory=dict)
    segments_gone: list[SegmentPlace] = field(default_factory=list)
    garbage: list[Row] = field(default_factory=list)
    events: dict[str, Row] = field(default_factory=dict)
    event_ends: dict[str, Row] = field(default_factory=dict)
    events_anonymised: list[EventRule] = field(default_factory=list)
    events_deleted: list[EventRule] = field(default_factory=list)
    gaps: list[Row] = field(default_factory=list)
    gaps_filled: list[tuple[str, int, int]] = field(default_factory=list)
    """Camera, start and end of footage that came later: gaps shrink to what it leaves."""
    camera_states: list[Row] = field(default_factory=list)
    root_states: list[Row] = field(default_factory=list)
    system_notes: list[Row] = field(default_factory=list)
    protections: dict[str, Row] = field(default_factory=dict)
    protections_lifted: dict[str, Row] = field(default_factory=dict)
    bookmarks: dict[str, Row] = field(default_factory=dict)
    bookmarks_removed: set[str] = field(default_factory=set)
    clips: dict[str, Row] = field(default_factory=dict)
    clips_gone: set[str] = field(default_factory=set)
    exports: dict[str, Row] = field(default_factory=dict)
    export_ends: dict[str, Row] = field(default_factory=dict)
    retention_runs: list[Row] = field(default_factory=list)
    day_counts: dict[tuple[str, str], Row] = field(default_factory=dict)
    journal_heads: list[Row] = field(default_factory=list)
    producers: dict[str, int] = field(default_factory=dict)
