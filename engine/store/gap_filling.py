"""Gaps shrink to what later footage leaves of them."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

_RHYTHM_US = 1_000_000
"""What is left of a gap and is shorter than this is the rhythm of keyframes."""


def left_of(
    start_us: int, end_us: int, fill_start_us: int, fill_end_us: int
) -> list[tuple[int, int]]:
    """What of a gap is still one; empty where the footage covers it. Pure."""
    parts = ((start_us, min(end_us, fill_start_us)), (max(start_us, fill_end_us), end_us))
    return [(begin, end) for begin, end in parts if end - begin >= _RHYTHM_US]


def fill_gaps(connection: duckdb.DuckDBPyConnection, fills: Iterable[tuple[str, int, int]]) -> None:
    """Within the caller's transaction; filling twice changes nothing. duckdb.Error."""
    for camera_id, fill_start_us, fill_end_us in fills:
        where = "camera_id = ? AND start_wall_us < ? AND end_wall_us > ?"
        values = [camera_id, fill_end_us, fill_start_us]
        rows = connection.execute(
            f"DELETE FROM gaps WHERE {where} "
            "RETURNING camera_id, start_wall_us, end_wall_us, reason, site, node",
            values,
        ).fetchall()
        for _, start_us, end_us, reason, site, node in rows:
            for begin, end in left_of(start_us, end_us, fill_start_us, fill_end_us):
                connection.execute(
                    "INSERT INTO gaps (camera_id, start_wall_us, end_wall_us, reason, site, node) "
                    "VALUES (?, ?, ?, ?, ?, ?)",
                    [camera_id, begin, end, reason, site, node],
                )
