"""Bookmarks, protections, exports and what an export needs to know, from the index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from nvr_app.contract.audit_facts import ExportOptions
from nvr_app.contract.exporting import ExportGap, ExportSegment

Ask = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]
_LONGEST_SEGMENT_US = 3_600_000_000
_FAR = 2**62


class BookmarkRow(msgspec.Struct, frozen=True):
    bookmark_id: str
    camera_ids: tuple[str, ...]
    start_wall_us: int
    end_wall_us: int
    title: str
    text: str
    actor: str
    wall_us: int


class ProtectionRow(msgspec.Struct, frozen=True):
    protection_id: str
    camera_ids: tuple[str, ...]
    start_wall_us: int
    end_wall_us: int
    until_wall_us: int | None
    reason: str
    actor: str
    wall_us: int
    lifted_wall_us: int | None


class ExportRow(msgspec.Struct, frozen=True):
    """`state` is asked until its end is journalled."""

    export_id: str
    camera_ids: tuple[str, ...]
    start_wall_us: int
    end_wall_us: int
    folder: str
    options: ExportOptions
    actor: str
    wall_us: int
    state: str
    ended_wall_us: int | None
    detail: str
    files: int
    size_bytes: int
    manifest_hash: str


_BOOKMARK = "bookmark_id, camera_ids, start_wall_us, end_wall_us, title, text, actor, wall_us"
_PROTECTION = (
    "protection_id, camera_ids, start_wall_us, end_wall_us, until_wall_us, reason, actor, "
    "wall_us, lifted_wall_us"
)
_EXPORT = (
    "export_id, camera_ids, start_wall_us, end_wall_us, folder, options, actor, wall_us, state, "
    "ended_wall_us, detail, files, size_bytes, manifest_hash"
)
_OF_CAMERA = "(? IS NULL OR len(camera_ids) = 0 OR list_contains(camera_ids, ?))"


class EvidenceReader:
    """Questions of evidence; made of a reader's cursor, and used where that may be."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def bookmarks(
        self, start_us: int, end_us: int, camera_id: str | None = None, limit: int = 1000
    ) -> list[BookmarkRow]:
        """Bookmarks that touch [start, end), newest first."""
        rows = self._ask(
            f"SELECT {_BOOKMARK} FROM bookmarks WHERE start_wall_us < ? AND end_wall_us >= ? "
            f"AND {_OF_CAMERA} ORDER BY start_wall_us DESC, bookmark_id LIMIT ?",
            [end_us, start_us, camera_id, camera_id, limit],
        )
        return [BookmarkRow(row[0], tuple(row[1]), *row[2:]) for row in rows]

    def bookmark(self, bookmark_id: str) -> BookmarkRow | None:
        rows = self._ask(
            f"SELECT {_BOOKMARK} FROM bookmarks WHERE bookmark_id = ? LIMIT 1", [bookmark_id]
        )
        return BookmarkRow(rows[0][0], tuple(rows[0][1]), *rows[0][2:]) if rows else None

    def protections(
        self,
        start_us: int = 0,
        end_us: int = _FAR,
        camera_id: str | None = None,
        in_force_at_us: int | None = None,
        limit: int = 1000,
    ) -> list[ProtectionRow]:
        """Protections that touch [start, end), newest first; those in force at a moment alone."""
        rows = self._ask(
            f"SELECT {_PROTECTION} FROM protections WHERE start_wall_us < ? AND end_wall_us > ? "
            f"AND {_OF_CAMERA} AND (? IS NULL OR (lifted_wall_us IS NULL "
            "AND coalesce(until_wall_us, 9223372036854775807) > ?)) "
            "ORDER BY wall_us DESC, protection_id LIMIT ?",
            [end_us, start_us, camera_id, camera_id, in_force_at_us, in_force_at_us, limit],
        )
        return [ProtectionRow(row[0], tuple(row[1]), *row[2:]) for row in rows]

    def protection(self, protection_id: str) -> ProtectionRow | None:
        rows = self._ask(
            f"SELECT {_PROTECTION} FROM protections WHERE protection_id = ? LIMIT 1",
            [protection_id],
        )
        return ProtectionRow(rows[0][0], tuple(rows[0][1]), *rows[0][2:]) if rows else None

    def exports(self, limit: int = 100) -> list[ExportRow]:
        """Newest first."""
        rows = self._ask(
            f"SELECT {_EXPORT} FROM exports ORDER BY wall_us DESC, export_id LIMIT ?", [limit]
        )
        return [_export(row) for row in rows]

    def exports_asked(self, limit: int = 100) -> list[ExportRow]:
        """Those whose end is not journalled, oldest first."""
        rows = self._ask(
            f"SELECT {_EXPORT} FROM exports WHERE state = 'asked' ORDER BY wall_us LIMIT ?",
            [limit],
        )
        return [_export(row) for row in rows]

    def export(self, export_id: str) -> ExportRow | None:
        rows = self._ask(f"SELECT {_EXPORT} FROM exports WHERE export_id = ? LIMIT 1", [export_id])
        return _export(rows[0]) if rows else None

    def export_segments(
        self, camera_id: str, start_us: int, end_us: int, limit: int
    ) -> list[ExportSegment]:
        """Segments of a camera that touch [start, end), in order, with their runs' clock steps."""
        rows = self._ask(
            "SELECT s.segment_id, s.run_id, s.root, s.path, s.start_wall_us, s.end_wall_us, "
            "s.size_bytes, s.content_hash, coalesce(r.clock_offset_us, 0), s.origin "
            "FROM segments s LEFT JOIN runs r ON r.run_id = s.run_id "
            "WHERE s.camera_id = ? AND s.start_wall_us >= ? AND s.start_wall_us < ? "
            "AND coalesce(s.end_wall_us, 9223372036854775807) > ? "
            "AND s.state IN ('open', 'closed') ORDER BY s.start_wall_us, s.segment_id LIMIT ?",
            [camera_id, start_us - _LONGEST_SEGMENT_US, end_us, start_us, limit],
        )
        return [
            ExportSegment(
                segment_id=row[0], run_id=row[1], root=row[2], path=row[3], start_wall_us=row[4],
                end_wall_us=row[5], size_bytes=row[6], content_hash=row[7], clock_offset_us=row[8],
                origin=row[9],
            )
            for row in rows
        ]  # fmt: skip

    def export_gaps(self, camera_id: str, start_us: int, end_us: int) -> list[ExportGap]:
        """Known gaps of a camera that touch [start, end), in order."""
        rows = self._ask(
            "SELECT start_wall_us, end_wall_us, reason FROM gaps WHERE camera_id = ? "
            "AND start_wall_us < ? AND end_wall_us > ? ORDER BY start_wall_us LIMIT 100000",
            [camera_id, end_us, start_us],
        )
        return [ExportGap(start_wall_us=a, end_wall_us=b, reason=reason) for a, b, reason in rows]

    def nearest_footage(
        self, camera_id: str, start_us: int, end_us: int
    ) -> tuple[int | None, int | None]:
        """(end of the last footage before the range, start of the first after it)."""
        before, after = self._ask(
            "SELECT max(end_wall_us) FILTER (end_wall_us <= ?), "
            "min(start_wall_us) FILTER (start_wall_us >= ?) "
            "FROM segments WHERE camera_id = ? AND state IN ('open', 'closed')",
            [start_us, end_us, camera_id],
        )[0]
        return before, after


def _export(row: tuple[Any, ...]) -> ExportRow:
    options = msgspec.json.decode(row[5], type=ExportOptions)
    values: tuple[Any, ...] = (row[0], tuple(row[1]), *row[2:5], options, *row[6:])
    return ExportRow(*values)
