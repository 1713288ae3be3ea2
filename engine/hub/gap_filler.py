"""Gaps are filled: every so often the hub looks what cameras' cards may make good.

What is left to fill stands in the index. How often a card was asked in vain is remembered as long
as this process lives: after a restart it is asked anew, as few times.
"""

from __future__ import annotations

import asyncio
import logging

from engine.card.gap_choice import (
    MOST_TRIES,
    OLDEST_US,
    Gap,
    Tries,
    choose_fill_root,
    choose_gaps_to_fill,
)
from engine.hub.core import HubCore
from engine.hub.query_pool import DatabaseUnavailableError
from engine.store.reader import StoreReader
from nvr_app.contract.chores import FillGap
from nvr_app.contract.ids import new_id
from nvr_app.contract.wire import ChoreMoved

logger = logging.getLogger(__name__)

_PERIOD_S = 5.0
_MOST_GAPS = 1_000


class GapFiller:
    """Use from the loop's thread."""

    def __init__(self, core: HubCore) -> None:
        self._core = core
        self._tried: dict[Gap, Tries] = {}
        self._filling: dict[str, asyncio.Task[None]] = {}
        """By camera: one chore at a time."""

    async def run(self) -> None:
        """For ever. What cannot be asked now is asked in a later round."""
        while True:
            try:
                await self._look()
            except DatabaseUnavailableError as error:
                logger.debug("Gaps are looked at again later: %s", error)
            await asyncio.sleep(_PERIOD_S)

    async def _look(self) -> None:
        cameras = self._askable()
        root = choose_fill_root(self._core.storage.usages)
        if not cameras or not root:
            return
        now_us = self._core.clock.wall_us()
        gaps = await self._core.queries.run(
            lambda reader: _gaps(reader, cameras, now_us - OLDEST_US, now_us)
        )
        self._forget(now_us)
        for gap in choose_gaps_to_fill(gaps, cameras, self._tried, now_us):
            self._filling[gap.camera_id] = asyncio.create_task(self._fill(gap, root))

    def _askable(self) -> list[str]:
        """Cameras with a card to be asked that are there and not being asked already."""
        return [
            camera.id
            for camera in self._core.state.cameras.values()
            if camera.onvif and camera.fill_gaps and camera.enabled and camera.record
            and camera.id not in self._filling
            and (status := self._core.state.statuses.get(camera.id)) is not None
            and status.status == "active"
        ]  # fmt: skip

    async def _fill(self, gap: Gap, root: str) -> None:
        before = self._tried.get(gap, Tries(0, 0))
        self._tried[gap] = Tries(before.count + 1, self._core.clock.wall_us())
        chore = FillGap(
            chore_id=new_id(),
            camera_id=gap.camera_id,
            start_wall_us=gap.start_wall_us,
            end_wall_us=gap.end_wall_us,
            root=root,
        )
        try:
            self._tell(gap, await self._core.chores.submit(chore))
        finally:
            self._filling.pop(gap.camera_id, None)

    def _tell(self, gap: Gap, end: ChoreMoved) -> None:
        if end.state == "failed":
            tries = self._tried[gap].count
            logger.warning(
                "%s: its card did not fill a gap (try %d of %d): %s",
                gap.camera_id, tries, MOST_TRIES, end.detail,
            )  # fmt: skip
        else:
            logger.info("%s: a gap was asked of its card: %s", gap.camera_id, end.detail)

    def _forget(self, now_us: int) -> None:
        self._tried = {
            gap: tries
            for gap, tries in self._tried.items()
            if gap.end_wall_us >= now_us - 2 * OLDEST_US
        }


def _gaps(reader: StoreReader, cameras: list[str], start_us: int, end_us: int) -> list[Gap]:
    return [
        Gap(row.camera_id, row.start_wall_us, row.end_wall_us, row.reason)
        for camera_id in cameras
        for row in reader.gaps(start_us, end_us, camera_id, limit=_MOST_GAPS)
    ]
