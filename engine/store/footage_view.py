"""What the journal says was recorded, without any database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from engine.journal.payload import JournalledFact
from nvr_app.contract.events import GapEnded, SegmentClosed, SegmentGone, SegmentOpened


@dataclass(frozen=True)
class SegmentFacts:
    """One segment as the journal knows it."""

    segment_id: str
    camera_id: str
    root: str
    path: str
    start_wall_us: int
    end_wall_us: int | None
    size_bytes: int
    content_hash: str
    state: str


@dataclass
class FootageView:
    """Segments by id and gaps by camera."""

    segments: dict[str, SegmentFacts] = field(default_factory=dict)
    gaps: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    last_wall_us: int = 0

    def take(self, facts: Iterable[JournalledFact]) -> None:
        """Apply facts in order."""
        for journalled in facts:
            fact = journalled.fact
            self.last_wall_us = max(self.last_wall_us, fact.wall_us)
            match fact:
                case SegmentOpened():
                    self._opened(fact)
                case SegmentClosed():
                    self._closed(fact)
                case SegmentGone(segment_id=segment_id) if segment_id in self.segments:
                    known = self.segments[segment_id]
                    self.segments[segment_id] = replace(known, state="gone")
                case GapEnded():
                    self.gaps.setdefault(fact.camera_id, []).append(
                        (fact.start_wall_us, fact.end_wall_us)
                    )
                case _:
                    pass

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
