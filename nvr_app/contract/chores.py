"""Chores: work that may wait, given by the hub to the chores worker and safe to be given twice.

The hub decides what is to be done, the worker only does it. A chore is told again whenever one
of the two was started anew; what it says of the world are facts, never its progress.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from nvr_app.contract.custody_facts import MoveReason
from nvr_app.contract.exporting import ExportOrder

Lane = Literal["delete", "bulk", "encode", "export"]
"""Chores of one lane are done one after the other; lanes do not wait for each other."""

ChoreState = Literal["waiting", "running", "done", "failed", "cancelled"]

FINAL_STATES: frozenset[ChoreState] = frozenset({"done", "failed", "cancelled"})


class Chore(msgspec.Struct, frozen=True, kw_only=True, tag_field="chore"):
    """Base of every chore; the id is minted by whoever wants it done."""

    chore_id: str


class Place(msgspec.Struct, frozen=True):
    """A segment's file: in which storage root, at which path below it."""

    camera_id: str
    segment_id: str
    root: str
    path: str
    size_bytes: int


class DeletePlaces(Chore, frozen=True, kw_only=True, tag="delete_places"):
    """Unlink these places in the order of invariant S4. A file that is gone already is no fault;
    a refused unlink, or a root that does not show its identity, stays garbage.
    """

    places: tuple[Place, ...]
    reason: str


class DeleteFiles(Chore, frozen=True, kw_only=True, tag="delete_files"):
    """Unlink files that are no segments: pictures of events, old logs, what was left over.

    Whatever makes them unneeded is journalled before this is asked for.
    """

    paths: tuple[str, ...]
    """Relative to the data folder, with forward slashes."""
    reason: str


class Footage(msgspec.Struct, frozen=True, kw_only=True):
    """A segment as it lies now: what a chore that reads it has to know."""

    place: Place
    start_wall_us: int
    end_wall_us: int
    """0 while it is being written."""
    content_hash: str
    """BLAKE2b of 32 bytes in hex; empty where none was journalled."""


class MoveFootage(Chore, frozen=True, kw_only=True, tag="move_footage"):
    """Copy these segments to another root or bucket, verify, and take away the old files (S4).

    A segment that cannot be moved stays where it is and counts as a failure.
    """

    footage: tuple[Footage, ...]
    to_root: str
    reason: MoveReason
    storage_class: str = ""
    """In a bucket; empty: the bucket's own."""
    with_manifest: bool = False
    """Write what was moved, with the hash of every file, into the target's `manifests`."""


class ReencodeFootage(Chore, frozen=True, kw_only=True, tag="reencode_footage"):
    """Encode one segment anew on its own root. Where that does not pay, or fails, it is said to
    be kept (`SegmentKept`) and stays as it is.
    """

    footage: Footage
    codec: Literal["hevc", "av1"]
    crf: int
    preset: str
    cpu_share: float
    """Of one core, on average."""


class CutClip(Chore, frozen=True, kw_only=True, tag="cut_clip"):
    """Cut an event out of its segments, without encoding, into `clips/` of the data folder."""

    clip_id: str
    event_id: str
    camera_id: str
    start_wall_us: int
    end_wall_us: int
    footage: tuple[Footage, ...]


class ExportFootage(Chore, frozen=True, kw_only=True, tag="export_footage"):
    """Cut, copy, hash and sign footage. Asked for again after a death, it goes on."""

    order: ExportOrder
    password: str = ""

    def __repr__(self) -> str:
        return f"ExportFootage(chore_id={self.chore_id!r}, export_id={self.order.export_id!r})"


class FillGap(Chore, frozen=True, kw_only=True, tag="fill_gap"):
    """Fetch footage of this time from the camera's own card into this root, as far as the card
    holds it. The hub asks only for time of which the index has no footage.
    """

    camera_id: str
    start_wall_us: int
    end_wall_us: int
    root: str


AnyChore = (
    DeletePlaces | DeleteFiles | MoveFootage | ReencodeFootage | CutClip | ExportFootage | FillGap
)
