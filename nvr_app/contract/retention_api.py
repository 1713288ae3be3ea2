"""Answers of `/api/v1/retention`."""

from __future__ import annotations

import msgspec

from nvr_app.contract.retention import Category, RetentionPolicy


class RetentionShare(msgspec.Struct, frozen=True, kw_only=True):
    """What of one camera goes (or would) and why; no camera: of the engine itself."""

    camera_id: str
    why: str
    items: int
    size_bytes: int
    oldest_wall_us: int
    newest_wall_us: int


class RetentionReport(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one category, or what a run would do."""

    category: Category
    is_dry_run: bool
    is_running: bool
    is_emergency: bool = False
    items: int
    size_bytes: int
    failures: int = 0
    detail: str = ""
    shares: tuple[RetentionShare, ...] = ()


class LastRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that ended."""

    category: str
    wall_us: int
    items: int
    size_bytes: int
    failures: int
    is_emergency: bool
    detail: str


class PolicyView(msgspec.Struct, frozen=True, kw_only=True):
    """A category: its policy, its next run, its last one."""

    category: str
    policy: RetentionPolicy
    next_run: str | None
    """ISO 8601 in UTC; None: nothing is ever due."""
    last: LastRun | None
    holds: str
    """What of this category there is in this version."""


class CameraHolding(msgspec.Struct, frozen=True, kw_only=True):
    """One camera's footage and what it is kept for."""

    camera_id: str
    segments: int
    size_bytes: int
    days_held: float
    """From its oldest footage until now."""
    retention_days: float | None
    """None: for good."""
    minimum_days: float
    quota_bytes: int


class RetentionOverview(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of `GET /api/v1/retention`."""

    policies: tuple[PolicyView, ...]
    cameras: tuple[CameraHolding, ...]
    running: tuple[RetentionReport, ...]
    recent: tuple[LastRun, ...]
    garbage: int
    """Files that are to be deleted and still there."""
    faults: tuple[str, ...]


class RetentionReports(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of `POST /api/v1/retention/run` and of `GET /api/v1/retention/runs/{ticket}`."""

    ticket: str = ""
    """Of a real run: what to ask by how far it is."""
    reports: tuple[RetentionReport, ...]
