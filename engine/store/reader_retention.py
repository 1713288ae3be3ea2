"""What retention asks of the index: candidates page by page, totals, protections, garbage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from engine.retention.choose import Held
from engine.retention.shield import Protection
from engine.store.errors import StoreError

Ask = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]

_MOST_PROTECTIONS = 100_000
_HELD = "camera_id, segment_id, root, path, start_wall_us, end_wall_us, size_bytes"


class HeldTotal(NamedTuple):
    """Footage of one camera in one root."""

    camera_id: str
    root: str
    segments: int
    size_bytes: int
    oldest_wall_us: int
    newest_wall_us: int


class RunRow(NamedTuple):
    """A clean-up that ended."""

    wall_us: int
    category: str
    items: int
    size_bytes: int
    failures: int
    is_emergency: bool
    detail: str


class OldEvents(NamedTuple):
    """Events of one camera that still bear pictures, boxes or paths."""

    camera_id: str
    first_wall_us: int
    last_wall_us: int
    events: int


class RetentionQueries:
    """For one thread, as its reader is. Every method: StoreError, QueryTimeout."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def held(
        self,
        *,
        ended_before_us: int,
        ended_from_us: int = 0,
        after: tuple[int, str] = (-1, ""),
        camera_id: str | None = None,
        root: str | None = None,
        limit: int = 5_000,
    ) -> list[Held]:
        """Closed segments that ended in [from, before), oldest first, behind the last page."""
        where = ["state = 'closed'", "end_wall_us < ?", "end_wall_us >= ?", "start_wall_us >= ?",
                 "(start_wall_us > ? OR segment_id > ?)"]  # fmt: skip
        values: list[object] = [ended_before_us, ended_from_us, after[0], *after]
        for column, value in (("camera_id", camera_id), ("root", root)):
            if value is not None:
                where.append(f"{column} = ?")
                values.append(value)
        rows = self._ask(
            f"SELECT {_HELD} FROM segments WHERE {' AND '.join(where)} "
            "ORDER BY start_wall_us, segment_id LIMIT ?",
            [*values, limit],
        )
        return [Held(*row) for row in rows]

    def totals(self) -> list[HeldTotal]:
        """What is held, by camera and root, open segments included."""
        rows = self._ask(
            "SELECT camera_id, root, count(*), sum(size_bytes)::BIGINT, min(start_wall_us), "
            "max(coalesce(end_wall_us, start_wall_us)) FROM segments "
            "WHERE state IN ('open', 'closed') GROUP BY camera_id, root ORDER BY camera_id, root",
            [],
        )
        return [HeldTotal(*row) for row in rows]

    def protections(self, now_us: int) -> list[Protection]:
        """What is protected now, and the footage of exports that are under way."""
        rows = self._ask(
            "SELECT camera_ids, start_wall_us, end_wall_us FROM protections "
            "WHERE lifted_wall_us IS NULL AND (until_wall_us IS NULL OR until_wall_us > ?) "
            "UNION ALL SELECT camera_ids, start_wall_us, end_wall_us FROM exports "
            "WHERE state = 'asked' LIMIT ?",
            [now_us, _MOST_PROTECTIONS + 1],
        )
        if len(rows) > _MOST_PROTECTIONS:
            raise StoreError(f"there are more than {_MOST_PROTECTIONS} protections: lift some")
        return [Protection(tuple(cameras), start, end) for cameras, start, end in rows]

    def garbage(self, limit: int = 5_000) -> list[Held]:
        """Places that are to be unlinked and are not gone yet, the longest waiting first.

        Where only an old place of a segment goes, it ends at 0, before any protection begins.
        """
        rows = self._ask(
            "SELECT g.camera_id, g.segment_id, g.root, g.path, coalesce(s.start_wall_us, 0), "
            "coalesce(s.end_wall_us, 0), coalesce(s.size_bytes, 0) "
            "FROM garbage g LEFT JOIN segments s "
            "ON s.segment_id = g.segment_id AND s.root = g.root AND s.path = g.path "
            "ORDER BY g.wall_us, g.segment_id LIMIT ?",
            [limit],
        )
        return [Held(*row) for row in rows]

    def garbage_total(self) -> int:
        """How many places wait to be unlinked."""
        return int(self._ask("SELECT count(*) FROM garbage", [])[0][0])

    def last_runs(self, limit: int = 100) -> list[RunRow]:
        """Clean-ups that ended, newest first."""
        rows = self._ask(
            "SELECT wall_us, category, items, size_bytes, failures, is_emergency, detail "
            "FROM retention_runs ORDER BY wall_us DESC LIMIT ?",
            [limit],
        )
        return [RunRow(*row) for row in rows]

    def events_with_pictures(self, before_us: int) -> list[OldEvents]:
        """Events that began before then and still bear what anonymising takes, by camera."""
        rows = self._ask(
            "SELECT camera_id, min(start_wall_us), max(start_wall_us), count(*) FROM events "
            "WHERE start_wall_us < ? AND "
            "(snapshot <> '' OR len(best_box) > 0 OR len(track_path) > 0) "
            "GROUP BY camera_id ORDER BY camera_id",
            [before_us],
        )
        return [OldEvents(*row) for row in rows]

    def events_before(self, before_us: int) -> list[OldEvents]:
        """Events that began before then, by camera."""
        rows = self._ask(
            "SELECT camera_id, min(start_wall_us), max(start_wall_us), count(*) FROM events "
            "WHERE start_wall_us < ? GROUP BY camera_id ORDER BY camera_id",
            [before_us],
        )
        return [OldEvents(*row) for row in rows]

    def clips(self, ended_before_us: int, limit: int = 1_000) -> list[Held]:
        """Clips that ended before then, oldest first; the root is the data folder."""
        rows = self._ask(
            "SELECT camera_id, clip_id, '', path, start_wall_us, end_wall_us, size_bytes "
            "FROM clips WHERE end_wall_us < ? ORDER BY start_wall_us, clip_id LIMIT ?",
            [ended_before_us, limit],
        )
        return [Held(*row) for row in rows]
