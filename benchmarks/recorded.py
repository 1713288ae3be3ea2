"""Footage to look back at: recorded by a real engine just before, which goes on recording."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEventLoop
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from benchmarks.rig.clips import ClipSpec, camera_clip, media_sources
from benchmarks.rig.engine import EngineRun, quick_segments
from benchmarks.site import work_folder
from nvr_app.contract.config import CameraSettings, DetectionSettings, Settings
from nvr_app.contract.endpoint import Endpoint
from ui.playback.goal import Picture
from ui.playback.player import Player

_CLIP_S = 24
_DIFFERENT = 2
_SEGMENT_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Footage:
    """What all the cameras have recorded."""

    engine: EngineRun
    endpoint: Endpoint
    camera_ids: tuple[str, ...]
    start_us: int
    end_us: int


def clips(count: int, width: int, height: int, fps: int, bitrate_kbit: int) -> list[Path]:
    """So many clips as cameras would send them, two of them different; made once."""
    sources: list[Path | None] = [*media_sources()[:_DIFFERENT]] or [None]
    made = [
        camera_clip(
            ClipSpec(
                source=str(source or ""), width=width, height=height, fps=fps,
                bitrate_kbit=bitrate_kbit, seconds=_CLIP_S,
            )
        )
        for source in sources
    ]  # fmt: skip
    return [made[number % len(made)] for number in range(count)]


@contextlib.contextmanager
def recorded(mains: list[Path], seconds: float) -> Iterator[Footage]:
    """An engine that has recorded these for so long, and goes on."""
    (small,) = clips(1, 320, 180, 5, 100)
    cameras = [
        CameraSettings(id=f"cam-{n + 1}", kind="sim", main=str(main), sub=str(small), motion=False)
        for n, main in enumerate(mains)
    ]
    settings = Settings(
        recording=quick_segments(_SEGMENT_S), detection=DetectionSettings(enabled=False)
    )
    with work_folder() as folder, EngineRun(folder, cameras, settings=settings) as engine:
        engine.until(lambda: engine.recording() == len(cameras), "all cameras to record")
        began_us = time.time_ns() // 1_000 + 1_000_000
        time.sleep(seconds + 1)
        endpoint = engine.endpoint
        if endpoint is None:
            raise RuntimeError("the engine's API went away")
        yield Footage(
            engine=engine,
            endpoint=endpoint,
            camera_ids=tuple(camera.id for camera in cameras),
            start_us=began_us,
            end_us=began_us + round((seconds - 2) * 1e6),
        )


class Screen(QWidget):
    """Tiles side by side; `painted` hears of each new picture when its first painting has ended."""

    def __init__(self, player: Player, camera_ids: tuple[str, ...], columns: int) -> None:
        super().__init__()
        self.painted: Callable[[str, Picture, int], None] = lambda *_: None
        self._player = player
        self._columns = columns
        self._places = {camera_id: number for number, camera_id in enumerate(camera_ids)}
        self._pictures: dict[str, Picture] = {}
        self._fresh: set[str] = set()
        self.resize(1920, 1080)
        rows = -(-len(camera_ids) // columns)
        self._width, self._height = self.width() // columns, self.height() // rows
        for camera_id in camera_ids:
            player.set_size(camera_id, self._width, self._height)
        player.frame.connect(self._take)

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802  Qt's name
        painter = QPainter(self)
        for camera_id, picture in self._pictures.items():
            row, column = divmod(self._places[camera_id], self._columns)
            painter.drawImage(column * self._width, row * self._height, picture.bitmap.image)
        painter.end()
        now_ns = time.monotonic_ns()
        fresh, self._fresh = self._fresh, set()
        for camera_id in fresh:
            self.painted(camera_id, self._pictures[camera_id], now_ns)

    def _take(self, camera_id: str, picture: Picture) -> None:
        self._pictures[camera_id] = picture
        self._fresh.add(camera_id)
        row, column = divmod(self._places[camera_id], self._columns)
        self.update(column * self._width, row * self._height, self._width, self._height)


def application() -> QCoreApplication:
    """Qt without a screen, unless one was chosen."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return QApplication.instance() or QApplication([])


def spin(until: Callable[[], bool], limit_s: float) -> bool:
    """Let Qt work until something is so; whether it came to be in time."""
    loop, deadline_s = QEventLoop(), time.monotonic() + limit_s
    while not until():
        if time.monotonic() > deadline_s:
            return False
        loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 5)
    return True
