"""Chores: work that may wait, given by the hub to the chores worker and safe to be given twice.

The hub decides what is to be done, the worker only does it. A chore is told again whenever one
of the two was started anew; what it says of the world are facts, never its progress.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Lane = Literal["delete", "bulk", "export"]
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


AnyChore = DeletePlaces | DeleteFiles
