"""Facts that must not be lost: past tense, numbered per producer, journalled before announced."""

from __future__ import annotations

from typing import Literal

import msgspec

from nvr_app.contract.audit_facts import (
    BookmarkRemoved,
    BookmarkSet,
    DayCounted,
    EventsAnonymised,
    EventsDeleted,
    ExportAsked,
    ExportEnded,
    JournalSigned,
    PayloadsDropped,
    RetentionRan,
)
from nvr_app.contract.custody_facts import (
    ClipGone,
    ClipKept,
    FootageProtected,
    ProtectionEnded,
    RootChanged,
    SegmentGarbage,
    SegmentKept,
    SegmentMoved,
)
from nvr_app.contract.fact import Fact
from nvr_app.contract.geometry import Box

CameraState = Literal[
    "connecting", "active", "lost", "refused", "paused", "unsupported", "unwritable", "stopped"
]
GapReason = Literal[
    "engine_stopped", "camera_lost", "refused", "paused", "storage", "crashed", "unknown"
]
FootageOrigin = Literal["live", "card"]
"""From the camera's stream as it came, or fetched later from the camera's own card."""
EventKind = Literal["track", "motion", "system", "audio"]


class EngineStarted(Fact, frozen=True, kw_only=True, tag="engine_started"):
    """The hub opened its journal; a new instance id means that clients resync."""

    instance_id: str
    version: str


class EngineStopped(Fact, frozen=True, kw_only=True, tag="engine_stopped"):
    """An orderly stop; its absence before the next start means a crash or power cut."""

    instance_id: str


class RunStarted(Fact, frozen=True, kw_only=True, tag="run_started"):
    """One unbroken connection began. Wall time of a sample = anchor + (PTS - first PTS)."""

    camera_id: str
    run_id: str
    codec: str
    width: int
    height: int
    anchor_wall_us: int
    clock_offset_us: int = 0
    """How far the wall clock had stepped since the last run's anchor; of a replayed card, how far
    the camera's clock was ahead of ours (the anchor is by ours)."""


class RunEnded(Fact, frozen=True, kw_only=True, tag="run_ended"):
    """The run met a discontinuity; the sentence says which."""

    camera_id: str
    run_id: str
    reason: str


class SegmentOpened(Fact, frozen=True, kw_only=True, tag="segment_opened"):
    """A file was created under its final name; it can be read from now on."""

    camera_id: str
    segment_id: str
    run_id: str
    root: str
    path: str
    """Relative to the storage root, with forward slashes on every system."""
    start_wall_us: int
    codec: str
    width: int
    height: int
    has_audio: bool
    origin: FootageOrigin = "live"


class SegmentClosed(Fact, frozen=True, kw_only=True, tag="segment_closed"):
    """File and folder are synced (invariant S3): from now on its size is final."""

    camera_id: str
    segment_id: str
    root: str
    path: str
    start_wall_us: int
    end_wall_us: int
    size_bytes: int
    frames: int
    keyframes: int
    content_hash: str = ""
    """BLAKE2b of 32 bytes over the whole file, in hex: what `nvr check --hash` compares."""
    adopted: bool = False
    """Found on disk after a crash rather than closed by its writer (invariant S2)."""
    origin: FootageOrigin = "live"


class SegmentGone(Fact, frozen=True, kw_only=True, tag="segment_gone"):
    """The file is no longer there; `reason` says why (missing at check, unlinked …).

    With `root` and `path` only that place is gone: the segment itself may have been moved before.
    """

    camera_id: str
    segment_id: str
    reason: str
    root: str = ""
    path: str = ""


class GapEnded(Fact, frozen=True, kw_only=True, tag="gap_ended"):
    """Nothing was recorded in this interval; journalled when recording resumes."""

    camera_id: str
    start_wall_us: int
    end_wall_us: int
    reason: GapReason


class GapFilled(Fact, frozen=True, kw_only=True, tag="gap_filled"):
    """Footage from the camera's own card covers this part of a gap; the rest stays a gap."""

    camera_id: str
    start_wall_us: int
    end_wall_us: int


class CameraStateChanged(Fact, frozen=True, kw_only=True, tag="camera_state_changed"):
    """A camera went up or down; `detail` is the sentence for people."""

    camera_id: str
    state: CameraState
    detail: str = ""


class MotionEnded(Fact, frozen=True, kw_only=True, tag="motion_ended"):
    """An interval with motion, as a whole: one record, not one a frame."""

    camera_id: str
    event_id: str
    start_wall_us: int
    end_wall_us: int
    peak: float
    """Largest share of the picture in motion, 0..1."""


class TrackStarted(Fact, frozen=True, kw_only=True, tag="track_started"):
    """A track was confirmed. `frame_arrival_wall_us` belongs to the frame that confirmed it."""

    camera_id: str
    event_id: str
    label: str
    score: float
    start_wall_us: int
    frame_arrival_wall_us: int
    box: Box
    model: str
    snapshot: str = ""
    """Where its first picture is being written, relative to the data folder."""


class PathPoint(msgspec.Struct, frozen=True, array_like=True):
    """Foot point of a track: milliseconds after its start, x and y normalised."""

    offset_ms: int
    x: float
    y: float


class TrackEnded(Fact, frozen=True, kw_only=True, tag="track_ended"):
    """A track as a whole; `snapshot` is relative to the data folder, empty when none was kept."""

    camera_id: str
    event_id: str
    label: str
    score: float
    start_wall_us: int
    end_wall_us: int
    hits: int
    path: tuple[PathPoint, ...]
    best_box: Box
    best_wall_us: int
    snapshot: str
    model: str


class SystemNoted(Fact, frozen=True, kw_only=True, tag="system_noted"):
    """Something an operator should be able to look up later (a restart, a full disk …)."""

    source: str
    severity: Literal["info", "warning", "critical"]
    text: str
    camera_id: str = ""


AnyFact = (
    EngineStarted
    | EngineStopped
    | RunStarted
    | RunEnded
    | SegmentOpened
    | SegmentClosed
    | SegmentGone
    | GapEnded
    | GapFilled
    | CameraStateChanged
    | MotionEnded
    | TrackStarted
    | TrackEnded
    | SystemNoted
    | SegmentGarbage
    | SegmentMoved
    | SegmentKept
    | RootChanged
    | FootageProtected
    | ProtectionEnded
    | ClipKept
    | ClipGone
    | BookmarkSet
    | BookmarkRemoved
    | ExportAsked
    | ExportEnded
    | EventsAnonymised
    | EventsDeleted
    | RetentionRan
    | PayloadsDropped
    | DayCounted
    | JournalSigned
)

FACT_TYPES: tuple[type[Fact], ...] = AnyFact.__args__


class NumberedFact(msgspec.Struct, frozen=True, kw_only=True):
    """A fact with its producer's number: the hub drops doubles by (producer, number)."""

    number: int
    fact: AnyFact
