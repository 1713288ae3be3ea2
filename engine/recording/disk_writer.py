"""The disk side of recording: one lane of threads writes and syncs; nobody else waits for it.

The media thread hands over bytes and goes on. While the disk is slow they wait in memory, up to
a stated bound, visibly (`pending_bytes`). A segment that cannot be written fails as a whole from
that byte on: what was written before stays, is closed in order and remains playable. A disk that
hangs keeps the lane that hangs on it, with what waits for it; the camera goes on by a new lane.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass

from engine.base.atomic_file import sync_folder
from engine.base.clock import Clock
from engine.base.measures import Measures
from engine.base.spool import Spool
from engine.recording.disk_lane import DiskLane, Job
from engine.recording.ledger import Ledger, OpenSegment
from engine.recording.open_book import OpenBook
from engine.recording.root_board import RootBoard
from engine.recording.root_look import failed, look_at
from engine.recording.root_usage import UsageBook
from engine.recording.segment_file import SegmentEnd, SegmentFile
from engine.recording.storage_root import StorageError, StorageRoot
from nvr_app.contract.events import AnyFact, SegmentClosed
from nvr_app.contract.timebase import NS_PER_S

logger = logging.getLogger(__name__)

_QUANTUM_BYTES = 1 << 20
GIVE_UP_NS = 5 * NS_PER_S
"""A write that has not come back by then is left to its own lane, where another root can record."""
_SLOW_NS = 10 * NS_PER_S
_FIRST_LOOK_S = 1.0
_MOST_TRIES = 8


@dataclass(frozen=True, kw_only=True)
class DiskLimits:
    """Bounds of one camera's disk side."""

    buffer_bytes: int
    sync_s: float


@dataclass(frozen=True)
class WorkerDisks:
    """What the cameras of one process know in common of their disks."""

    board: RootBoard
    usage: UsageBook


