"""Stills of the past that were made already, bounded by their size. The loop's thread."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from nvr_app.contract.timebase import US_PER_S

_MOST_BYTES = 24 * 1024**2
_AT_ONCE = 2
"""Stills in the making: each takes a worker's processor for some 20 ms."""

StillKey = tuple[str, int, int]
"""Segment, moment within it in µs, width."""


class StillShelf:
    """The last few hundred thumbnails, and the turn to make another."""

    def __init__(self) -> None:
        self._stills: OrderedDict[StillKey, bytes] = OrderedDict()
        self._held = 0
        self.turn = asyncio.Semaphore(_AT_ONCE)

    def find(self, key: StillKey) -> bytes | None:
        still = self._stills.get(key)
        if still is not None:
            self._stills.move_to_end(key)
        return still

    def keep(self, key: StillKey, still: bytes) -> None:
        if key not in self._stills:
            self._held += len(still)
        self._stills[key] = still
        while self._held > _MOST_BYTES:
            _, dropped = self._stills.popitem(last=False)
            self._held -= len(dropped)


def moment_of(start_wall_us: int, at_us: int) -> str:
    """When a still was taken, in seconds as the API reads them back."""
    seconds, rest = divmod(start_wall_us + at_us, US_PER_S)
    return f"{seconds}.{rest:06d}"
