"""Whether the buckets answer: asked every minute, so that an archive that is away is seen."""

from __future__ import annotations

import asyncio
import logging

from engine.hub.disk_threads import DiskThreads, RootNotAnsweringError
from engine.storage_access.bucket import BucketError
from engine.storage_access.buckets import Buckets

logger = logging.getLogger(__name__)

_PERIOD_S = 60.0


class BucketWatch:
    """`faults` holds a sentence for each bucket that does not answer. Loop's thread."""

    def __init__(self, buckets: Buckets, disks: DiskThreads) -> None:
        self._buckets = buckets
        self._disks = disks
        self.faults: dict[str, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All buckets, in the order of the settings."""
        return self._buckets.names

    @property
    def usable(self) -> tuple[str, ...]:
        """Those that answered last; before the first look, all."""
        return tuple(name for name in self.names if name not in self.faults)

    async def run(self) -> None:
        """For ever; each bucket in threads of its own."""
        while True:
            await asyncio.gather(*(self._look(name) for name in self.names))
            await asyncio.sleep(_PERIOD_S)

    async def _look(self, name: str) -> None:
        try:
            await self._disks.run(name, lambda: self._require(name))
        except (BucketError, RootNotAnsweringError) as error:
            if name not in self.faults:
                logger.warning("Bucket %s: %s", name, error)
            self.faults[name] = str(error)
        else:
            if self.faults.pop(name, None):
                logger.info("Bucket %s answers again", name)

    def _require(self, name: str) -> None:
        bucket = self._buckets.get(name)
        if bucket is not None:
            bucket.require()
