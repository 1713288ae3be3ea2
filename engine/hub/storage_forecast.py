"""How long footage will fit: measured from index and disks every minute, told to all who ask."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from engine.ageing.projection import (
    Projection,
    RecordedSpan,
    growth_of,
    project,
    sentence,
    warning,
)
from engine.base.clock import Clock
from engine.base.registry import MetricsRegistry
from engine.hub.ageing_plan import tier_roots
from engine.hub.query_pool import DatabaseUnavailableError, QueryPool
from engine.hub.start import HubStart
from engine.hub.storage_watch import StorageWatch
from engine.store.reader_ageing import GrowthRow
from nvr_app.contract.config import CameraSettings, Settings

logger = logging.getLogger(__name__)

_DAY_S = 86_400.0
_PERIOD_S = 60.0
_FIRST_LOOK_S = 5.0
_LOOK_BACK_US = 7 * 86_400_000_000


class StorageForecast:
    """`projection` is what the last look found, None until the first. Loop's thread."""

    def __init__(
        self,
        start: HubStart,
        queries: QueryPool,
        storage: StorageWatch,
        clock: Clock,
        registry: MetricsRegistry,
    ) -> None:
        self._start = start
        self._queries = queries
        self._storage = storage
        self._clock = clock
        self._registry = registry
        self._promises = promised_days(start.settings, start.settings.camera)
        self._warned = ""
        self.projection: Projection | None = None

    def set_cameras(self, cameras: tuple[CameraSettings, ...]) -> None:
        """Cameras came or went, or are promised something else."""
        self._promises = promised_days(self._start.settings, cameras)

    @property
    def sentence(self) -> str:
        """The whole for people; empty until something is known."""
        return sentence(self.projection) if self.projection else ""

    @property
    def warning(self) -> str:
        """Why a promise cannot be kept and what to do; empty while all can."""
        return warning(self.projection) if self.projection else ""

    async def run(self) -> None:
        """For ever; while the database is away the last figures stand."""
        while True:
            try:
                await self._look()
            except DatabaseUnavailableError as error:
                logger.debug("The forecast waits for the database: %s", error)
            await asyncio.sleep(_FIRST_LOOK_S if self.projection is None else _PERIOD_S)

    async def _look(self) -> None:
        now_us = self._clock.wall_us()
        if not self._storage.usages:
            return
        rows = await self._queries.run(lambda reader: reader.ageing.growth(now_us - _LOOK_BACK_US))
        by_root = await self._queries.run(
            lambda reader: reader.ageing.arrived_by_root(now_us - _LOOK_BACK_US)
        )
        buckets = [bucket.settings.name for bucket in self._start.buckets]
        cameras = growth_of(
            [_span(row) for row in rows if row.camera_id in self._promises], self._promises, now_us
        )
        days = max((now_us - min((r.first_wall_us for r in rows), default=now_us)) / 86.4e9, 1 / 24)
        self.projection = project(
            cameras,
            tier_roots(self._storage.usages, buckets),
            {root: size / days for root, size in by_root.items()},
        )
        self._measure(self.projection)
        self._log(self.warning)

    def _measure(self, found: Projection) -> None:
        level = self._registry.level
        for camera in found.cameras:
            level("surveillance_camera_growth_bytes", camera.camera_id, value=camera.bytes_per_day)
            level(
                "surveillance_footage_held_seconds",
                camera.camera_id,
                value=camera.held_days * _DAY_S,
            )
            if camera.promised_days is not None:
                promised = camera.promised_days * _DAY_S
                level("surveillance_footage_promised_seconds", camera.camera_id, value=promised)
        for root in found.roots:
            if root.days_until_full is not None:
                until_s = root.days_until_full * _DAY_S
                level("surveillance_storage_until_full_seconds", root.name, value=until_s)
        if found.holdable_days is not None:
            level("surveillance_storage_holdable_seconds", value=found.holdable_days * _DAY_S)
        level("surveillance_storage_promise_kept", value=float(found.is_promise_kept))

    def _log(self, found: str) -> None:
        """Once on its way down and once on its way up."""
        if bool(found) != bool(self._warned):
            if found:
                logger.warning("Storage: %s", found)
            else:
                logger.info("Storage: what the policies promise fits again")
        self._warned = found


def promised_days(
    settings: Settings, cameras: tuple[CameraSettings, ...]
) -> Mapping[str, float | None]:
    """Days of footage promised to each camera that records; None: as long as it fits.

    An archive's time counts: what is archived lies on cold roots, which are roots too.
    """
    raw = settings.retention.raw_video
    found: dict[str, float | None] = {}
    for camera in cameras:
        if not (camera.enabled and camera.record):
            continue
        wanted = raw.retention_days if camera.retention_days is None else camera.retention_days
        if isinstance(wanted, str) or not raw.enabled:
            found[camera.id] = None
        else:
            found[camera.id] = wanted + (raw.archive_days if raw.action == "archive" else 0.0)
    return found


def _span(row: GrowthRow) -> RecordedSpan:
    return RecordedSpan(
        camera_id=row.camera_id,
        size_bytes=row.size_bytes,
        first_wall_us=row.first_wall_us,
        oldest_wall_us=row.oldest_wall_us,
    )
