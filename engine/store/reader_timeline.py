"""What a stretch of time holds, merged by the database to what a screen can show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.store.rows import MarkRow, SpanRow, Timeline

Ask = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]

_LONGEST_SEGMENT_US = 3_600_000_000
_LONGEST_EVENT_US = 6 * 3_600_000_000
"""Events that began before that are not looked for: the bound keeps to few row groups."""
_SLACK_US = 1_500_000
"""Shorter pauses between segments are the rhythm of keyframes."""
_MOST_MARKS = 1_000

# Gaps and islands: a span begins where nothing before it reaches, and ends where the next begins.
_ISLANDS = """
WITH cut AS (
    SELECT camera_id, kind, greatest(s, {start}) AS s, least(e, {end}) AS e, n, us
    FROM ({source}) WHERE e > {start} AND s < {end}
), marked AS (
    SELECT *, coalesce(
        s - max(e) OVER (PARTITION BY camera_id, kind ORDER BY s, e
                         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > {slack}, true
    ) AS is_new FROM cut
), numbered AS (
    SELECT *, sum(is_new::INTEGER) OVER (PARTITION BY camera_id, kind ORDER BY s, e
                                         ROWS UNBOUNDED PRECEDING) AS island FROM marked
)
SELECT camera_id, kind, min(s), max(e), sum(n)::BIGINT, sum(least(us, e - s))::BIGINT
FROM numbered GROUP BY camera_id, kind, island ORDER BY camera_id, kind, min(s)
"""

_SEGMENTS = """
SELECT camera_id, 'recorded' AS kind, start_wall_us AS s, 1 AS n,
       coalesce(end_wall_us, least({now}, coalesce(lead(start_wall_us) OVER (
           PARTITION BY camera_id ORDER BY start_wall_us), {now}))) AS e, e - s AS us
FROM segments WHERE start_wall_us >= {earliest} AND start_wall_us < {end} {camera}
AND state IN ('open', 'closed')
"""

_GAPS = """
SELECT camera_id, 'gap' AS kind, start_wall_us AS s, end_wall_us AS e, 1 AS n, e - s AS us
FROM gaps WHERE start_wall_us < {end} AND end_wall_us > {start} {camera}
"""

# Bucketed first: what begins within one pixel is one span, and merging sees pixels, not events.
_EVENTS = """
SELECT camera_id, what AS kind, min(start_wall_us) AS s, max(stop) AS e, count(*) AS n,
       sum(stop - start_wall_us)::BIGINT AS us
FROM (SELECT camera_id, start_wall_us, coalesce(end_wall_us, {now}) AS stop,
             CASE WHEN kind = 'motion' THEN 'motion' ELSE 'event' END AS what
      FROM events WHERE start_wall_us >= {earliest} AND start_wall_us < {end} {camera})
GROUP BY camera_id, what, start_wall_us // {bucket}
"""


def read_timeline(
    ask: Ask,
    start_us: int,
    end_us: int,
    *,
    resolution_us: int,
    now_us: int,
    camera_id: str | None = None,
) -> Timeline:
    """Spans of [start, end) by camera; what lies closer together than the resolution is one span.

    Recorded time is merged like the rest, so a pause of less than a pixel shows only in `gaps`.
    Values are numbers of ours, cameras are bound.
    """
    numbers = {"start": int(start_us), "end": int(end_us), "now": int(now_us)}
    slack = max(int(resolution_us), 1)

    def spans(source: str, slack_us: int, longest_us: int = 0) -> list[SpanRow]:
        parts = numbers | {
            "slack": slack_us,
            "bucket": slack,
            "earliest": numbers["start"] - longest_us,
            "camera": "" if camera_id is None else "AND camera_id = ?",
        }
        sql = _ISLANDS.format(source=source.format(**parts), **parts)
        return [SpanRow(*row) for row in ask(sql, [] if camera_id is None else [camera_id])]

    return Timeline(
        recorded=spans(_SEGMENTS, max(slack, _SLACK_US), _LONGEST_SEGMENT_US),
        gaps=spans(_GAPS, slack),
        events=spans(_EVENTS, slack, _LONGEST_EVENT_US),
        bookmarks=_marks(ask, "bookmark_id", "title", "bookmarks", start_us, end_us, camera_id),
        protections=_marks(
            ask, "protection_id", "reason", "protections", start_us, end_us, camera_id,
            "AND lifted_wall_us IS NULL AND (until_wall_us IS NULL OR until_wall_us > ?)",
            (now_us,),
        ),
    )  # fmt: skip


def _marks(
    ask: Ask,
    key: str,
    text: str,
    table: str,
    start_us: int,
    end_us: int,
    camera_id: str | None,
    more: str = "",
    values: tuple[object, ...] = (),
) -> list[MarkRow]:
    """Bookmarks and protections that touch [start, end]: a moment without length does too."""
    if camera_id is not None:
        more += " AND (len(camera_ids) = 0 OR list_contains(camera_ids, ?))"
        values = (*values, camera_id)
    rows = ask(
        f"SELECT {key}, camera_ids, start_wall_us, end_wall_us, {text} FROM {table} "
        f"WHERE start_wall_us < ? AND end_wall_us >= ? {more} ORDER BY start_wall_us LIMIT ?",
        [end_us, start_us, *values, _MOST_MARKS],
    )
    return [MarkRow(row[0], tuple(row[1]), *row[2:]) for row in rows]
