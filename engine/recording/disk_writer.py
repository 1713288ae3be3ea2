"""The disk side of recording: one thread writes, one makes durable; nobody else waits for them.

The media thread hands over bytes and goes on. While the disk is slow they wait in memory, up to
a stated bound, visibly (`pending_bytes`). A segment that cannot be written fails as a whole from
that byte on: what was written before stays, is closed in order and remains playable.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.base.atomic_file import sync_folder
from engine.base.clock import Clock
from engine.base.errors import EngineError
from engine.base.measures import Measures
from engine.base.spool import Spool
from engine.recording.content_hash import new_content_hash
from engine.recording.ledger import Ledger, OpenSegment
from engine.recording.storage_root import StorageRoot, choose_root
from nvr_app.contract.events import AnyFact, SegmentClosed, SegmentOpened

logger = logging.getLogger(__name__)

_QUANTUM_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class DiskLimits:
    """Bounds of one camera's disk side."""

    floor_free_bytes: int
    buffer_bytes: int
    sync_s: float


@dataclass(frozen=True, kw_only=True)
class SegmentEnd:
    """What the media thread knows when it closes a segment."""

    end_wall_us: int
    frames: int
    keyframes: int


@dataclass
class SegmentFile:
    """One segment on its way to the disk. `failure` is set once, by whoever notices."""

    opened: Callable[[StorageRoot], SegmentOpened]
    path: str
    failure: str = ""
    root: StorageRoot | None = None
    descriptor: int = -1
    size_bytes: int = 0
    content: hashlib.blake2b = field(default_factory=new_content_hash)
    is_folder_synced: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while the descriptor is used for a sync, so that it is not closed meanwhile."""


class DiskWriter:
    """One camera's disk side. The media thread calls `open`, `write`, `close_segment`, `post`."""

    def __init__(
        self,
        camera_id: str,
        roots: tuple[StorageRoot, ...],
        limits: DiskLimits,
        spool: Spool,
        book: Callable[[Ledger], None],
        clock: Clock,
        measures: Measures,
    ) -> None:
        self._camera_id = camera_id
        self._roots = roots
        self._limits = limits
        self._spool = spool
        self._book = book
        self._clock = clock
        self._measures = measures
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._pending_lock = threading.Lock()
        self._current: SegmentFile | None = None
        self._ledger = Ledger()
        self._stopping = threading.Event()
        self._writer = threading.Thread(target=self._write_loop, name="disk", daemon=True)
        self._syncer = threading.Thread(target=self._sync_loop, name="sync", daemon=True)
        self.pending_bytes = 0
        self.last_write_wall_us = 0
        self.last_end_wall_us = 0

    def start(self) -> None:
        """Begin to take work."""
        self._writer.start()
        self._syncer.start()

    def open(self, segment: SegmentFile) -> None:
        """Queue the creation of a segment's file."""
        self._jobs.put(lambda: self._open(segment))

    def write(self, segment: SegmentFile, data: bytes) -> None:
        """Queue bytes; a segment that failed or outgrew the memory bound takes no more."""
        if segment.failure:
            return
        with self._pending_lock:
            if self.pending_bytes + len(data) > self._limits.buffer_bytes:
                segment.failure = (
                    f"the disk is too slow: {self.pending_bytes // 1024**2} MiB wait in memory, "
                    "the bound is reached"
                )
                return
            self.pending_bytes += len(data)
        self._jobs.put(lambda: self._write(segment, data))

    def close_segment(self, segment: SegmentFile, end: SegmentEnd) -> None:
        """Queue the orderly close (invariant S3)."""
        self._jobs.put(lambda: self._close(segment, end))

    def post(self, fact: AnyFact) -> None:
        """Queue a fact behind everything that was queued before it."""
        self._jobs.put(lambda: self._post(fact))

    def settle(self, change: Callable[[], None]) -> None:
        """Queue a change of what the book inherits, behind every fact that was queued before;
        the book is then written anew while a segment is open (a closing one writes it itself).
        """

        def work() -> None:
            change()
            if self._ledger.open:
                self._write_book(self._ledger)

        self._jobs.put(work)

    def stop(self) -> None:
        """No more work comes; what is queued is still done. Idempotent."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._jobs.put(None)

    def join(self, timeout_s: float) -> bool:
        """Wait for the last job; whether it was done in time."""
        self._writer.join(timeout_s)
        return not self._writer.is_alive()

    def _write_loop(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _open(self, segment: SegmentFile) -> None:
        try:
            root = choose_root(self._roots, self._limits.floor_free_bytes)
        except EngineError as error:
            self._refuse(segment, error)
            return
        fact = segment.opened(root)
        # The book first: a file that nobody knows of could not be told from a foreign one.
        known = OpenSegment(root=root.name, path=segment.path, start_wall_us=fact.start_wall_us)
        self._write_book(Ledger(open=(known,), last_end_wall_us=self.last_end_wall_us))
        try:
            target = root.path / segment.path
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            segment.descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640)
        except OSError as error:
            self._refuse(segment, error)
            self._write_book(Ledger(last_end_wall_us=self.last_end_wall_us))
            return
        segment.root = root
        self._post(fact)
        self._current = segment

    def _refuse(self, segment: SegmentFile, error: Exception) -> None:
        segment.failure = f"could not create segment {segment.path}: {error}"
        logger.error("%s: %s", self._camera_id, segment.failure)

    def _write(self, segment: SegmentFile, data: bytes) -> None:
        try:
            if not segment.failure:
                self._write_all(segment, data)
        except OSError as error:
            segment.failure = f"could not write segment {segment.path}: {error}"
            logger.error("%s: %s", self._camera_id, segment.failure)
            with contextlib.suppress(OSError):
                # Leave whole fragments only: a reader must not meet half of one.
                os.ftruncate(segment.descriptor, segment.size_bytes)
        finally:
            with self._pending_lock:
                self.pending_bytes -= len(data)

    def _write_all(self, segment: SegmentFile, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(segment.descriptor, view[:_QUANTUM_BYTES]) :]
        segment.size_bytes += len(data)
        segment.content.update(data)
        self.last_write_wall_us = self._clock.wall_us()
        self._measures.count("surveillance_recorded_bytes", self._camera_id, amount=len(data))

    def _close(self, segment: SegmentFile, end: SegmentEnd) -> None:
        if segment.descriptor < 0 or segment.root is None:
            return
        started_ns = self._clock.mono_ns()
        self._current = None
        try:
            with segment.lock:
                os.fsync(segment.descriptor)
                os.close(segment.descriptor)
            sync_folder((segment.root.path / segment.path).parent)
        except OSError as error:
            logger.error("%s: could not sync segment %s: %s", self._camera_id, segment.path, error)
            self._measures.count("surveillance_storage_errors", "close")
        self.last_end_wall_us = end.end_wall_us
        opened = segment.opened(segment.root)
        self._post(
            SegmentClosed(
                wall_us=self._clock.wall_us(),
                camera_id=self._camera_id,
                segment_id=opened.segment_id,
                root=segment.root.name,
                path=segment.path,
                start_wall_us=opened.start_wall_us,
                end_wall_us=end.end_wall_us,
                size_bytes=segment.size_bytes,
                frames=end.frames,
                keyframes=end.keyframes,
                content_hash=segment.content.hexdigest(),
            )
        )
        self._write_book(Ledger(last_end_wall_us=end.end_wall_us))
        self._measures.count("surveillance_segments", self._camera_id)
        self._measures.observe(
            "surveillance_segment_close_seconds", value=(self._clock.mono_ns() - started_ns) / 1e9
        )

    def _post(self, fact: AnyFact) -> None:
        try:
            self._spool.append(fact)
        except OSError as error:
            # The spool keeps it in memory and will send it; only its crash safety is gone.
            logger.error("%s: could not spool a fact to disk: %s", self._camera_id, error)
            self._measures.count("surveillance_storage_errors", "spool")

    def _write_book(self, ledger: Ledger) -> None:
        self._ledger = ledger
        try:
            self._book(ledger)
        except OSError as error:
            logger.error("%s: could not write the ledger: %s", self._camera_id, error)
            self._measures.count("surveillance_storage_errors", "ledger")

    def _sync_loop(self) -> None:
        while not self._clock.wait(self._stopping, self._limits.sync_s):
            segment = self._current
            if segment is not None:
                self._sync(segment)

    def _sync(self, segment: SegmentFile) -> None:
        started_ns = self._clock.mono_ns()
        try:
            with segment.lock:
                if segment is not self._current or segment.descriptor < 0:
                    return
                os.fdatasync(segment.descriptor) if hasattr(os, "fdatasync") else os.fsync(
                    segment.descriptor
                )
            if not segment.is_folder_synced and segment.root is not None:
                sync_folder((segment.root.path / segment.path).parent)
                segment.is_folder_synced = True
            self._spool.sync()
        except OSError as error:
            # Whatever was written since the last good sync is in doubt: say so by failing it.
            segment.failure = segment.failure or f"could not sync segment {segment.path}: {error}"
            logger.error("%s: %s", self._camera_id, segment.failure)
        self._measures.observe(
            "surveillance_fsync_seconds", value=(self._clock.mono_ns() - started_ns) / 1e9
        )
