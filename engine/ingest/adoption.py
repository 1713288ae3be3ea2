"""What a killed worker was writing is measured, synced and reported by its successor (S2)."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from engine.base.atomic_file import sync_folder
from engine.base.clock import Clock
from engine.media.errors import SourceError
from engine.media.segment_probe import SegmentMeasure, measure_segment
from engine.recording.content_hash import hash_file
from engine.recording.disk_writer import DiskWriter
from engine.recording.first_gap import GAP_LIMIT_US
from engine.recording.ledger import Ledger, OpenSegment
from engine.recording.root_board import RootBoard
from engine.recording.root_look import look_at
from engine.recording.segment_path import parse_segment_path
from engine.recording.storage_root import StorageRoot
from nvr_app.contract.events import GapEnded, GapReason, SegmentClosed, SegmentGone

logger = logging.getLogger(__name__)


_RETRY_S = 2.0


def adopt_open_segments(
    camera_id: str,
    ledger: Ledger,
    board: RootBoard,
    disk: DiskWriter,
    clock: Clock,
    done: Callable[[int], None],
) -> None:
    """Adopt in a thread of its own: recording is already starting again and waits for nobody.

    A file on a root that is away is waited for, and left to the next worker should we end before.
    `done` is told up to which wall time there is footage, 0 when there is none.
    """
    if not ledger.open:
        done(ledger.last_end_wall_us)
        return
    adoption = _Adoption(camera_id, board, disk, clock, ledger.last_end_wall_us)

    def adopt_all() -> None:
        waiting = sorted(ledger.open, key=lambda one: one.start_wall_us)
        while waiting:
            left = [segment for segment in waiting if not adoption.adopt(segment)]
            if len(left) == len(waiting):
                clock.wait(adoption.never, _RETRY_S)
            waiting = left
        done(adoption.covered_until_us)

    threading.Thread(target=adopt_all, name="adopt", daemon=True).start()


class _Adoption:
    """One thread."""

    def __init__(
        self,
        camera_id: str,
        board: RootBoard,
        disk: DiskWriter,
        clock: Clock,
        covered_until_us: int,
    ) -> None:
        self._camera_id = camera_id
        self._board = board
        self._disk = disk
        self._clock = clock
        self._told: set[str] = set()
        self.covered_until_us = covered_until_us
        self.never = threading.Event()

    def adopt(self, segment: OpenSegment) -> bool:
        """Whether it is in the books now; False while its root is away."""
        state = next((s for s in self._board.states() if s.root.name == segment.root), None)
        if state is None:
            return self._wait(segment, f"storage root {segment.root} is not in the settings")
        look = look_at(state.root, probe=True)
        if look.fault:
            return self._wait(segment, look.detail)
        try:
            end_us = _adopt(self._camera_id, segment, state.root, self._disk, self._clock)
        except OSError as error:
            return self._wait(segment, str(error))
        if end_us and 0 < self.covered_until_us < segment.start_wall_us - GAP_LIMIT_US:
            # Several workers were killed before one could tell of the hole behind it.
            self._post_gap(self.covered_until_us, segment.start_wall_us, "crashed")
        if end_us and end_us < segment.until_wall_us - GAP_LIMIT_US:
            # Its disk hung, and what waited in memory for it went with its worker.
            self._post_gap(end_us, segment.until_wall_us, "storage")
        self.covered_until_us = max(self.covered_until_us, end_us, segment.until_wall_us)
        return True

    def _wait(self, segment: OpenSegment, reason: str) -> bool:
        if segment.path not in self._told:
            self._told.add(segment.path)
            logger.warning("%s: %s waits to be adopted: %s", self._camera_id, segment.path, reason)
        return False

    def _post_gap(self, start_us: int, end_us: int, reason: GapReason) -> None:
        self._disk.post(
            GapEnded(
                wall_us=self._clock.wall_us(),
                camera_id=self._camera_id,
                start_wall_us=start_us,
                end_wall_us=end_us,
                reason=reason,
            )
        )


def _adopt(
    camera_id: str, segment: OpenSegment, root: StorageRoot, disk: DiskWriter, clock: Clock
) -> int:
    """Wall time at which its footage ends: its start when it has none. OSError: not now."""
    name = parse_segment_path(segment.path)
    if name is None:
        return segment.start_wall_us
    path = root.path / segment.path
    if not path.exists() or _remove_if_empty(path):
        disk.post(
            SegmentGone(
                wall_us=clock.wall_us(),
                camera_id=camera_id,
                segment_id=name.segment_id,
                root=root.name,
                path=segment.path,
                reason="nothing of it had reached the disk when its worker or its disk failed",
            )
        )
        return segment.start_wall_us
    size_bytes = _make_durable(path)
    content_hash = hash_file(path)
    measure = _measure(camera_id, path)
    logger.info("%s: adopted %s with %d frames", camera_id, segment.path, measure.frames)
    end_wall_us = segment.start_wall_us + measure.duration_us
    disk.post(
        SegmentClosed(
            wall_us=clock.wall_us(),
            camera_id=camera_id,
            segment_id=name.segment_id,
            root=root.name,
            path=segment.path,
            start_wall_us=segment.start_wall_us,
            end_wall_us=end_wall_us,
            size_bytes=size_bytes,
            frames=measure.frames,
            keyframes=measure.keyframes,
            content_hash=content_hash,
            adopted=True,
        )
    )
    return end_wall_us


def _remove_if_empty(path: Path) -> bool:
    """Whether the file held not one byte; it is then removed."""
    if path.stat().st_size:
        return False
    path.unlink()
    sync_folder(path.parent)
    return True


def _make_durable(path: Path) -> int:
    """Sync file and folder (S3); the file's size in bytes. OSError."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
        if hasattr(os, "posix_fadvise"):
            # After an error the memory may hold what the disk does not: measure the disk.
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        size_bytes = os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
    sync_folder(path.parent)
    return size_bytes


def _measure(camera_id: str, path: Path) -> SegmentMeasure:
    """A file without readable pictures counts as it is: evidence of something, and in the books."""
    try:
        return measure_segment(path)
    except SourceError as error:
        logger.warning("%s: nothing can be read from an adopted segment: %s", camera_id, error)
        return SegmentMeasure(0, 0, 0, "", 0, 0)
