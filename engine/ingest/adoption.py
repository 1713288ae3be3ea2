"""What a killed worker was writing is measured, synced and reported by its successor (S2)."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable

from engine.base.atomic_file import sync_folder
from engine.base.clock import Clock
from engine.media.errors import SourceError
from engine.media.segment_probe import measure_segment
from engine.recording.content_hash import hash_file
from engine.recording.disk_writer import DiskWriter
from engine.recording.ledger import Ledger, OpenSegment
from engine.recording.segment_path import parse_segment_path
from engine.recording.storage_root import StorageRoot
from nvr_app.contract.events import SegmentClosed, SegmentGone

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
        for segment in ledger.open:
            root = by_name.get(segment.root)
            if root is not None:
                end_us = _adopt(camera_id, segment, root, disk, clock)
                covered_until_us = max(covered_until_us, end_us)
        done(covered_until_us)

    threading.Thread(target=adopt_all, name="adopt", daemon=True).start()


def _adopt(
    camera_id: str, segment: OpenSegment, root: StorageRoot, disk: DiskWriter, clock: Clock
) -> int:
    """Wall time at which its footage ends, 0 when it has none."""
    name = parse_segment_path(segment.path)
    path = root.path / segment.path
    if name is None:
        return 0
    try:
        measure = measure_segment(path)
        descriptor = os.open(path, os.O_RDWR)
        try:
            os.fsync(descriptor)
            size = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        sync_folder(path.parent)
        content_hash = hash_file(path)
    except (SourceError, OSError) as error:
        logger.warning("%s: could not adopt %s: %s", camera_id, segment.path, error)
        if not path.exists():
            disk.post(
                SegmentGone(
                    wall_us=clock.wall_us(),
                    camera_id=camera_id,
                    segment_id=name.segment_id,
                    reason="it was opened before a crash and is not on the disk",
                )
            )
        return 0
    end_wall_us = segment.start_wall_us + measure.duration_us
    logger.info("%s: adopted %s with %d frames", camera_id, segment.path, measure.frames)
    disk.post(
        SegmentClosed(
            wall_us=clock.wall_us(),
            camera_id=camera_id,
            segment_id=name.segment_id,
            root=root.name,
            path=segment.path,
            start_wall_us=segment.start_wall_us,
            end_wall_us=end_wall_us,
            size_bytes=size,
            frames=measure.frames,
            keyframes=measure.keyframes,
            content_hash=content_hash,
            adopted=True,
        )
    )
    return end_wall_us
