"""Questions of ageing: which footage is old, what waits to be encoded anew, what grows how fast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Ask = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]

_COLUMNS = (
    "segment_id, camera_id, root, path, start_wall_us, end_wall_us, size_bytes, codec, "
    "content_hash, aged"
)
_CLOSED = "state = 'closed' AND end_wall_us IS NOT NULL"
_LONGEST_SEGMENT_US = 3_600_000_000
_CLIP_SLACK_US = 3_600_000_000
"""A clip begins at most so long before its event."""


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
        protected, values = self._protected(0, before_wall_us, now_wall_us)
        where = f"{_CLOSED} AND root = ? AND end_wall_us < ?"
        return self._first(where, [root, before_wall_us], protected, values, limit)

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
        where, values = self._unaged(behind, from_wall_us, until_wall_us, now_wall_us)
        return self._first(where, values, "false", [], limit)

    def count_unaged(
        self, behind: Sequence[str], from_wall_us: int, until_wall_us: int, now_wall_us: int
    ) -> tuple[int, int]:
        """How many those are, and their bytes."""
        where, values = self._unaged(behind, from_wall_us, until_wall_us, now_wall_us)
        row = self._ask(
            f"SELECT count(*), coalesce(sum(size_bytes), 0) FROM segments WHERE {where}", values
        )[0]
        return int(row[0]), int(row[1])

    def _unaged(
        self, behind: Sequence[str], from_wall_us: int, until_wall_us: int, now_wall_us: int
    ) -> tuple[str, list[object]]:
        protected, values = self._protected(from_wall_us, until_wall_us, now_wall_us)
        where = (
            f"{_CLOSED} AND end_wall_us > ? AND end_wall_us <= ? AND codec <> 'av1' "
            f"AND NOT list_contains(?::VARCHAR[], aged) AND NOT {protected}"
        )
        return where, [from_wall_us, until_wall_us, list(behind), *values]

    def _protected(
        self, from_wall_us: int, until_wall_us: int, now_wall_us: int
    ) -> tuple[str, list[object]]:
        """A condition that holds for evidence: what a protection in force touches.

        Spelt out, not joined: at a million segments a join took five times as long.
        """
        rows = self._ask(
            "SELECT start_wall_us, end_wall_us, camera_ids FROM protections "
            "WHERE lifted_wall_us IS NULL AND coalesce(until_wall_us, 9223372036854775807) > ? "
            "AND start_wall_us < ? AND end_wall_us > ?",
            [now_wall_us, until_wall_us, from_wall_us - _LONGEST_SEGMENT_US],
        )
        parts, values = [], list[object]()
        for start_us, end_us, cameras in rows:
            part = "start_wall_us < ? AND end_wall_us > ?"
            values += [end_us, start_us]
            if cameras:
                part += " AND list_contains(?::VARCHAR[], camera_id)"
                values.append(cameras)
            parts.append(f"({part})")
        return f"({' OR '.join(parts)})" if parts else "false", values

    def _first(
        self,
        where: str,
        values: list[object],
        protected: str,
        protected_values: list[object],
        limit: int,
    ) -> list[AgedRow]:
        """The oldest rows: how far they reach out of one column, then they alone."""
        starts = self._ask(
            f"SELECT start_wall_us FROM segments WHERE {where} ORDER BY start_wall_us LIMIT ?",
            [*values, limit],
        )
        if not starts:
            return []
        rows = self._ask(
            f"SELECT {_COLUMNS}, {protected} FROM segments WHERE {where} "
            "AND start_wall_us BETWEEN ? AND ? ORDER BY start_wall_us, segment_id LIMIT ?",
            [*protected_values, *values, starts[0][0], starts[-1][0], limit],
        )
        return [AgedRow(*row) for row in rows]

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
            "AND e.event_id NOT IN (SELECT c.event_id FROM clips AS c WHERE c.start_wall_us >= ?) "
            "ORDER BY e.start_wall_us DESC, e.event_id LIMIT ?",
            [
                since_wall_us,
                list(labels),
                list(cameras),
                list(cameras),
                minimum_score,
                since_wall_us - _CLIP_SLACK_US,
                limit,
            ],
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
