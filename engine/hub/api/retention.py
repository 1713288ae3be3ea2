"""Retention: what is kept, what goes next, what went; runs now, dry ones too."""

from __future__ import annotations

from litestar import get, post
from litestar.types import ControllerRouterHandler

from engine.hub.api.errors import BadRequestError, NotFoundError
from engine.hub.core import HubCore
from engine.hub.retention.keeper import HOLDS
from engine.retention.rules import US_PER_DAY, rules_of
from engine.store.reader_retention import HeldTotal, RunRow
from nvr_app.contract.retention import CATEGORIES, Category, policy_of
from nvr_app.contract.retention_api import (
    CameraHolding,
    LastRun,
    PolicyView,
    RetentionOverview,
    RetentionReports,
)

_RECENT = 50


def retention_routes(core: HubCore) -> list[ControllerRouterHandler]:
    """Routes on retention."""

    @get("/api/v1/retention")
    async def overview() -> RetentionOverview:
        """Policies with their next and last runs, what each camera holds, what waits to go."""
        totals, rows, garbage = await core.queries.run(
            lambda r: (
                r.retention.totals(),
                r.retention.last_runs(500),
                r.retention.garbage_total(),
            )
        )
        runs = [_last_run(row) for row in rows]
        latest = {run.category: run for run in reversed(runs) if not run.is_emergency}
        return RetentionOverview(
            policies=tuple(_policy(core, category, latest) for category in CATEGORIES),
            cameras=_cameras(core, totals),
            running=core.retention.running,
            recent=tuple(run for run in runs if run.items or run.failures)[:_RECENT],
            garbage=garbage,
            faults=tuple(core.emergency.faults.values()),
        )

    @post("/api/v1/retention/run", status_code=200)
    async def run(category: str | None = None, dry_run: bool = False) -> RetentionReports:
        """Clean up now; dry, say what would go and why. Without a category: all of them.

        A real run goes on after the answer; `GET /api/v1/retention` tells how far it is.
        """
        chosen = _chosen(category)
        if dry_run:
            reports = [await core.retention.run(one, is_dry_run=True) for one in chosen]
            return RetentionReports(reports=tuple(reports))
        ticket = core.retention.start(chosen)
        return RetentionReports(ticket=ticket, reports=core.retention.reports_of(ticket) or ())

    @get("/api/v1/retention/runs/{ticket:str}", sync_to_thread=False)
    def runs(ticket: str) -> RetentionReports:
        """How far a run is that was asked for."""
        reports = core.retention.reports_of(ticket)
        if reports is None:
            raise NotFoundError(
                f"there is no run {ticket}: the engine was started anew, or it is too long ago; "
                "what went stands in /api/v1/retention"
            )
        return RetentionReports(ticket=ticket, reports=reports)

    return [overview, run, runs]


def _chosen(category: str | None) -> tuple[Category, ...]:
    if category is None:
        return CATEGORIES
    for known in CATEGORIES:
        if known == category:
            return (known,)
    raise BadRequestError(f"there is no category {category!r}; known are {', '.join(CATEGORIES)}")


def _policy(core: HubCore, category: Category, latest: dict[str, LastRun]) -> PolicyView:
    due = core.schedule.next_run(category)
    return PolicyView(
        category=category,
        policy=policy_of(core.retention.settings, category),
        next_run=due.isoformat() if due is not None else None,
        last=latest.get(category),
        holds=HOLDS[category],
    )


def _cameras(core: HubCore, totals: list[HeldTotal]) -> tuple[CameraHolding, ...]:
    rules = rules_of(core.retention.settings.raw_video, core.state.cameras)
    now_us = core.clock.wall_us()
    holdings = []
    for camera_id in dict.fromkeys([*core.state.cameras, *(total.camera_id for total in totals)]):
        mine = [total for total in totals if total.camera_id == camera_id]
        rule = rules(camera_id)
        oldest_us = min((total.oldest_wall_us for total in mine), default=now_us)
        holdings.append(
            CameraHolding(
                camera_id=camera_id,
                segments=sum(total.segments for total in mine),
                size_bytes=sum(total.size_bytes for total in mine),
                days_held=round(max(now_us - oldest_us, 0) / US_PER_DAY, 2),
                retention_days=None if rule.keep_us is None else rule.keep_us / US_PER_DAY,
                minimum_days=rule.minimum_us / US_PER_DAY,
                quota_bytes=rule.quota_bytes,
            )
        )
    return tuple(holdings)


def _last_run(row: RunRow) -> LastRun:
    return LastRun(
        category=row.category,
        wall_us=row.wall_us,
        items=row.items,
        size_bytes=row.size_bytes,
        failures=row.failures,
        is_emergency=row.is_emergency,
        detail=row.detail,
    )
