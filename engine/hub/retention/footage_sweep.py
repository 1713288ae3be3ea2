"""Raw video: garbage, what is past its time, over a quota, or in the way of recording."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from engine.base.clock import Clock
from engine.hub.query_pool import QueryPool
from engine.hub.retention.run import Run
from engine.retention.choose import (
    Held,
    Rules,
    choose_emergency,
    choose_expired,
    choose_over_quota,
    is_free,
)
from engine.retention.shield import Shield
from engine.store.reader_retention import HeldTotal
from nvr_app.contract.retention import RetentionPolicy

_PAGE = 5_000
_FOR_EVER_US = 2**62


@dataclass(frozen=True, kw_only=True)
class FootageSweep:
    """Bound to the policy and the cameras of now. Use from the loop's thread."""

    queries: QueryPool
    clock: Clock
    policy: RetentionPolicy
    rules: Rules

    async def shield(self) -> Shield:
        """What is protected now (invariant S6)."""
        now_us = self.clock.wall_us()
        return Shield(await self.queries.run(lambda r: r.retention.protections(now_us)))

    async def sweep(self, run: Run) -> None:
        """The daily run: garbage again, then expired, then over quota."""
        await self.garbage(run)
        shield = await self.shield()
        await self._expired(run, shield)
        if self.policy.priority == "oldest_first":
            await self._over_quota(run, shield)
        await run.settle()

    async def garbage(self, run: Run) -> None:
        """Places whose deletion was refused or cut short: tried again, once a run.

        What was protected since then stays garbage: its file is not touched (invariant S6).
        """
        shield = await self.shield()
        waiting = await self.queries.run(lambda r: r.retention.garbage())
        free = [one for one in waiting if is_free(one, shield)]
        await run.delete_segments(free, "deleted before, file still there", "garbage")

    async def _expired(self, run: Run, shield: Shield) -> None:
        now_us = self.clock.wall_us()
        totals = await self.queries.run(lambda r: r.retention.totals())
        periods = [
            keep_us
            for camera_id in {total.camera_id for total in totals}
            if (keep_us := self.rules(camera_id).keep_us) is not None
        ]
        if not periods:
            return
        async for page in self._pages(before_us=now_us - min(periods)):
            await run.delete_segments(
                choose_expired(page, self.rules, shield, now_us), "past its time", "expired"
            )

    async def _over_quota(self, run: Run, shield: Shield) -> None:
        """After what expired: each camera's own quota, then the category's."""
        now_us = self.clock.wall_us()
        totals = await self.queries.run(lambda r: r.retention.totals())
        if not self.policy.quota_bytes and not any(
            self.rules(total.camera_id).quota_bytes for total in totals
        ):
            return
        leaving: dict[str, int] = {}
        for share in run.report().shares:
            leaving[share.camera_id] = leaving.get(share.camera_id, 0) + share.size_bytes
        held = _by_camera(totals)
        for camera_id, size_bytes in held.items():
            quota = self.rules(camera_id).quota_bytes
            excess = size_bytes - leaving.get(camera_id, 0) - quota if quota else 0
            freed = await self._shrink(run, shield, excess, now_us, camera_id)
            leaving[camera_id] = leaving.get(camera_id, 0) + freed
        if self.policy.quota_bytes:
            excess = sum(held.values()) - sum(leaving.values()) - self.policy.quota_bytes
            await self._shrink(run, shield, excess, now_us, None)

    async def _shrink(
        self, run: Run, shield: Shield, excess_bytes: int, now_us: int, camera_id: str | None
    ) -> int:
        freed = 0
        if excess_bytes <= 0:
            return 0
        async for page in self._pages(before_us=_FOR_EVER_US, camera_id=camera_id):
            # Those that expired are on their way already, by the run that came before.
            expired = {s.segment_id for s in choose_expired(page, self.rules, shield, now_us)}
            left = [one for one in page if one.segment_id not in expired]
            chosen = choose_over_quota(left, excess_bytes - freed, self.rules, shield, now_us)
            freed += sum(one.size_bytes for one in chosen)
            await run.delete_segments(chosen, "over its quota", "quota")
            if freed >= excess_bytes:
                break
        return freed

    async def emergency(
        self, run: Run, root: str, needed_bytes: int, temporary: Callable[[Run], Awaitable[int]]
    ) -> int:
        """Free so much of a root, expired first; the bytes that it does not come to.

        `temporary` has temporary files of the same disk deleted and tells how much they are.
        """
        shield = await self.shield()
        now_us = self.clock.wall_us()
        for stage in ("expired", "temporary", "oldest", "below_minimum"):
            if needed_bytes <= 0:
                break
            if stage == "temporary":
                needed_bytes -= await temporary(run)
                continue
            async for page in self._pages(before_us=_FOR_EVER_US, root=root):
                choice = choose_emergency(page, needed_bytes, self.rules, shield, now_us)
                chosen: tuple[Held, ...] = getattr(choice, stage)
                needed_bytes -= sum(one.size_bytes for one in chosen)
                await run.delete_segments(chosen, _EMERGENCY_WORDS[stage], "emergency")
                if needed_bytes <= 0:
                    break
        await run.settle()
        return max(needed_bytes, 0)

    async def _pages(
        self, *, before_us: int, camera_id: str | None = None, root: str | None = None
    ) -> AsyncIterator[list[Held]]:
        after = (-1, "")
        while True:
            page = await self.queries.run(
                lambda r, after=after: r.retention.held(  # type: ignore[misc]
                    ended_before_us=before_us,
                    after=after,
                    camera_id=camera_id,
                    root=root,
                    limit=_PAGE,
                )
            )
            if page:
                yield page
            if len(page) < _PAGE:
                return
            after = (page[-1].start_wall_us, page[-1].segment_id)


_EMERGENCY_WORDS = {
    "expired": "disk nearly full: past its time",
    "oldest": "disk nearly full: the oldest",
    "below_minimum": "disk nearly full: nothing else was left, although its minimum asks for more",
}


def _by_camera(totals: list[HeldTotal]) -> dict[str, int]:
    held: dict[str, int] = {}
    for total in totals:
        held[total.camera_id] = held.get(total.camera_id, 0) + total.size_bytes
    return held
