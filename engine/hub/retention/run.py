"""One run of one category: what it chose and what became of it; dry, it chooses only."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.hub.chores import ChoreBook
from engine.retention.choose import Held
from engine.retention.old_files import OldFile
from nvr_app.contract import wire
from nvr_app.contract.chores import AnyChore, DeleteFiles, DeletePlaces, Place
from nvr_app.contract.ids import new_id
from nvr_app.contract.retention import Category
from nvr_app.contract.retention_api import RetentionReport, RetentionShare

_MOST_OUTSTANDING = 2
"""One is being done, one waits: the worker never idles, and a protection stops all soon."""
_PLACES_A_CHORE = 2_000
_FILES_A_CHORE = 2_000


@dataclass
class _Tally:
    items: int = 0
    size_bytes: int = 0
    oldest_wall_us: int = 2**62
    newest_wall_us: int = 0

    def add(self, size_bytes: int, start_us: int, end_us: int) -> None:
        self.items += 1
        self.size_bytes += size_bytes
        self.oldest_wall_us = min(self.oldest_wall_us, start_us)
        self.newest_wall_us = max(self.newest_wall_us, end_us)


class InterruptedRunError(Exception):
    """Something was protected meanwhile: what is to go must be chosen anew."""


@dataclass
class Run:
    """Use from the loop's thread."""

    category: Category
    is_dry_run: bool
    book: ChoreBook
    is_emergency: bool = False
    failures: int = 0
    gone_items: int = 0
    gone_bytes: int = 0
    details: list[str] = field(default_factory=list)
    is_running: bool = True
    _tallies: dict[tuple[str, str], _Tally] = field(default_factory=dict)
    _outstanding: deque[tuple[str, asyncio.Future[wire.ChoreMoved]]] = field(default_factory=deque)
    _is_interrupted: bool = False

    def report(self) -> RetentionReport:
        """What it came to so far."""
        shares = tuple(
            RetentionShare(
                camera_id=camera_id,
                why=why,
                items=tally.items,
                size_bytes=tally.size_bytes,
                oldest_wall_us=tally.oldest_wall_us,
                newest_wall_us=tally.newest_wall_us,
            )
            for (camera_id, why), tally in sorted(self._tallies.items())
        )
        chosen = sum(share.items for share in shares), sum(share.size_bytes for share in shares)
        items, size_bytes = chosen if self.is_dry_run else (self.gone_items, self.gone_bytes)
        return RetentionReport(
            category=self.category,
            is_dry_run=self.is_dry_run,
            is_running=self.is_running,
            is_emergency=self.is_emergency,
            items=items,
            size_bytes=size_bytes,
            failures=self.failures,
            detail="; ".join(dict.fromkeys(self.details)),
            shares=shares,
        )

    async def delete_segments(self, segments: Sequence[Held], why: str, reason: str) -> None:
        """Have them deleted in the order of S4; returns while the last ones are being done."""
        for one in segments:
            self._tally(one.camera_id, why).add(
                one.size_bytes, one.start_wall_us, one.end_wall_us or one.start_wall_us
            )
        places = [
            Place(one.camera_id, one.segment_id, one.root, one.path, one.size_bytes)
            for one in segments
        ]
        for begin in range(0, len(places), _PLACES_A_CHORE):
            await self._do(
                DeletePlaces(
                    chore_id=new_id(),
                    places=tuple(places[begin : begin + _PLACES_A_CHORE]),
                    reason=reason,
                )
            )

    async def delete_files(self, files: Sequence[OldFile], why: str, reason: str) -> None:
        """Have files of the data folder unlinked."""
        for one in files:
            self._tally(one.camera_id, why).add(one.size_bytes, one.wall_us, one.wall_us)
        for begin in range(0, len(files), _FILES_A_CHORE):
            paths = tuple(one.path for one in files[begin : begin + _FILES_A_CHORE])
            await self._do(DeleteFiles(chore_id=new_id(), paths=paths, reason=reason))

    def count_records(self, camera_id: str, why: str, records: Iterable[tuple[int, int]]) -> None:
        """Records (not files) that go, by (when, how many)."""
        for wall_us, number in records:
            tally = self._tally(camera_id, why)
            tally.add(0, wall_us, wall_us)
            tally.items += number - 1
            self.gone_items += number

    async def settle(self) -> None:
        """Wait for everything that was asked for. InterruptedRunError: choose anew."""
        while self._outstanding:
            await self._take_oldest()
        if self._is_interrupted:
            self._is_interrupted = False
            raise InterruptedRunError

    def interrupt(self) -> None:
        """Stop what is under way: something has just been protected (invariant S6)."""
        self._is_interrupted = True
        for chore_id, _ in self._outstanding:
            self.book.cancel(chore_id)

    async def stopped(self) -> None:
        """Until nothing that this run asked for is under way; call after `interrupt`."""
        await asyncio.gather(
            *(asyncio.shield(future) for _, future in self._outstanding), return_exceptions=True
        )

    async def _do(self, chore: AnyChore) -> None:
        if self.is_dry_run:
            return
        if self._is_interrupted:
            await self.settle()
        while len(self._outstanding) >= _MOST_OUTSTANDING:
            await self._take_oldest()
        if self._is_interrupted:
            await self.settle()
        self._outstanding.append((chore.chore_id, self.book.submit(chore)))

    async def _take_oldest(self) -> None:
        _, future = self._outstanding.popleft()
        moved = await future
        self.failures += moved.failures
        self.gone_items += moved.done - moved.failures
        self.gone_bytes += moved.size_bytes
        if moved.state == "failed":
            self.failures += max(moved.total - moved.done, 1)
        if moved.detail and moved.state != "cancelled":
            self.details.append(moved.detail)

    def _tally(self, camera_id: str, why: str) -> _Tally:
        return self._tallies.setdefault((camera_id, why), _Tally())
