"""What the journal says was recorded, without the database: facts in order, over a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.journal.payload import JournalledFact
from nvr_app.contract.custody_facts import (
    FootageProtected,
    ProtectionEnded,
    SegmentGarbage,
    SegmentMoved,
)
from nvr_app.contract.events import GapEnded, SegmentClosed, SegmentGone, SegmentOpened


@dataclass(frozen=True)
class SegmentFacts:
    """One segment as the journal knows it; where its file lies now."""

    segment_id: str
    camera_id: str
    root: str
    path: str
    start_wall_us: int
    end_wall_us: int | None
    size_bytes: int
    content_hash: str
    state: str
    """open, closed, garbage (to be unlinked) or gone."""


@dataclass(frozen=True)
class Protection:
    """Footage that must not go; no cameras: all of them."""

    camera_ids: tuple[str, ...]
    start_wall_us: int
    end_wall_us: int
    until_wall_us: int | None

    def holds(self, segment: SegmentFacts, now_wall_us: int) -> bool:
        """Whether it keeps this segment at that moment (invariant S6)."""
        end_us = segment.end_wall_us if segment.end_wall_us is not None else segment.start_wall_us
        return (
            (self.until_wall_us is None or self.until_wall_us > now_wall_us)
            and (not self.camera_ids or segment.camera_id in self.camera_ids)
            and segment.start_wall_us < self.end_wall_us
            and end_us > self.start_wall_us
        )


@dataclass
class FootageView:
    """Segments by id, gaps by camera, places to be unlinked, protections in force."""

    segments: dict[str, SegmentFacts] = field(default_factory=dict)
    gaps: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    garbage: dict[tuple[str, str], str] = field(default_factory=dict)
    """Segment id by (root, path)."""
    protections: dict[str, Protection] = field(default_factory=dict)
    unlawful: list[SegmentFacts] = field(default_factory=list)
    """Set aside for deletion while a protection held them."""

    def take(self, facts: Iterable[JournalledFact]) -> None:
        """Apply facts in order."""
        # Each takes the one fact type that it stands under.
        handlers: Mapping[type, Callable[[Any], None]] = {
            SegmentOpened: self._opened,
            SegmentClosed: self._closed,
            SegmentMoved: self._moved,
            SegmentGarbage: self._garbage,
            SegmentGone: self._gone,
            GapEnded: self._gap,
            FootageProtected: self._protected,
            ProtectionEnded: self._lifted,
        }
        for journalled in facts:
            handler = handlers.get(type(journalled.fact))
            if handler is not None:
                handler(journalled.fact)

    def _opened(self, fact: SegmentOpened) -> None:
        self.segments[fact.segment_id] = SegmentFacts(
            fact.segment_id, fact.camera_id, fact.root, fact.path, fact.start_wall_us,
            None, 0, "", "open",
        )  # fmt: skip

    def _closed(self, fact: SegmentClosed) -> None:
        self.segments[fact.segment_id] = SegmentFacts(
            fact.segment_id, fact.camera_id, fact.root, fact.path, fact.start_wall_us,
            fact.end_wall_us, fact.size_bytes, fact.content_hash, "closed",
        )  # fmt: skip

    def _moved(self, fact: SegmentMoved) -> None:
        known = self.segments.get(fact.segment_id)
        if known is not None:
            if (known.root, known.path) != (fact.root, fact.path):
                # Also where the worker was killed before it could say so.
                self.garbage[known.root, known.path] = fact.segment_id
            self.segments[fact.segment_id] = replace(
                known,
                root=fact.root,
                path=fact.path,
                size_bytes=fact.size_bytes,
                content_hash=fact.content_hash,
            )

    def _garbage(self, fact: SegmentGarbage) -> None:
        self.garbage[fact.root, fact.path] = fact.segment_id
        known = self.segments.get(fact.segment_id)
        if known is None or (known.root, known.path) != (fact.root, fact.path):
            return
        marked = replace(known, state="garbage")
        self.segments[fact.segment_id] = marked
        if any(one.holds(known, fact.wall_us) for one in self.protections.values()):
            self.unlawful.append(marked)

    def _gone(self, fact: SegmentGone) -> None:
        known = self.segments.get(fact.segment_id)
        if fact.path:
            self.garbage.pop((fact.root, fact.path), None)
        else:
            places = [place for place, one in self.garbage.items() if one == fact.segment_id]
            for place in places:
                del self.garbage[place]
        if known is not None and (
            not fact.path or (known.root, known.path) == (fact.root, fact.path)
        ):
            self.segments[fact.segment_id] = replace(known, state="gone")

    def _gap(self, fact: GapEnded) -> None:
        self.gaps.setdefault(fact.camera_id, []).append((fact.start_wall_us, fact.end_wall_us))

    def _protected(self, fact: FootageProtected) -> None:
        self.protections[fact.protection_id] = Protection(
            fact.camera_ids, fact.start_wall_us, fact.end_wall_us, fact.until_wall_us
        )

    def _lifted(self, fact: ProtectionEnded) -> None:
        self.protections.pop(fact.protection_id, None)
