"""What a stretch of time holds, merged to what a screen can show.

The database bundles what begins within one pixel; islands are found in columns, not in SQL:
window functions took five times as long (a day of 144 000 events: 45 ms against 9).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.store.errors import StoreError
from engine.store.rows import MarkRow, SpanRow, Timeline
from engine.store.spans import Stretches, close_open_ends, merge

Ask = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]
Columns = Mapping[str, NDArray[Any]]
AskColumns = Callable[[str, Sequence[object]], Columns]

_LONGEST_SEGMENT_US = 3_600_000_000
_LONGEST_EVENT_US = 6 * 3_600_000_000
"""Events that began before that are not looked for: the bound keeps to few row groups."""
_SLACK_US = 1_500_000
"""Shorter pauses between segments are the rhythm of keyframes."""
_MOST_MARKS = 1_000

# Cameras are told apart by the hash of their names: grouping by numbers takes a third of the time
# that grouping by words takes.
_SEGMENTS = """
SELECT hash(camera_id) AS camera, 0 AS is_motion, start_wall_us AS s,
       coalesce(end_wall_us, -1) AS e, 1 AS n
FROM segments WHERE start_wall_us >= ? AND start_wall_us < ? {camera}
AND state IN ('open', 'closed') ORDER BY start_wall_us
"""
_GAPS = """
SELECT hash(camera_id) AS camera, 0 AS is_motion, start_wall_us AS s, end_wall_us AS e, 1 AS n
FROM gaps WHERE end_wall_us > ? AND start_wall_us < ? {camera}
"""
_EVENTS = """
SELECT hash(camera_id) AS camera, kind = 'motion' AS is_motion, min(start_wall_us) AS s,
       max(coalesce(end_wall_us, {now})) AS e, count(*) AS n
FROM events WHERE start_wall_us >= ? AND start_wall_us < ? {camera}
GROUP BY hash(camera_id), kind = 'motion', start_wall_us // {bucket}
"""


class TimelineQuery:
    """Remembers the cameras that it met; for one thread, as its reader is."""

    def __init__(self, ask: Ask, ask_columns: AskColumns) -> None:
        self._ask = ask
        self._ask_columns = ask_columns
        self._cameras: dict[int, str] = {}

    def read(
        self, start_us: int, end_us: int, resolution_us: int, now_us: int, camera_id: str | None
    ) -> Timeline:
        """Spans of [start, end) by camera; pauses of less than the resolution are closed.

        Recorded time is merged like the rest, so a short pause shows in `gaps` alone.
        """
        slack_us = max(resolution_us, 1)
        camera = "" if camera_id is None else "AND camera_id = ?"
        named = [] if camera_id is None else [camera_id]

        def spans(table: str, sql: str, longest_us: int, slack_us: int) -> Iterator[SpanRow]:
            columns = self._ask_columns(
                sql.format(camera=camera, bucket=slack_us, now=int(now_us)),
                [start_us - longest_us, end_us, *named],
            )
            for group, is_motion, found in self._groups(columns, table, now_us):
                kind = _KINDS[table, is_motion]
                for begin, end, count in merge(found, start_us, end_us, slack_us):
                    yield SpanRow(group, kind, begin, end, count)

        recorded = spans("segments", _SEGMENTS, _LONGEST_SEGMENT_US, max(slack_us, _SLACK_US))
        gaps = spans("gaps", _GAPS, 0, slack_us)
        events = spans("events", _EVENTS, _LONGEST_EVENT_US, slack_us)
        return Timeline(
            recorded=sorted(recorded, key=_by_camera_and_start),
            gaps=sorted(gaps, key=_by_camera_and_start),
            events=sorted(events, key=_by_camera_and_start),
            bookmarks=self._marks("bookmarks", "title", start_us, end_us, camera_id),
            protections=self._marks(
                "protections", "reason", start_us, end_us, camera_id,
                "AND lifted_wall_us IS NULL AND (until_wall_us IS NULL OR until_wall_us > ?)",
                (now_us,),
            ),
        )  # fmt: skip

    def _groups(
        self, columns: Columns, table: str, now_us: int
    ) -> Iterator[tuple[str, bool, Stretches]]:
        cameras, is_motion = columns["camera"], columns["is_motion"].astype(bool)
        seen = 0
        for hashed, camera_id in self._named(cameras, table):
            of_camera = cameras == hashed
            for wanted in (False, True):
                mine = of_camera & (is_motion == wanted)
                if not mine.any():
                    continue
                starts, ends = columns["s"][mine], columns["e"][mine]
                seen += len(starts)
                if table == "segments":
                    ends = close_open_ends(starts, ends, now_us)
                yield camera_id, wanted, Stretches(starts, ends, columns["n"][mine])
        if seen != len(cameras):
            raise StoreError("the timeline met cameras that the index does not name")

    def _named(self, cameras: NDArray[Any], table: str) -> list[tuple[int, str]]:
        """Cameras by hash; they are few, and asked for when an unknown one comes."""
        known = sum(int(np.count_nonzero(cameras == hashed)) for hashed in self._cameras)
        if known != len(cameras):
            rows = self._ask(f"SELECT DISTINCT hash(camera_id), camera_id FROM {table}", [])
            self._cameras.update(rows)
        return list(self._cameras.items())

    def _marks(
        self,
        table: str,
        text: str,
        start_us: int,
        end_us: int,
        camera_id: str | None,
        more: str = "",
        values: tuple[object, ...] = (),
    ) -> list[MarkRow]:
        """Bookmarks or protections that touch [start, end): a moment without length does too."""
        if camera_id is not None:
            more += " AND (len(camera_ids) = 0 OR list_contains(camera_ids, ?))"
            values = (*values, camera_id)
        rows = self._ask(
            f"SELECT {table[:-1]}_id, camera_ids, start_wall_us, end_wall_us, {text} FROM {table} "
            f"WHERE start_wall_us < ? AND end_wall_us >= ? {more} ORDER BY start_wall_us LIMIT ?",
            [end_us, start_us, *values, _MOST_MARKS],
        )
        return [MarkRow(row[0], tuple(row[1]), *row[2:]) for row in rows]


_KINDS = {
    ("segments", False): "recorded",
    ("gaps", False): "gap",
    ("events", False): "event",
    ("events", True): "motion",
}


def _by_camera_and_start(row: SpanRow) -> tuple[str, int, str]:
    return row.camera_id, row.start_wall_us, row.kind
