"""What each camera's day came to, counted by the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

Ask = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]

MICRO = 1_000_000
DAY_US = 86_400 * MICRO
_LONGEST_SEGMENT_US = 3_600 * MICRO


class DayRow(msgspec.Struct, frozen=True, kw_only=True):
    """One camera's day (UTC); what reaches over midnight is shared between two days."""

    camera_id: str
    day: str
    """YYYY-MM-DD."""
    recorded_s: float
    gap_s: float
    size_bytes: int
    """Of segments that began on that day."""
    events: dict[str, int]
    """By label, motion under `motion`: of those that began on that day."""


def day_of(wall_us: int) -> str:
    """The UTC day that holds a moment."""
    return datetime.fromtimestamp(wall_us / MICRO, tz=UTC).date().isoformat()


def start_of(day: str) -> int:
    """When a UTC day begins."""
    midnight = datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=UTC)
    return round(midnight.timestamp()) * MICRO


def choose_days_to_count(now_us: int, *, back: int, settle_us: int) -> list[str]:
    """The last `back` days that ended at least `settle_us` ago, oldest first."""
    last = date.fromisoformat(day_of(now_us - settle_us)) - timedelta(days=1)
    return [(last - timedelta(days=n)).isoformat() for n in reversed(range(back))]


def count_day(ask: Ask, day: str) -> list[DayRow]:
    """Rows of the cameras that have anything of that day; footage that went since counts too."""
    start_us = start_of(day)
    end_us = start_us + DAY_US
    recorded: dict[str, tuple[float, int]] = {
        camera: (us / MICRO, size)
        for camera, us, size in ask(_RECORDED, [end_us, start_us, start_us, end_us,
                                                start_us - _LONGEST_SEGMENT_US, end_us, start_us])
    }  # fmt: skip
    gaps = {c: us / MICRO for c, us in ask(_GAPS, [end_us, start_us, end_us, start_us])}
    events: dict[str, dict[str, int]] = {}
    for camera, label, count in ask(_EVENTS, [start_us, end_us]):
        events.setdefault(camera, {})[label] = count
    return [
        DayRow(
            camera_id=camera,
            day=day,
            recorded_s=recorded.get(camera, (0.0, 0))[0],
            gap_s=gaps.get(camera, 0.0),
            size_bytes=recorded.get(camera, (0.0, 0))[1],
            events=events.get(camera, {}),
        )
        for camera in sorted(recorded.keys() | gaps.keys() | events.keys())
    ]


_RECORDED = """
SELECT camera_id, sum(least(end_wall_us, ?) - greatest(start_wall_us, ?))::BIGINT,
       coalesce(sum(size_bytes) FILTER (start_wall_us >= ? AND start_wall_us < ?), 0)::BIGINT
FROM segments WHERE start_wall_us >= ? AND start_wall_us < ? AND end_wall_us > ?
GROUP BY camera_id
"""
_GAPS = """
SELECT camera_id, sum(least(end_wall_us, ?) - greatest(start_wall_us, ?))::BIGINT
FROM gaps WHERE start_wall_us < ? AND end_wall_us > ? GROUP BY camera_id
"""
_EVENTS = """
SELECT camera_id, label, count(*) FROM events
WHERE start_wall_us >= ? AND start_wall_us < ? GROUP BY camera_id, label
"""
