"""What the API's handlers stand on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.base.clock import Clock
from engine.base.registry import MetricsRegistry
from engine.hub.bucket_watch import BucketWatch
from engine.hub.channel_server import ChannelServer
from engine.hub.chores import ChoreBook
from engine.hub.disk_threads import DiskThreads
from engine.hub.index_thread import IndexThread
from engine.hub.journal_thread import JournalThread
from engine.hub.live_state import LiveState
from engine.hub.notice_board import NoticeBoard
from engine.hub.process_usage import ProcessUsage
from engine.hub.query_pool import QueryPool
from engine.hub.retention.emergency import EmergencyWatch
from engine.hub.retention.keeper import Keeper
from engine.hub.retention.schedule import RetentionSchedule
from engine.hub.start import HubStart
from engine.hub.storage_forecast import StorageForecast
from engine.hub.storage_watch import StorageWatch
from engine.hub.tokens import Tokens
from engine.playback.index_cache import IndexCache
from engine.playback.segment_file import SegmentOpener


@dataclass(frozen=True, kw_only=True)
class HubCore:
    """The hub's parts; handlers run in the loop's thread."""

    start: HubStart
    data_dir: Path
    clock: Clock
    started_ns: int
    tokens: Tokens
    state: LiveState
    board: NoticeBoard
    channels: ChannelServer
    journal: JournalThread
    index: IndexThread
    queries: QueryPool
    registry: MetricsRegistry
    usage: ProcessUsage
    storage: StorageWatch
    chores: ChoreBook
    forecast: StorageForecast
    buckets: BucketWatch
    footage: SegmentOpener
    retention: Keeper
    schedule: RetentionSchedule
    emergency: EmergencyWatch
    fragments: IndexCache
    disks: DiskThreads
    tell_supervisor: Callable[[Mapping[str, object]], None]

    @property
    def uptime_s(self) -> float:
        return (self.clock.mono_ns() - self.started_ns) / 1e9
