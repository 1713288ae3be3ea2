"""Everything but raw video: clips, pictures of events, logs, old settings, what work left over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.base.clock import Clock
from engine.hub.query_pool import QueryPool
from engine.hub.retention.run import Run
from engine.retention.anonymise import choose_stretches, whole_days_before
from engine.retention.choose import choose_expired
from engine.retention.old_files import OldFile, leftovers, old_logs, old_pictures, old_versions
from engine.retention.rules import clip_rules_of, kept_us
from engine.retention.shield import Shield
from nvr_app.contract.audit_facts import EventsAnonymised, EventsDeleted
from nvr_app.contract.config import CameraSettings
from nvr_app.contract.custody_facts import ClipGone
from nvr_app.contract.events import AnyFact
from nvr_app.contract.retention import RetentionPolicy

_ACTOR = "retention"
_TEMPORARY_AGE_US = 3_600_000_000
"""In an emergency: nothing that is being written is that old."""
_CLIPS_PAGE = 1_000


@dataclass(frozen=True, kw_only=True)
class RecordSweep:
    """Use from the loop's thread; folders are read in threads."""

    queries: QueryPool
    clock: Clock
    data_dir: Path
    note: Callable[[AnyFact], None]

    async def clips(
        self, run: Run, policy: RetentionPolicy, cameras: Mapping[str, CameraSettings]
    ) -> None:
        """Event clips: journalled as gone first, then unlinked."""
        now_us = self.clock.wall_us()
        rules = clip_rules_of(policy, cameras)
        shield = await self._shield()
        periods = [
            keep_us
            for camera_id in ("", *cameras)
            if (keep_us := rules(camera_id).keep_us) is not None
        ]
        if not periods:
            return
        before_us = now_us - min(periods)
        page = await self.queries.run(lambda r: r.retention.clips(before_us, _CLIPS_PAGE))
        chosen = choose_expired(page, rules, shield, now_us)
        if not run.is_dry_run:
            for one in chosen:
                self.note(
                    ClipGone(
                        wall_us=now_us,
                        clip_id=one.segment_id,
                        camera_id=one.camera_id,
                        reason="expired",
                    )
                )
        files = [OldFile(c.path, c.size_bytes, c.start_wall_us, c.camera_id) for c in chosen]
        await run.delete_files(files, "past its time", "expired")
        if len(page) == _CLIPS_PAGE:
            run.details.append("more clips are past their time: they go with the next run")

    async def events(self, run: Run, policy: RetentionPolicy) -> None:
        """Events lose pictures, paths and boxes (or go as a whole); what was counted stays."""
        period_us = kept_us(policy)
        if period_us is None:
            return
        before_us = whole_days_before(self.clock.wall_us() - period_us)
        shield = await self._shield()
        is_deletion = policy.action == "delete"
        old = await self.queries.run(
            lambda r: (
                r.retention.events_before(before_us)
                if is_deletion
                else r.retention.events_with_pictures(before_us)
            )
        )
        why = "deleted" if is_deletion else "anonymised"
        for one in old:
            stretches = choose_stretches(
                one.camera_id, one.first_wall_us, one.last_wall_us, before_us, shield
            )
            if not stretches:
                continue
            run.count_records(one.camera_id, f"events {why}", [(one.first_wall_us, one.events)])
            for start_us, end_us in () if run.is_dry_run else stretches:
                self._note_events(is_deletion, start_us, end_us, one.camera_id)
        await self._pictures(run, before_us, shield)

    async def logs(self, run: Run, policy: RetentionPolicy) -> None:
        """Rotated log files and databases that were set aside."""
        await self._files(run, policy, old_logs)

    async def versions(self, run: Run, policy: RetentionPolicy) -> None:
        """Accepted settings of the past, never those in force."""
        await self._files(run, policy, old_versions)

    async def leftovers(self, run: Run, policy: RetentionPolicy) -> None:
        """Temporary files that nobody finished."""
        await self._files(run, policy, leftovers)

    async def temporary(self, run: Run) -> int:
        """In an emergency: what is temporary, whatever its period; bytes."""
        before_us = self.clock.wall_us() - _TEMPORARY_AGE_US
        found = await asyncio.to_thread(leftovers, self.data_dir, before_us)
        await run.delete_files(found, "disk nearly full: temporary", "emergency")
        return sum(one.size_bytes for one in found)

    async def _files(
        self, run: Run, policy: RetentionPolicy, find: Callable[[Path, int], list[OldFile]]
    ) -> None:
        period_us = kept_us(policy)
        if period_us is None:
            return
        found = await asyncio.to_thread(find, self.data_dir, self.clock.wall_us() - period_us)
        await run.delete_files(found, "past its time", "expired")

    async def _pictures(self, run: Run, before_us: int, shield: Shield) -> None:
        """After the fact that events lose them is noted; a refused one is found again next time."""
        days = old_pictures(self.data_dir, before_us, shield)
        while (pictures := await asyncio.to_thread(next, days, None)) is not None:
            await run.delete_files(pictures, "pictures of events", "expired")

    def _note_events(self, is_deletion: bool, start_us: int, end_us: int, camera_id: str) -> None:
        kind = EventsDeleted if is_deletion else EventsAnonymised
        self.note(
            kind(
                wall_us=self.clock.wall_us(),
                start_wall_us=start_us,
                end_wall_us=end_us,
                camera_id=camera_id,
                reason="past its time",
                actor=_ACTOR,
            )
        )

    async def _shield(self) -> Shield:
        now_us = self.clock.wall_us()
        return Shield(await self.queries.run(lambda r: r.retention.protections(now_us)))
