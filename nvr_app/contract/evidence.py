"""Bookmarks, protections and exports as the API speaks of them."""

from __future__ import annotations

from typing import Literal

import msgspec

from nvr_app.contract.audit_facts import ExportOptions

ExportPhase = Literal["asked", "running", "done", "failed", "cancelled"]


class BookmarkBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A moment (start alone) or an interval to be marked; times as everywhere in the API."""

    start: str
    end: str = ""
    camera_ids: tuple[str, ...] = ()
    """Empty: all cameras."""
    title: str
    text: str = ""


class BookmarkView(msgspec.Struct, frozen=True, kw_only=True):
    bookmark_id: str
    camera_ids: tuple[str, ...]
    start_wall_us: int
    end_wall_us: int
    title: str
    text: str
    actor: str
    set_wall_us: int


class BookmarkList(msgspec.Struct, frozen=True, kw_only=True):
    bookmarks: tuple[BookmarkView, ...]


class ProtectionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Footage that no clean-up may take."""

    start: str
    end: str
    camera_ids: tuple[str, ...] = ()
    """Empty: all cameras."""
    until: str | None = None
    """When the protection ends by itself; null: when somebody lifts it."""
    reason: str


class ProtectionView(msgspec.Struct, frozen=True, kw_only=True):
    protection_id: str
    camera_ids: tuple[str, ...]
    start_wall_us: int
    end_wall_us: int
    until_wall_us: int | None
    reason: str
    actor: str
    set_wall_us: int
    lifted_wall_us: int | None


class ProtectionList(msgspec.Struct, frozen=True, kw_only=True):
    protections: tuple[ProtectionView, ...]


class ExportBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to leave. `folder` is one of the engine's machine; empty: `exports` in its data."""

    camera_ids: tuple[str, ...]
    start: str
    end: str
    folder: str = ""
    burn_time: bool = False
    masks: tuple[tuple[float, float, float, float], ...] = ()
    password: str = ""
    reason: str = ""


class ResumeBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    password: str = ""
    """Needed again for an encrypted export: it is kept nowhere."""


class ExportHole(msgspec.Struct, frozen=True, kw_only=True):
    """Time of the range without footage."""

    start_wall_us: int
    end_wall_us: int
    reason: str


class CameraForecast(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of one camera."""

    camera_id: str
    name: str
    recorded_s: float
    size_bytes: int
    files: int
    gaps: tuple[ExportHole, ...]
    nearest: str = ""
    """A sentence on the nearest footage where the range holds none."""


class ExportForecast(msgspec.Struct, frozen=True, kw_only=True):
    """What an export would do, before it does it."""

    cameras: tuple[CameraForecast, ...]
    size_bytes: int
    folder: str
    free_bytes: int | None
    """Where it would go; null when that place cannot be looked at."""
    fault: str = ""
    """Why it would be refused; empty when it would not."""


class ExportView(msgspec.Struct, frozen=True, kw_only=True):
    """An export and how far it is."""

    export_id: str
    camera_ids: tuple[str, ...]
    start_wall_us: int
    end_wall_us: int
    place: str
    """Its folder or archive."""
    options: ExportOptions
    actor: str
    asked_wall_us: int
    state: ExportPhase
    ended_wall_us: int | None
    done_bytes: int
    total_bytes: int
    detail: str
    files: int
    size_bytes: int
    manifest_hash: str


class ExportList(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    exports: tuple[ExportView, ...]


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """Whose signature this engine's exports bear."""

    key_id: str
    """The fingerprint that people compare."""
    public_key: str
    """As PEM."""