class DiskWriter:
    """One camera's disk side. The media thread calls `open`, `write`, `close_segment`, `post`;
    the worker's loop calls `watch`. `owed` is told, in a lane's thread, of a file of which it is
    not known what the disk has: measure it once its root is well, and then `forget` it.
    """

    def __init__(
        self,
        camera_id: str,
        disks: WorkerDisks,
        limits: DiskLimits,
        spool: Spool,
        book: Callable[[Ledger], None],
        clock: Clock,
        measures: Measures,
        owed: Callable[[OpenSegment], None],
    ) -> None:
        self._camera_id = camera_id
        self._board = disks.board
        self._usage = disks.usage
        self._limits = limits
        self._spool = spool
        self._clock = clock
        self._measures = measures
        self._owed = owed
        self._book = OpenBook(camera_id, book, measures)
        self._lane_lock = threading.Lock()
        self._lane = self._new_lane()
        self._hanging: dict[DiskLane, StorageRoot] = {}
        self._lanes: dict[SegmentFile, DiskLane] = {}
        self._pending_lock = threading.Lock()
        self._slow_until_ns = 0
        self.pending_bytes = 0
        self.last_write_wall_us = 0

    def start(self) -> None:
        """Begin to take work."""
        self._lane.start()

    # --- the media thread

    def open(self, segment: SegmentFile) -> None:
        """Queue the creation of a segment's file."""
        with self._lane_lock:
            self._lanes[segment] = self._lane
            self._lane.put(Job(lambda: self._open(segment, 0), segment))

    def write(self, segment: SegmentFile, data: bytes, reach_us: int) -> None:
        """Queue bytes; a segment that failed or outgrew the memory bound takes no more.

        `reach_us` is the wall time up to which there are pictures once they are written. What
        was queued before the bound was reached is still written.
        """
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
        self._put(segment, lambda: self._write(segment, data, reach_us))

    def close_segment(self, segment: SegmentFile, end: SegmentEnd) -> None:
        """Queue the orderly close (invariant S3)."""
        with self._lane_lock:
            lane = self._lanes.get(segment, self._lane)
            if lane is not self._lane:
                # Its disk hangs: should we die before it returns, the successor must know how far
                # its footage was to reach.
                self._lane.put(Job(lambda: self._expect_end(segment, end.end_wall_us)))
            lane.put(Job(lambda: self._close(segment, end), segment))

    def post(self, fact: AnyFact) -> None:
        """Queue a fact behind everything that was queued before it."""
        self._put(None, lambda: self._post(fact))

    def settle(self, change: Callable[[], None]) -> None:
        """Queue a change of what the book inherits, behind every fact that was queued before."""
        self._put(None, lambda: self._book.settle(change))

    def forget(self, segment: OpenSegment) -> None:
        """Queue, behind the facts about it, that a file is owed no longer."""
        self._put(None, lambda: self._book.closed(segment))

    def trouble(self, segment: SegmentFile) -> str:
        """Why this segment should end at the next keyframe and the next one lie elsewhere.

        Empty where it lies well, or where no other root could take over.
        """
        root = segment.root or segment.trying
        trouble = self._board.trouble(root) if root is not None else ""
        return trouble if trouble and self._can_choose() else ""

    def can_move(self, segment: SegmentFile) -> bool:
        """Whether another root could take over what this one refused."""
        return segment.root is not None and self._can_choose(segment.root.name)

    # --- the worker's loop

    def watch(self) -> None:
        """Give a lane up that hangs, where another root can take over. Never blocks."""
        if self.pending_bytes * 8 > self._limits.buffer_bytes:
            self._slow_until_ns = self._clock.mono_ns() + _SLOW_NS
        with self._lane_lock:
            for lane, hung in list(self._hanging.items()):
                if lane.join(0):
                    del self._hanging[lane]
                    self._board.stalled(hung, is_over=True)
            segment = self._lane.hanging(GIVE_UP_NS)
            root = (segment.root or segment.trying) if segment is not None else None
            if segment is not None and root is not None and self._can_choose(root.name):
                self._give_up(segment, root)

    @property
    def is_slow(self) -> bool:
        """Whether an eighth of the bound waits, or did within the last 10 s: pictures are safe,
        but the disk lags behind.
        """
        return self._clock.mono_ns() < self._slow_until_ns

    @property
    def ledger(self) -> Ledger:
        """What is open right now."""
        return self._book.ledger

    def stop(self) -> None:
        """No more work comes; what is queued is still done. Idempotent."""
        with self._lane_lock:
            self._lane.stop()

    def join(self, timeout_s: float) -> bool:
        """Wait for the last job, but for no disk that hangs; whether it was done in time."""
        return self._lane.join(timeout_s)

    def _new_lane(self) -> DiskLane:
        return DiskLane(self._clock, self._limits.sync_s, self._sync)

    def _put(self, segment: SegmentFile | None, run: Callable[[], None]) -> None:
        with self._lane_lock:
            lane = self._lanes.get(segment, self._lane) if segment is not None else self._lane
            lane.put(Job(run, segment))

    def _can_choose(self, without: str = "") -> bool:
        try:
            self._board.choose(without)
        except StorageError:
            return False
        return True

    def _give_up(self, segment: SegmentFile, root: StorageRoot) -> None:
        """Go on by a new lane; the lanes' lock is held."""
        logger.error(
            "%s: storage root %s does not answer; %d KiB wait for it, the camera goes on elsewhere",
            self._camera_id,
            root.name,
            self.pending_bytes // 1024,
        )
        self._measures.count("surveillance_storage_errors", "hung")
        self._board.stalled(root)
        old, new = self._lane, self._new_lane()
        with segment.claim:
            others = old.give_up()
            if segment.root is None:
                segment.attempt += 1
                attempt = segment.attempt
                self._lanes[segment] = new
                new.put(Job(lambda: self._open(segment, attempt), segment))
        for job in others:
            new.put(job)
            if job.segment is not None:
                self._lanes[job.segment] = new
        self._hanging[old] = root
        self._lane = new
        new.start()

    # --- a lane's threads

    def _open(self, segment: SegmentFile, attempt: int) -> None:
        self._board.wait_for_first_looks(_FIRST_LOOK_S)
        refusal: Exception = StorageError("no storage root could be used")
        for _ in range(_MOST_TRIES):
            try:
                root = segment.trying = self._board.choose().root
                self._create(segment, attempt, root)
            except StorageError as error:
                refusal = error
                break
            except OSError as error:
                refusal = error
                self._board.report(root, failed(root, error))
            else:
                return
        if segment.attempt == attempt:
            segment.failure = f"could not create segment {segment.path}: {refusal}"
            segment.is_broken = True
            logger.error("%s: %s", self._camera_id, segment.failure)

    def _expect_end(self, segment: SegmentFile, until_us: int) -> None:
        if segment.root is not None:
            place = OpenSegment(
                root=segment.root.name, path=segment.path, start_wall_us=0, until_wall_us=until_us
            )
            self._book.expect_end(place)

    def _create(self, segment: SegmentFile, attempt: int, root: StorageRoot) -> None:
        """OSError: not there, for whatever reason. The claim decides between two lanes."""
        look = look_at(root, probe=False)  # invariant S5
        if look.fault:
            self._board.report(root, look)
            raise OSError(look.detail)
        fact = segment.opened(root)
        known = OpenSegment(root=root.name, path=segment.path, start_wall_us=fact.start_wall_us)
        # The book first: a file that nobody knows of could not be told from a foreign one.
        self._book.opened(known)
        target = root.path / segment.path
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640)
        except OSError:
            self._book.closed(known)
            raise
        with segment.claim:
            is_ours = segment.attempt == attempt
            if is_ours:
                segment.root, segment.descriptor = root, descriptor
        if not is_ours:
            # The disk came back too late: the segment lies elsewhere by now.
            os.close(descriptor)
            target.unlink()
            self._book.closed(known)
            return
        self._post(fact)
        self._lanes[segment].current = segment

    def _write(self, segment: SegmentFile, data: bytes, reach_us: int) -> None:
        try:
            if not segment.is_broken:
                self._write_all(segment, data)
                segment.reach_wall_us = reach_us
        except OSError as error:
            self._break(segment, f"could not write segment {segment.path}", error)
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
        if segment.root is not None:
            self._usage.note(segment.root.name, len(data))
        self._measures.count("surveillance_recorded_bytes", self._camera_id, amount=len(data))

    def _break(self, segment: SegmentFile, what: str, error: OSError) -> None:
        if segment.root is not None:
            self._board.report(segment.root, failed(segment.root, error))
        segment.is_broken = True
        segment.failure = segment.failure or f"{what}: {error}"
        logger.error("%s: %s: %s", self._camera_id, what, error)

    def _close(self, segment: SegmentFile, end: SegmentEnd) -> None:
        with self._lane_lock:
            lane = self._lanes.pop(segment, None)
        if segment.descriptor < 0 or segment.root is None:
            return
        started_ns = self._clock.mono_ns()
        if lane is not None:
            lane.current = None
        opened = segment.opened(segment.root)
        end_us = end.end_wall_us
        if segment.is_broken:  # what was muxed later never reached the file
            end_us = min(end_us, max(segment.reach_wall_us, opened.start_wall_us))
        known = OpenSegment(
            root=segment.root.name,
            path=segment.path,
            start_wall_us=opened.start_wall_us,
            until_wall_us=end_us,
        )
        if not self._is_durable(segment, segment.root):
            # Nobody knows what the disk has of it: it is measured once its root is well again.
            self._book.expect_end(known)
            self._owed(known)
            return
        self._post(
            SegmentClosed(
                wall_us=self._clock.wall_us(),
                camera_id=self._camera_id,
                segment_id=opened.segment_id,
                root=segment.root.name,
                path=segment.path,
                start_wall_us=opened.start_wall_us,
                end_wall_us=end_us,
                size_bytes=segment.size_bytes,
                frames=end.frames,
                keyframes=end.keyframes,
                content_hash=segment.content.hexdigest(),
            )
        )
        self._book.closed(known, end_us if lane is self._lane else 0)
        self._measures.count("surveillance_segments", self._camera_id)
        self._measures.observe(
            "surveillance_segment_close_seconds", value=(self._clock.mono_ns() - started_ns) / 1e9
        )

    def _is_durable(self, segment: SegmentFile, root: StorageRoot) -> bool:
        """Sync file and folder (S3) and close the file; whether all of it is on the disk."""
        try:
            with segment.lock:
                segment.is_closed = True
                try:
                    os.fsync(segment.descriptor)
                finally:
                    os.close(segment.descriptor)
            sync_folder((root.path / segment.path).parent)
        except OSError as error:
            self._board.report(root, failed(root, error))
            logger.error("%s: could not sync segment %s: %s", self._camera_id, segment.path, error)
            self._measures.count("surveillance_storage_errors", "close")
            return False
        return not segment.is_doubtful

    def _post(self, fact: AnyFact) -> None:
        try:
            self._spool.append(fact)
        except OSError as error:
            # The spool keeps it in memory and will send it; only its crash safety is gone.
            logger.error("%s: could not spool a fact to disk: %s", self._camera_id, error)
            self._measures.count("surveillance_storage_errors", "spool")

    def _sync(self, segment: SegmentFile) -> None:
        started_ns = self._clock.mono_ns()
        try:
            with segment.lock:
                if segment.descriptor < 0 or segment.is_closed:
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
            segment.is_doubtful = True
            self._break(segment, f"could not sync segment {segment.path}", error)
        self._measures.observe(
            "surveillance_fsync_seconds", value=(self._clock.mono_ns() - started_ns) / 1e9
        )
