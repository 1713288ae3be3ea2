"""The best picture of every live track, and its file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from engine.base.atomic_file import write_atomic
from nvr_app.contract.geometry import Box
from nvr_app.contract.timebase import utc_datetime

_JPEG_QUALITY = 85


@dataclass
class _Shot:
    value: float
    picture: npt.NDArray[np.uint8]


class BestShots:
    """One camera's live tracks. Use from one thread."""

    def __init__(self, data_dir: Path, camera_id: str) -> None:
        self._data_dir = data_dir
        self._camera_id = camera_id
        self._shots: dict[str, _Shot] = {}

    def offer(self, event_id: str, score: float, box: Box, picture: npt.NDArray[np.uint8]) -> None:
        """Keep a copy of this I420 picture if the track was never seen better."""
        value = score * box.area
        known = self._shots.get(event_id)
        if known is None or value > known.value * 1.1:
            self._shots[event_id] = _Shot(value, picture.copy())

    def save(self, event_id: str, start_wall_us: int) -> str:
        """Write the track's picture; its path relative to the data folder. OSError: it failed."""
        shot = self._shots.get(event_id)
        if shot is None:
            return ""
        day = utc_datetime(start_wall_us)
        relative = f"clips/snapshots/{self._camera_id}/{day:%Y-%m-%d}/{event_id}.jpg"
        target = self._data_dir / relative
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        bgr = cv2.cvtColor(shot.picture, cv2.COLOR_YUV2BGR_I420)
        good, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        if not good:
            raise OSError(f"could not encode the snapshot of event {event_id}")
        write_atomic(target, data.tobytes(), mode=0o640)
        return relative

    def forget(self, event_id: str) -> None:
        """The track has ended."""
        self._shots.pop(event_id, None)
