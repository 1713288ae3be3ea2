"""Before recording has to stop, room is made, or it is said that there is none to make."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Literal

from engine.base.clock import Clock
from engine.hub.journal_thread import JournalThread
from engine.hub.query_pool import DatabaseUnavailableError
from engine.hub.retention.keeper import Keeper
from engine.hub.storage_watch import StorageWatch
from engine.retention.room import Shortage, choose_shortages
from nvr_app.contract.api import RootUsage
from nvr_app.contract.events import SystemNoted
from nvr_app.contract.retention_api import RetentionReport

logger = logging.getLogger(__name__)

_LOOK_S = 1.0
_SETTLE_S = 15.0
"""After a deletion: until index and storage watch have seen what it came to."""
_MIB = 1024**2


class EmergencyWatch:
    """Use from the loop's thread; `run` until it is cancelled."""

    def __init__(
        self,
        keeper: Keeper,
        storage: StorageWatch,
        has_buckets: bool,
        journal: JournalThread,
        clock: Clock,
    ) -> None:
        self._keeper = keeper
        self._storage = storage
        self._has_buckets = has_buckets
        self._journal = journal
        self._clock = clock
        self._seen: Sequence[RootUsage] = ()
        self.faults: dict[str, str] = {}
        """By role of roots: why no room could be made; empty when all is well."""

    async def run(self) -> None:
        """Look as often as the storage watch finds something new, every other second or so."""
        while True:
            usages = self._storage.usages
            if usages is not self._seen:
                self._seen = usages
                shortages = choose_shortages(usages, has_buckets=self._has_buckets)
                self._note_recovered({shortage.role for shortage in shortages})
                for shortage in shortages:
                    await self._make_room(shortage)
                if shortages:
                    await asyncio.sleep(_SETTLE_S)
            await asyncio.sleep(_LOOK_S)

    async def _make_room(self, shortage: Shortage) -> None:
        """In the first of the roots that can."""
        missing = []
        for root, needed_bytes in shortage.needs:
            logger.warning(
                "Storage root %s is nearly full: making room for %d MiB",
                root, needed_bytes // _MIB,
            )  # fmt: skip
            try:
                report, short_bytes = await self._keeper.emergency(root, needed_bytes)
            except DatabaseUnavailableError as error:
                self._fault(shortage.role, f"storage root {root} is nearly full and {error}")
                return
            self._look_at_minimum(root, report)
            if not short_bytes:
                return
            missing.append(f"{root} ({short_bytes // _MIB} MiB)")
        self._fault(
            shortage.role,
            f"storage fills up and no room can be made on {', '.join(missing)}: what is left is "
            "protected, being written or cannot be deleted. "
            + ("Recording stops at the floor. " if shortage.role == "hot" else "")
            + "Add a disk, or lift protections",
        )

    def _look_at_minimum(self, root: str, report: RetentionReport) -> None:
        if any("minimum" in share.why for share in report.shares):
            self._note(
                "critical",
                f"storage root {root} is so full that footage went before its minimum_days: "
                "add a disk, or lower the minimum or the quality",
            )

    def _fault(self, role: str, sentence: str) -> None:
        if role not in self.faults:
            self._note("critical", sentence)
        self.faults[role] = sentence

    def _note_recovered(self, short_roles: set[str]) -> None:
        for role in set(self.faults) - short_roles:
            del self.faults[role]
            self._note("info", f"{role} storage has room again")

    def _note(self, severity: Literal["info", "critical"], sentence: str) -> None:
        logger.warning("%s", sentence)
        self._journal.note(
            SystemNoted(
                wall_us=self._clock.wall_us(), source="retention", severity=severity, text=sentence
            )
        )
