"""Questions of ageing: which footage is old, what waits to be encoded anew, what grows how fast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Ask = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]

# Evidence: a protection counts from its start to its end, until its day, or until it is lifted.
_PROTECTED = (
    "EXISTS (SELECT 1 FROM protections AS p WHERE p.lifted_wall_us IS NULL "
    "AND coalesce(p.until_wall_us, 9223372036854775807) > ? "
    "AND p.start_wall_us < s.end_wall_us AND p.end_wall_us > s.start_wall_us "
    "AND (len(p.camera_ids) = 0 OR list_contains(p.camera_ids, s.camera_id)))"
)
_COLUMNS = (
    "s.segment_id, s.camera_id, s.root, s.path, s.start_wall_us, s.end_wall_us, s.size_bytes, "
    f"s.codec, s.content_hash, s.aged, {_PROTECTED}"
)
_CLOSED = "s.state = 'closed' AND s.end_wall_us IS NOT NULL"


class AgedRow(NamedTuple):
    """A closed segment."""

    segment_id: str
    camera_id: str
    root: str
    path: str
    start_wall_us: int
    end_wall_us: int
    size_bytes: int
    codec: str
    content_hash: str
    aged: str
    is_protected: bool


class GrowthRow(NamedTuple):
    """What one camera recorded since some time, and since when there is footage of it at all."""

    camera_id: str
    size_bytes: int
    first_wall_us: int
    oldest_wall_us: int


class EndedEventRow(NamedTuple):
    """An event that is over and has no clip."""

    event_id: str
    camera_id: str
    kind: str
    label: str
    score: float
    start_wall_us: int
    end_wall_us: int


class ClipRow(NamedTuple):
    """A clip that is kept."""

    clip_id: str
    event_id: str
    camera_id: str
    path: str
    start_wall_us: int
    end_wall_us: int
    size_bytes: int
    content_hash: str


class AgeingQuery:
    """Every method: StoreError, QueryTimeout."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def oldest(self, root: str, before_wall_us: int, now_wall_us: int, limit: int) -> list[AgedRow]:
        """Closed segments of a root that ended before that time, oldest first."""
        rows = self._ask(
            f"SELECT {_COLUMNS} FROM segments AS s WHERE {_CLOSED} AND s.root = ? "
            "AND s.end_wall_us < ? ORDER BY s.start_wall_us, s.segment_id LIMIT ?",
            [now_wall_us, root, before_wall_us, limit],
        )
        return [AgedRow(*row) for row in rows]

    def unaged(
        self,
        behind: Sequence[str],
        from_wall_us: int,
        until_wall_us: int,
        now_wall_us: int,
        limit: int,
    ) -> list[AgedRow]:
        """Closed, unprotected segments that ended in (from, until] and have been through none of
        the stages `behind`, oldest first; AV1 counts as through.
        """
        rows = self._ask(
            f"SELECT {_COLUMNS} FROM segments AS s WHERE {_CLOSED} "
            "AND s.end_wall_us > ? AND s.end_wall_us <= ? AND s.codec <> 'av1' "
            f"AND NOT list_contains(?::VARCHAR[], s.aged) AND NOT {_PROTECTED} "
            "ORDER BY s.start_wall_us, s.segment_id LIMIT ?",
            [now_wall_us, from_wall_us, until_wall_us, list(behind), now_wall_us, limit],
        )
        return [AgedRow(*row) for row in rows]

    def count_unaged(
        self, behind: Sequence[str], from_wall_us: int, until_wall_us: int, now_wall_us: int
    ) -> tuple[int, int]:
        """How many those are, and their bytes."""
        row = self._ask(
            f"SELECT count(*), coalesce(sum(s.size_bytes), 0) FROM segments AS s WHERE {_CLOSED} "
            "AND s.end_wall_us > ? AND s.end_wall_us <= ? AND s.codec <> 'av1' "
            f"AND NOT list_contains(?::VARCHAR[], s.aged) AND NOT {_PROTECTED}",
            [from_wall_us, until_wall_us, list(behind), now_wall_us],
        )[0]
        return int(row[0]), int(row[1])

    def growth(self, since_wall_us: int) -> list[GrowthRow]:
        """By camera, what was recorded since then and is closed; cameras without are left out."""
        rows = self._ask(
            "SELECT camera_id, sum(size_bytes) FILTER (start_wall_us >= ?) AS size, "
            "min(start_wall_us) FILTER (start_wall_us >= ?), min(start_wall_us) FROM segments "
            "WHERE state = 'closed' GROUP BY camera_id HAVING size IS NOT NULL ORDER BY camera_id",
            [since_wall_us, since_wall_us],
        )
        return [GrowthRow(*row) for row in rows]

    def arrived_by_root(self, since_wall_us: int) -> dict[str, int]:
        """Bytes of footage by root that was recorded since then and lies there now."""
        rows = self._ask(
            "SELECT root, sum(size_bytes) FROM segments "
            "WHERE state = 'closed' AND start_wall_us >= ? GROUP BY root",
            [since_wall_us],
        )
        return {str(root): int(size) for root, size in rows}

    def events_without_clip(
        self,
        since_wall_us: int,
        labels: Sequence[str],
        cameras: Sequence[str],
        minimum_score: float,
        limit: int,
    ) -> list[EndedEventRow]:
        """Events that began since then, are over and have no clip, newest first.

        No `cameras` means all.
        """
        rows = self._ask(
            "SELECT e.event_id, e.camera_id, e.kind, e.label, e.score, e.start_wall_us, "
            "e.end_wall_us FROM events AS e WHERE e.start_wall_us >= ? "
            "AND e.end_wall_us IS NOT NULL AND list_contains(?::VARCHAR[], e.label) "
            "AND (len(?::VARCHAR[]) = 0 OR list_contains(?::VARCHAR[], e.camera_id)) "
            "AND e.score >= ? "
            "AND NOT EXISTS (SELECT 1 FROM clips AS c WHERE c.event_id = e.event_id) "
            "ORDER BY e.start_wall_us DESC, e.event_id LIMIT ?",
            [since_wall_us, list(labels), list(cameras), list(cameras), minimum_score, limit],
        )
        return [EndedEventRow(*row) for row in rows]

    def clip_of(self, event_id: str) -> ClipRow | None:
        """The clip of an event, or None."""
        rows = self._ask(
            "SELECT clip_id, event_id, camera_id, path, start_wall_us, end_wall_us, size_bytes, "
            "content_hash FROM clips WHERE event_id = ? ORDER BY start_wall_us LIMIT 1",
            [event_id],
        )
        return ClipRow(*rows[0]) if rows else None
