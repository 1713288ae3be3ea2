"""The best picture of every live track, and its file."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from engine.base.atomic_file import write_atomic
from engine.vision.tracking import Track
from nvr_app.contract.timebase import utc_datetime

logger = logging.getLogger(__name__)

_JPEG_QUALITY = 85
_CLEARLY_BETTER = 1.2


@dataclass
class _Shot:
    value: float
    picture: npt.NDArray[np.uint8]


class BestShots:
    """One camera's live tracks. Use from one thread."""

    def __init__(self) -> None:
        self._shots: dict[str, _Shot] = {}

    def offer(
        self, tracks: tuple[Track, ...], picture: npt.NDArray[np.uint8], wall_us: int
    ) -> None:
        """Keep one copy of this I420 picture for all tracks that were never seen better."""
        copy: npt.NDArray[np.uint8] | None = None
        for track in tracks:
            if track.best_wall_us != wall_us:
                continue  # the tracker thinks an earlier picture was better
            value = track.score * track.best_box.area
            known = self._shots.get(track.event_id)
            if known is None or value > known.value * _CLEARLY_BETTER:
                copy = picture.copy() if copy is None else copy
                self._shots[track.event_id] = _Shot(value, copy)

    def picture_of(self, event_id: str) -> npt.NDArray[np.uint8] | None:
        """The best picture so far."""
        shot = self._shots.get(event_id)
        return shot.picture if shot is not None else None

    def take(self, event_id: str) -> npt.NDArray[np.uint8] | None:
        """The best picture, which is then forgotten: the track has ended."""
        shot = self._shots.pop(event_id, None)
        return shot.picture if shot is not None else None


def snapshot_path(camera_id: str, event_id: str, start_wall_us: int) -> str:
    """Where an event's picture lies, relative to the data folder."""
    return f"clips/snapshots/{camera_id}/{utc_datetime(start_wall_us):%Y-%m-%d}/{event_id}.jpg"


class SnapshotFiles:
    """Writes pictures in one thread of its own: analysis must not wait for a disk."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="snapshots")

    def save(self, relative: str, picture: npt.NDArray[np.uint8]) -> None:
        """Encode and write an I420 picture, replacing an earlier one of that name."""
        self._pool.submit(self._save, relative, picture)

    def close(self) -> None:
        """Finish what was begun."""
        self._pool.shutdown(wait=True)

    def _save(self, relative: str, picture: npt.NDArray[np.uint8]) -> None:
        try:
            target = self._data_dir / relative
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            bgr = cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420)
            good, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
            if not good:
                logger.error("%s: OpenCV could not encode the snapshot", relative)
                return
            write_atomic(target, data.tobytes(), mode=0o640)
        except OSError as error:
            # The event itself is safe in the journal; only its picture is missing.
            logger.error("%s could not be written: %s", relative, error)
