"""Facts of keeping footage: where it lies, what may never go, what is on its way out."""

from __future__ import annotations

from typing import Literal

from nvr_app.contract.fact import Fact

MoveReason = Literal["returned", "tier", "reencoded", "archived"]
RootState = Literal["available", "missing", "foreign", "read_only", "full", "slow"]


class SegmentGarbage(Fact, frozen=True, kw_only=True, tag="segment_garbage"):
    """The file at this place is to be unlinked (invariant S4, first half).

    Journalled before the unlink; where the system refuses that, the place stays garbage, visible
    and tried again. After a move it is the old place, and the segment goes on at its new one.
    """

    camera_id: str
    segment_id: str
    root: str
    path: str
    reason: str


class SegmentMoved(Fact, frozen=True, kw_only=True, tag="segment_moved"):
    """The segment's footage lies here from now on: written, verified and synced before."""

    camera_id: str
    segment_id: str
    root: str
    path: str
    """Relative to the root, with forward slashes on every system."""
    size_bytes: int
    content_hash: str
    """BLAKE2b of 32 bytes over the whole file, in hex."""
    reason: MoveReason
    codec: str = ""
    """Its codec when it was encoded anew; empty: as it was."""


class SegmentKept(Fact, frozen=True, kw_only=True, tag="segment_kept"):
    """The segment was to be encoded anew and stays as it is; it is not tried for this again."""

    camera_id: str
    segment_id: str
    codec: str
    """What it was to become."""
    reason: str


class RootChanged(Fact, frozen=True, kw_only=True, tag="root_changed"):
    """A storage root went away, came back, filled up or became slow."""

    root: str
    state: RootState
    detail: str = ""


class FootageProtected(Fact, frozen=True, kw_only=True, tag="footage_protected"):
    """Footage that outlives every clean-up (invariant S6); the same id again changes it."""

    protection_id: str
    camera_ids: tuple[str, ...] = ()
    """Empty: all cameras."""
    start_wall_us: int
    end_wall_us: int
    until_wall_us: int | None = None
    """When the protection ends by itself; None: when somebody lifts it."""
    reason: str
    actor: str


class ProtectionEnded(Fact, frozen=True, kw_only=True, tag="protection_ended"):
    """Somebody lifted a protection: retention counts again."""

    protection_id: str
    reason: str
    actor: str


class ClipKept(Fact, frozen=True, kw_only=True, tag="clip_kept"):
    """The footage of an event, cut out and kept for its own time; synced before this is said."""

    clip_id: str
    event_id: str
    camera_id: str
    path: str
    """Relative to the data folder."""
    start_wall_us: int
    end_wall_us: int
    size_bytes: int
    content_hash: str


class ClipGone(Fact, frozen=True, kw_only=True, tag="clip_gone"):
    """A clip's file was unlinked, or is to be (it is journalled first)."""

    clip_id: str
    camera_id: str
    reason: str
