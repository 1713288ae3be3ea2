"""Retention in the hub: one run at a time, chosen from the index, done by the chores worker."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path

import msgspec

from engine.base.clock import Clock
from engine.base.registry import MetricsRegistry
from engine.hub.chores import ChoreBook
from engine.hub.index_thread import IndexThread
from engine.hub.journal_thread import JournalThread
from engine.hub.live_state import LiveState
from engine.hub.query_pool import DatabaseUnavailableError, QueryPool
from engine.hub.retention.footage_sweep import FootageSweep
from engine.hub.retention.record_sweep import RecordSweep
from engine.hub.retention.run import InterruptedRunError, Run
from engine.retention.rules import rules_of
from nvr_app.contract.audit_facts import ExportAsked, RetentionRan
from nvr_app.contract.custody_facts import FootageProtected
from nvr_app.contract.events import AnyFact, SystemNoted
from nvr_app.contract.ids import new_id
from nvr_app.contract.retention import Category, RetentionSettings, policy_of
from nvr_app.contract.retention_api import RetentionReport
from nvr_app.contract.timebase import NS_PER_S

logger = logging.getLogger(__name__)

_CATCH_UP_S = 30.0
_MOST_ATTEMPTS = 10
_MOST_TICKETS = 20
_STAND_STILL_S = 10.0
_GARBAGE_LOOK_S = 30.0
_GARBAGE_REST_LOOKS = 20

HOLDS: dict[Category, str] = {
    "raw_video": "segments in the storage roots",
    "event_clips": "clips of events",
    "detection_metadata": "events with their pictures, boxes and paths",
    "audit_logs": "the journal's records of who did what (payload class audit)",
    "system_logs": "rotated log files, databases set aside, the journal's payload class system",
    "access_logs": "nothing yet: there are no users who log in",
    "faces_enrolled": "nothing yet: nobody can be enrolled",
    "alert_history": "nothing yet: there are no alerts",
    "training_data": "nothing yet",
    "configuration_history": "accepted versions of the settings",
    "backup_archives": "nothing yet: there are no backups",
    "temp_processing": "temporary files that unfinished work left",
    "failed_uploads": "nothing yet: nothing is uploaded",
}
"""What of each category this version has."""


class Keeper:
    """Use from the loop's thread."""

    def __init__(
        self,
        settings: RetentionSettings,
        data_dir: Path,
        clock: Clock,
        state: LiveState,
        journal: JournalThread,
        index: IndexThread,
        queries: QueryPool,
        book: ChoreBook,
        registry: MetricsRegistry,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._state = state
        self._journal = journal
        self._index = index
        self._queries = queries
        self._book = book
        self._registry = registry
        self._records = RecordSweep(
            queries=queries, clock=clock, data_dir=data_dir, note=journal.note
        )
        self._one_at_a_time = asyncio.Lock()
        self._runs: list[Run] = []
        self._still = 0
        self._go_on = asyncio.Event()
        self._go_on.set()
        self._tickets: OrderedDict[str, list[RetentionReport]] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> tuple[RetentionReport, ...]:
        """What is under way."""
        return tuple(run.report() for run in self._runs)

    async def run(self, category: Category, *, is_dry_run: bool = False) -> RetentionReport:
        """Clean up one category, or say what that would do. DatabaseUnavailableError: nothing can
        be chosen now; nothing was deleted.
        """
        run = Run(category, is_dry_run=is_dry_run, book=self._book)
        if is_dry_run:
            await self._sweep(run)
            return self._ended(run)
        async with self._one_at_a_time:
            self._runs.append(run)
            try:
                await self._until_settled(run)
            except DatabaseUnavailableError as error:
                self._note_failure(run, str(error))
                raise
            finally:
                self._runs.remove(run)
                report = self._ended(run)
            self._note_run(report)
        return report

    async def emergency(self, root: str, needed_bytes: int) -> tuple[RetentionReport, int]:
        """Free so much of a root; the report and the bytes that it does not come to."""
        run = Run("raw_video", is_dry_run=False, book=self._book, is_emergency=True)
        async with self._one_at_a_time:
            self._runs.append(run)
            try:
                short_bytes = await self._emergency(run, root, needed_bytes)
            finally:
                self._runs.remove(run)
                report = self._ended(run)
            self._note_run(report)
        return report, short_bytes

    def start(self, categories: Sequence[Category]) -> str:
        """Clean up these, one after the other, in the background; a ticket to ask for them by."""
        ticket = new_id()
        self._tickets[ticket] = [_waiting(category) for category in categories]
        while len(self._tickets) > _MOST_TICKETS:
            self._tickets.popitem(last=False)
        task = asyncio.create_task(self._run_ticket(ticket), name="retention")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return ticket

    def reports_of(self, ticket: str) -> tuple[RetentionReport, ...] | None:
        """How far the runs of a ticket are; None for one that this hub does not know."""
        reports = self._tickets.get(ticket)
        return tuple(reports) if reports is not None else None

    async def _run_ticket(self, ticket: str) -> None:
        reports = self._tickets[ticket]
        for number, waiting in enumerate(reports):
            try:
                reports[number] = await self.run(waiting.category)
            except DatabaseUnavailableError as error:
                reports[number] = msgspec.structs.replace(
                    waiting, is_running=False, failures=1, detail=str(error)
                )

    @contextlib.asynccontextmanager
    async def standing_still(self) -> AsyncIterator[None]:
        """Nothing is chosen or set aside for deletion meanwhile: what is journalled inside comes
        before every later deletion, and is seen by it (invariant S6). Waits a moment for what is
        under way; a worker that does not answer is waited for ten seconds at the most.
        """
        self._still += 1
        self._go_on.clear()
        for run in self._runs:
            run.interrupt()
        try:
            async with asyncio.timeout(_STAND_STILL_S):
                await asyncio.gather(*(run.stopped() for run in self._runs))
        except TimeoutError:
            logger.warning("Retention does not stand still: the chores worker does not answer")
        try:
            yield
        finally:
            self._still -= 1
            if not self._still:
                self._go_on.set()

    async def run_as_scheduled(self, category: Category) -> None:
        """A run whose failure is noted and left to the next one."""
        try:
            await self.run(category)
        except DatabaseUnavailableError:
            logger.debug("%s is cleaned up at its next time", category)

    async def count_garbage(self) -> int:
        """Files that are to be deleted and still there. DatabaseUnavailableError."""
        waiting = await self._queries.run(lambda r: r.retention.garbage_total())
        self._registry.level("surveillance_cleanup_garbage_files", value=waiting)
        return waiting

    async def retry_garbage(self) -> None:
        """Try refused deletions again, and those that a death cut short."""
        run = Run("raw_video", is_dry_run=False, book=self._book)
        async with self._one_at_a_time:
            self._runs.append(run)
            try:
                await self._catch_up()
                await self._footage().garbage(run)
                await run.settle()
            except InterruptedRunError:
                logger.debug("Garbage is tried again later: something was protected")
            finally:
                self._runs.remove(run)
                report = self._ended(run)
            if report.items:
                self._note_run(report)

    def take_facts(self, facts: Iterable[AnyFact]) -> None:
        """What has just been journalled: something protected stops what is under way (S6)."""
        if any(isinstance(fact, FootageProtected | ExportAsked) for fact in facts):
            for run in self._runs:
                run.interrupt()

    async def _until_settled(self, run: Run) -> None:
        for _ in range(_MOST_ATTEMPTS):
            try:
                await self._sweep(run)
            except InterruptedRunError:
                logger.info("Retention of %s chooses anew: something was protected", run.category)
            else:
                return
        run.details.append("left off: it was interrupted too often; the next run goes on")

    async def _emergency(self, run: Run, root: str, needed_bytes: int) -> int:
        for _ in range(_MOST_ATTEMPTS):
            try:
                await self._catch_up()
                return await self._footage().emergency(
                    run, root, needed_bytes - run.gone_bytes, self._records.temporary
                )
            except InterruptedRunError:
                logger.info("The emergency of %s chooses anew: something was protected", root)
        return max(needed_bytes - run.gone_bytes, 0)

    async def _sweep(self, run: Run) -> None:
        await self._catch_up()
        policy = policy_of(self.settings, run.category)
        match run.category:
            case "raw_video":
                await self._footage().sweep(run)
            case "event_clips":
                await self._records.clips(run, policy, self._state.cameras)
            case "detection_metadata":
                await self._records.events(run, policy)
            case "system_logs":
                await self._records.logs(run, policy)
            case "configuration_history":
                await self._records.versions(run, policy)
            case "temp_processing":
                await self._records.leftovers(run, policy)
            case _:
                pass
        await run.settle()

    def _footage(self) -> FootageSweep:
        policy = self.settings.raw_video
        return FootageSweep(
            queries=self._queries,
            clock=self._clock,
            policy=policy,
            rules=rules_of(policy, self._state.cameras),
        )

    async def _catch_up(self) -> None:
        """Wait until the index knows all that is journalled: what was protected a moment ago
        must be seen (invariant S6). DatabaseUnavailableError: it does not come to that.
        """
        await self._go_on.wait()
        wanted = self._journal.last_seq
        deadline_ns = self._clock.mono_ns() + int(_CATCH_UP_S * NS_PER_S)
        while not self._index.is_open or self._index.store.applied_seq < wanted:
            if self._clock.mono_ns() > deadline_ns:
                raise DatabaseUnavailableError(
                    "the database is not up to date with the journal "
                    f"({self._index.fault or 'it is catching up'}): what is protected is not "
                    "known for certain, so nothing is deleted; recording goes on"
                )
            await asyncio.sleep(0.1)

    def _ended(self, run: Run) -> RetentionReport:
        run.is_running = False
        return run.report()

    def _note_run(self, report: RetentionReport) -> None:
        now_us = self._clock.wall_us()
        labels = (report.category,)
        self._registry.count("surveillance_cleanup_deleted_items", *labels, amount=report.items)
        self._registry.count(
            "surveillance_cleanup_deleted_bytes", *labels, amount=report.size_bytes
        )
        self._registry.level(
            "surveillance_cleanup_last_run_timestamp_seconds", *labels, value=now_us / 1e6
        )
        if report.items or report.failures:
            logger.info(
                "Retention of %s: %d items, %d bytes, %d failures",
                report.category, report.items, report.size_bytes, report.failures,
            )  # fmt: skip
        self._journal.note(
            RetentionRan(
                wall_us=now_us,
                category=report.category,
                items=report.items,
                size_bytes=report.size_bytes,
                failures=report.failures,
                is_emergency=report.is_emergency,
                detail=report.detail,
            )
        )

    def _note_failure(self, run: Run, sentence: str) -> None:
        self._registry.count("surveillance_cleanup_failures", "index")
        logger.error("Retention of %s did not run: %s", run.category, sentence)
        self._journal.note(
            SystemNoted(
                wall_us=self._clock.wall_us(),
                source="retention",
                severity="warning",
                text=f"retention of {run.category} did not run: {sentence}",
            )
        )


def _waiting(category: Category) -> RetentionReport:
    return RetentionReport(
        category=category, is_dry_run=False, is_running=True, items=0, size_bytes=0
    )


async def keep_garbage_low(keeper: Keeper) -> None:
    """For ever: measure what waits to be unlinked; what waits for long is tried every ten minutes.

    A look that finds some may only have met a deletion at work: two in a row have not.
    """
    looks_with_garbage = 0
    while True:
        await asyncio.sleep(_GARBAGE_LOOK_S)
        try:
            looks_with_garbage = looks_with_garbage + 1 if await keeper.count_garbage() else 0
            if looks_with_garbage % _GARBAGE_REST_LOOKS == 2:
                await keeper.retry_garbage()
        except DatabaseUnavailableError as error:
            logger.debug("Garbage is looked at later: %s", error)
