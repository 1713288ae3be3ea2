"""When each category is cleaned up: cron in UTC; what was missed while we were away counts once."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from nvr_app.contract.retention import CATEGORIES, Category, RetentionSettings, policy_of
from nvr_app.cron import FIELDS, weekdays_by_name

logger = logging.getLogger(__name__)

Job = Callable[[Category], Awaitable[None]]


class RetentionSchedule:
    """Use from the loop's thread. Nothing of it survives the process."""

    def __init__(self, settings: RetentionSettings, job: Job) -> None:
        self._settings = settings
        self._job = job
        self._scheduler = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )

    def start(self) -> None:
        """Begin; categories that are kept for good or paused have no job."""
        for category in CATEGORIES:
            policy = policy_of(self._settings, category)
            if not policy.enabled or (
                isinstance(policy.retention_days, str) and not policy.quota_bytes
            ):
                continue
            self._scheduler.add_job(
                self._job, trigger_of(policy.schedule), args=[category], id=category
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Idempotent."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def next_run(self, category: Category) -> datetime | None:
        """When it is due next."""
        job = self._scheduler.get_job(category)
        due: datetime | None = job.next_run_time if job is not None else None
        return due


def trigger_of(schedule: str) -> CronTrigger:
    """With weekdays by name: APScheduler counts them from Monday, cron from Sunday."""
    minute, hour, day, month, weekday = schedule.split()[: len(FIELDS)]
    return CronTrigger(
        minute=minute, hour=hour, day=day, month=month,
        day_of_week=weekdays_by_name(weekday), timezone="UTC",
    )  # fmt: skip
