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
from engine.recording.segment_path import parse_segment_path
from engine.recording.storage_root import StorageRoot
from nvr_app.contract.events import GapEnded, SegmentClosed, SegmentGone

logger = logging.getLogger(__name__)


def adopt_open_segments(
    camera_id: str,
    ledger: Ledger,
    roots: tuple[StorageRoot, ...],
    disk: DiskWriter,
    clock: Clock,
    done: Callable[[int], None],
) -> None:
    """Adopt in a thread of its own: recording is already starting again and waits for nobody.

    `done` is told up to which wall time there is footage, 0 when there is none.
    """
    if not ledger.open:
        done(ledger.last_end_wall_us)
        return

    def adopt_all() -> None:
        by_name = {root.name: root for root in roots}
        covered_until_us = ledger.last_end_wall_us
        for segment in sorted(ledger.open, key=lambda one: one.start_wall_us):
            root = by_name.get(segment.root)
            if root is None:
                logger.warning("%s: no storage %s to adopt from", camera_id, segment.root)
                continue
            end_us = _adopt(camera_id, segment, root, disk, clock)
            if end_us and 0 < covered_until_us < segment.start_wall_us - GAP_LIMIT_US:
                # Several workers were killed before one could tell of the hole behind it.
                disk.post(
                    GapEnded(
                        wall_us=clock.wall_us(),
                        camera_id=camera_id,
                        start_wall_us=covered_until_us,
                        end_wall_us=segment.start_wall_us,
                        reason="crashed",
                    )
                )
            covered_until_us = max(covered_until_us, end_us)
        done(covered_until_us)

    threading.Thread(target=adopt_all, name="adopt", daemon=True).start()


def _adopt(
    camera_id: str, segment: OpenSegment, root: StorageRoot, disk: DiskWriter, clock: Clock
) -> int:
    """Wall time at which its footage ends: its start when it has none, 0 when nothing is known."""
    name = parse_segment_path(segment.path)
    if name is None:
        return 0
    path = root.path / segment.path
    try:
        if not path.exists() or _remove_if_empty(path):
            disk.post(
                SegmentGone(
                    wall_us=clock.wall_us(),
                    camera_id=camera_id,
                    segment_id=name.segment_id,
                    reason="it was opened before a crash and nothing had been written into it",
                )
            )
            return segment.start_wall_us
        size_bytes = _make_durable(path)
        content_hash = hash_file(path)
    except OSError as error:
        logger.warning("%s: could not adopt %s: %s", camera_id, segment.path, error)
        return 0
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
