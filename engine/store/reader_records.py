"""What the hub asks of the index to keep its own records: days, and when they were last signed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from engine.store.day_counts import DayRow, count_day

Ask = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]


class RecordsQuery:
    """Part of a reader. Every method: StoreError, QueryTimeout."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def count_day(self, day: str) -> list[DayRow]:
        """What a UTC day (YYYY-MM-DD) came to, camera by camera, counted now."""
        return count_day(self._ask, day)

    def counted_days(self, first_day: str, last_day: str, limit: int = 10_000) -> list[DayRow]:
        """What was counted of the days between these two, inclusive; outlives its sources."""
        rows = self._ask(
            "SELECT camera_id, day, recorded_s, gap_s, size_bytes, events FROM day_counts "
            "WHERE day >= ? AND day <= ? ORDER BY day, camera_id LIMIT ?",
            [first_day, last_day, limit],
        )
        return [
            DayRow(
                camera_id=row[0],
                day=row[1],
                recorded_s=row[2],
                gap_s=row[3],
                size_bytes=row[4],
                events=msgspec.json.decode(row[5], type=dict[str, int]),
            )
            for row in rows
        ]

    def last_signed_us(self) -> int:
        """When the head was last signed together with a checkpoint; 0: never."""
        newest: int | None = self._ask(
            "SELECT max(wall_us) FROM journal_heads WHERE checkpoint <> ''", []
        )[0][0]
        return newest or 0
