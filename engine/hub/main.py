"""The hub process: entry point, parts and their order of start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from engine.base.atomic_file import write_atomic
from engine.base.child import ChildControl
from engine.base.clock import SystemClock
from engine.base.registry import MetricsRegistry
from engine.hub.ageing import AgeingDriver
from engine.hub.api.app import build_app
from engine.hub.bucket_watch import BucketWatch
from engine.hub.channel_server import ChannelServer
from engine.hub.chores import ChoreBook
from engine.hub.core import HubCore
from engine.hub.disk_threads import DiskThreads
from engine.hub.exports import ExportDesk
from engine.hub.fragment_age import FragmentAges
from engine.hub.gap_filler import GapFiller
from engine.hub.index_thread import IndexThread
from engine.hub.journal_thread import JournalThread, Noted, Origin, Submission
from engine.hub.live_state import LiveState
from engine.hub.notice_board import NoticeBoard
from engine.hub.process_usage import ProcessUsage
from engine.hub.query_pool import QueryPool
from engine.hub.record_keeper import RecordKeeper
from engine.hub.retention.emergency import EmergencyWatch
from engine.hub.retention.keeper import Keeper, keep_garbage_low
from engine.hub.retention.schedule import RetentionSchedule
from engine.hub.root_counts import count_roots
from engine.hub.start import HubStart
from engine.hub.storage_forecast import StorageForecast
from engine.hub.storage_watch import StorageWatch
from engine.hub.tokens import make_tokens
from engine.hub.web_server import PortTakenError, WebServer, bind
from engine.hub.worker_link import WorkerLink
from engine.playback.index_cache import IndexCache
from engine.playback.segment_file import SegmentOpener
from engine.retention.rules import payload_periods
from engine.storage_access.buckets import Buckets
from nvr_app.contract import wire
from nvr_app.contract.endpoint import Endpoint
from nvr_app.contract.events import EngineStarted, EngineStopped, SystemNoted
from nvr_app.contract.notices import FactNoted

logger = logging.getLogger(__name__)

_BEAT_S = 0.5
_USAGE_BEATS = 10
_CHORE_BEATS = 20
# A hub that falls behind holds up the workers' channels, not its own memory.
_MOST_FACTS_WAITING = 20_000
_STOP_TIMEOUT_S = 5.0
_PORT_RETRY_S = 5.0
# Camera workers speak once a second.
_SILENT_S = 4.0


def run_hub(start: HubStart, control: ChildControl, signing_seed: Callable[[], bytes]) -> None:
    """Serve until a stop is requested. Blocks; main thread."""
    asyncio.run(Hub(start, control, signing_seed).run())


class Hub:
    """Wires the parts together; its methods run in the loop's thread."""

    def __init__(
        self, start: HubStart, control: ChildControl, signing_seed: Callable[[], bytes]
    ) -> None:
        self._start = start
        self._control = control
        self._loop: asyncio.AbstractEventLoop | None = None
        self._data_dir = Path(start.data_dir)
        self._run_dir = self._data_dir / "run"
        self._clock = SystemClock()
        self._registry = MetricsRegistry()
        self._board = NoticeBoard(lambda: self._registry.count("surveillance_notices_dropped"))
        self._state = LiveState(self._board, self._registry, self._clock)
        self._index = IndexThread(
            self._data_dir / "journal",
            self._data_dir / "events.duckdb",
            self._data_dir / "config" / "signing-keys",
            self._clock,
            self._registry,
        )
        self._journal = JournalThread(
            self._data_dir / "journal",
            Origin(site=start.settings.site, node=start.settings.node),
            self._clock,
            self._registry,
            self._note_from_thread,
        )
        self._records = RecordKeeper(
            self._data_dir,
            self._journal,
            self._index,
            self._clock,
            self._registry,
            signing_seed,
            payload_periods(start.settings.retention),
        )
        self._channels = ChannelServer(self._run_dir, start.instance_id, self)
        storage = StorageWatch(
            start.roots,
            self._data_dir / "spool",
            self._clock,
            self._registry,
            self._journal.note,
        )
        buckets, disks = Buckets(start.buckets), DiskThreads()
        queries = QueryPool(self._index, self._clock, self._registry)
        chores = ChoreBook(self._channels, self._clock)
        keeper = Keeper(
            start.settings.retention,
            self._data_dir,
            self._clock,
            self._state,
            self._journal,
            self._index,
            queries,
            chores,
            self._registry,
        )
        self._core = HubCore(
            start=start,
            data_dir=self._data_dir,
            clock=self._clock,
            started_ns=self._clock.mono_ns(),
            tokens=make_tokens(self._run_dir),
            state=self._state,
            board=self._board,
            channels=self._channels,
            journal=self._journal,
            index=self._index,
            queries=queries,
            registry=self._registry,
            usage=ProcessUsage(start.supervisor_pid, self._clock, self._registry),
            storage=storage,
            forecast=StorageForecast(start, queries, storage, self._clock, self._registry),
            chores=chores,
            retention=keeper,
            schedule=RetentionSchedule(start.settings.retention, keeper.run_as_scheduled),
            emergency=EmergencyWatch(
                keeper, storage, bool(start.buckets), self._journal, self._clock
            ),
            footage=SegmentOpener(storage.folder_of, buckets.get),
            fragments=IndexCache(),
            disks=disks,
            buckets=BucketWatch(buckets, disks),
            tell_supervisor=control.tell,
        )
        self._ageing = AgeingDriver(self._core)
        self._web: WebServer | None = None

    async def run(self) -> None:
        """Heartbeats from the first moment; the API answers before the journal is open."""
        self._loop = asyncio.get_running_loop()
        stopped = asyncio.Event()
        self._control.on_stop(lambda: self._call(stopped.set))
        self._control.on_message(lambda message: self._call(self._take_news, message))
        self._registry.level("surveillance_build_info", self._start.version, value=1)
        self._registry.add_collector(FragmentAges(self._state, self._clock))
        self._state.on_rings = self._announce_rings
        self._state.set_cameras(self._start.settings.camera, self._start.settings.detection)
        self._core.storage.start()
        tasks = [
            asyncio.create_task(self._beat(), name="beat"),
            asyncio.create_task(self._open(), name="open"),
            asyncio.create_task(self._serve(), name="serve"),
            asyncio.create_task(count_roots(self._core), name="root counts"),
            asyncio.create_task(self._ageing.run(), name="ageing"),
            asyncio.create_task(self._core.forecast.run(), name="forecast"),
            asyncio.create_task(self._core.emergency.run(), name="emergency"),
            asyncio.create_task(keep_garbage_low(self._core.retention), name="garbage"),
            asyncio.create_task(self._core.buckets.run(), name="buckets"),
            asyncio.create_task(GapFiller(self._core).run(), name="gaps"),
        ]
        stopping = asyncio.create_task(stopped.wait())
        done, _ = await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await self._stop(tasks)
        for task in done:
            task.result()

    async def _beat(self) -> None:
        beats = 0
        while True:
            if beats % _CHORE_BEATS == 0:
                self._core.chores.resend_quiet()
            self._control.heartbeat()
            self._registry.level("surveillance_facts_waiting", value=self._journal.waiting)
            if self._index.is_open:
                behind = self._journal.last_seq - self._index.store.applied_seq
                self._registry.level("surveillance_db_backlog_records", value=max(behind, 0))
            self._tell_silent_workers()
            if beats % _USAGE_BEATS == 0:
                self._core.usage.sample(self._state.processes)
            beats += 1
            await asyncio.sleep(_BEAT_S)

    def _tell_silent_workers(self) -> None:
        """A frozen process keeps its channel open, and its last words would stand for true."""
        for link in self._channels.newly_silent(_SILENT_S):
            if link.role == "camera":
                logger.warning("Worker %s has said nothing for %g s", link.producer, _SILENT_S)
                self._state.worker_lost(
                    link.producer, f"its worker process has said nothing for {_SILENT_S:g} s"
                )

    async def _open(self) -> None:
        """Database and journal in a thread, then the workers' channel."""
        loop = asyncio.get_running_loop()
        applied_seq, numbers = await loop.run_in_executor(None, self._index.open)
        problems = await loop.run_in_executor(None, self._journal.open, applied_seq, numbers)
        self._journal.start()
        self._index.start()
        self._records.start()
        now_us = self._clock.wall_us()
        self._journal.note(
            EngineStarted(
                wall_us=now_us,
                instance_id=self._start.instance_id,
                version=self._start.version,
            )
        )
        for problem in problems:
            logger.error("Journal: %s", problem)
            self._journal.note(
                SystemNoted(wall_us=now_us, source="journal", severity="warning", text=problem)
            )
        await self._channels.start()
        self._core.schedule.start()
        await ExportDesk(self._core).find_again()
        # What start-up allocated lives as long as the process: spare the collector the walk.
        gc.collect()
        gc.freeze()
        await asyncio.Event().wait()

    async def _serve(self) -> None:
        """Listen, trying again while the port is taken: recording must not wait for it."""
        while True:
            try:
                bound = bind(self._start.settings.api.host, self._start.settings.api.port)
                break
            except PortTakenError as error:
                logger.error("%s", error)
                await asyncio.sleep(_PORT_RETRY_S)
        self._web = WebServer(build_app(self._core), bound)
        await self._web.start()
        endpoint = Endpoint(
            url=self._web.url,
            health_url=f"http://127.0.0.1:{self._start.supervisor_health_port}",
            token=self._core.tokens.desk,
            pid=self._start.supervisor_pid,
            instance_id=self._start.instance_id,
            version=self._start.version,
        )
        write_atomic(self._run_dir / "endpoint.json", msgspec.json.encode(endpoint))
        logger.info("The API listens on %s", self._web.url)
        await asyncio.Event().wait()

    async def _stop(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._core.schedule.stop()
        self._core.chores.close()
        await self._channels.stop()
        if self._web is not None:
            await self._web.stop()
        self._journal.note(
            EngineStopped(wall_us=self._clock.wall_us(), instance_id=self._start.instance_id)
        )
        loop = asyncio.get_running_loop()
        self._records.stop()
        await loop.run_in_executor(None, self._records.join, _STOP_TIMEOUT_S)
        await loop.run_in_executor(None, self._journal.stop, _STOP_TIMEOUT_S)
        await loop.run_in_executor(None, self._index.stop, _STOP_TIMEOUT_S)
        self._core.queries.close()
        self._core.storage.stop()

    # --- what the channels tell

    def last_number(self, producer: str) -> int:
        return self._journal.last_number(producer)

    async def take_facts(self, link: WorkerLink, facts: wire.Facts) -> None:
        """Hand over to the journal; waits only while the journal is far behind."""
        while self._journal.waiting > _MOST_FACTS_WAITING:  # noqa: ASYNC110  set by another thread
            await asyncio.sleep(0.1)

        def acknowledge(number: int) -> None:
            self._call(link.send, wire.Ack(number=number))

        self._journal.submit(Submission(link.producer, facts.facts, acknowledge))

    def take_sample(self, link: WorkerLink, sample: wire.Sample) -> None:
        self._registry.take(sample.measurements)
        self._state.take_sample(link.producer, sample)

    def take_moved(self, moved: wire.Moved) -> None:
        for tracks in moved.tracks:
            self._board.publish(tracks)

    def take_chore(self, moved: wire.ChoreMoved) -> None:
        self._core.chores.take_moved(moved)

    def worker_joined(self, link: WorkerLink) -> None:
        if link.role == "vision":
            link.send(wire.RingAnnounced(cameras=self._state.watched()))
        elif link.role == "chores":
            self._core.chores.resend()

    def worker_lost(self, link: WorkerLink) -> None:
        if link.role == "vision":
            self._state.vision_lost()
        elif link.role == "camera":
            self._state.worker_lost(link.producer)

    def _announce_rings(self) -> None:
        for link in self._channels.with_role("vision"):
            link.send(wire.RingAnnounced(cameras=self._state.watched()))

    # --- news from other threads

    def _note_from_thread(self, noted: Noted) -> None:
        self._index.offer(noted)
        self._call(self._announce, noted)

    def _announce(self, noted: Noted) -> None:
        for seq, journalled in noted:
            self._board.publish(FactNoted(seq=seq, fact=journalled.fact))
        self._ageing.take_facts(journalled.fact for _, journalled in noted)
        self._core.retention.take_facts(journalled.fact for _, journalled in noted)

    def _take_news(self, message: Mapping[str, object]) -> None:
        match message:
            case {"type": "processes", "rows": list() as rows}:
                self._state.take_processes(rows)
            case {"type": "died", "process": process, "cause": cause}:
                self._journal.note(
                    SystemNoted(
                        wall_us=self._clock.wall_us(),
                        source="supervisor",
                        severity="critical" if message.get("is_incident") else "warning",
                        text=f"{process} died ({cause}) and is being restarted",
                    )
                )
            case {"type": "renewed", "start": dict() as start}:
                renewed = msgspec.convert(start, type=HubStart)
                self._state.set_cameras(renewed.settings.camera, renewed.settings.detection)
                self._core.storage.set_roots(renewed.roots)
                self._core.forecast.set_cameras(renewed.settings.camera)
            case _:
                logger.debug("Unknown news: %s", message.get("type"))

    def _call(self, function, *args: object) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  asyncio types call_soon_threadsafe in a way no wrapper can repeat
        """Run in the loop's thread; nothing once the loop is gone."""
        with contextlib.suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(function, *args)
