"""What the wall costs: processor time and delay of eight live tiles, fed by a writer process."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication

from benchmarks.outcome import Options, Outcome
from nvr_app.contract.frame_ring import FrameRingWriter, ring_name
from nvr_app.contract.geometry import Box
from nvr_app.contract.notices import TracksMoved, TrackView
from nvr_app.contract.status import CameraStatus, RingRef
from nvr_app.contract.timebase import NS_PER_S, NS_PER_US
from ui.wall.wall_widget import WallWidget

_CAMERAS, _WIDTH, _HEIGHT, _RATE_FPS = 8, 640, 360, 15
_WARM_UP_S = 2.0
_PICTURES = 5
"""Different pictures each camera cycles through, so that nothing can be reused."""


def run(options: Options) -> Outcome:
    """Both layouts of eight; needs no screen."""
    outcome = Outcome("wall")
    for layout in ("4x2", "8"):
        found = measure(options.seconds or 10.0, layout)
        outcome.details[layout] = found
        outcome.add(f"{layout}: CPU", found["cpu_percent_of_core"], "% of a core")
        outcome.add(f"{layout}: ring to painted, p95", found["delay_ms_p95"], "ms")
    return outcome


def measure(seconds: float, layout: str, size: tuple[int, int] = (1356, 872)) -> dict[str, Any]:
    """Measure and return percent of one core and milliseconds; needs no screen ("offscreen")."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    QApplication.instance() or QApplication([])  # kept until the end
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    writer = context.Process(target=_write, args=(theirs,), daemon=True)
    writer.start()
    theirs.close()
    try:
        refs: list[RingRef] = ours.recv()
        with tempfile.TemporaryDirectory() as folder:
            settings = QSettings(str(Path(folder) / "bench.ini"), QSettings.Format.IniFormat)
            wall = _MeasuredWall(settings)
            wall.resize(*size)
            wall.set_layout(layout)
            wall.set_cameras([_camera(index, ref) for index, ref in enumerate(refs)])
            wall.show()
            boxes = QTimer()
            boxes.timeout.connect(lambda: _move_boxes(wall))
            boxes.start(200)
            _spin(_WARM_UP_S)
            wall.delays_ms.clear()
            cpu_s, started_s = time.process_time(), time.perf_counter()
            _spin(seconds)
            cpu_s, elapsed_s = time.process_time() - cpu_s, time.perf_counter() - started_s
            boxes.stop()
            wall.hide()
            wall.shutdown()
    finally:
        ours.close()
        writer.join(5)
        writer.terminate()
    delays = np.array(wall.delays_ms)
    return {
        "layout": layout,
        "platform": QApplication.platformName(),
        "cpu_percent_of_core": round(100 * cpu_s / elapsed_s, 1),
        "painted_fps_per_tile": round(len(delays) / elapsed_s / _CAMERAS, 1),
        "delay_ms_p50": round(float(np.percentile(delays, 50)), 2),
        "delay_ms_p95": round(float(np.percentile(delays, 95)), 2),
    }


class _MeasuredWall(WallWidget):
    """Notes how old each picture is when its first painting ends."""

    def __init__(self, settings: QSettings) -> None:
        super().__init__(settings)
        self.delays_ms: list[float] = []
        self._noted: dict[str, int] = {}

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        super().paintEvent(event)
        now_ns = time.monotonic_ns()
        for place in self.places():
            shot = self.shown_shot(place.camera_id) if place.camera_id else None
            if place.camera_id and shot and self._noted.get(place.camera_id) != shot.mono_ns:
                self._noted[place.camera_id] = shot.mono_ns
                self.delays_ms.append((now_ns - shot.mono_ns) / 1e6)


def _camera(index: int, ref: RingRef) -> CameraStatus:
    return CameraStatus(
        camera_id=f"bench-{index}",
        name=f"Camera {index}",
        location="",
        status="active",
        since_wall_us=0,
        recording=True,
        received_fps=14.0 if index == 1 else 30.0,
        nominal_fps=30.0,
        ring=ref,
    )


def _move_boxes(wall: WallWidget) -> None:
    """Two of the cameras see somebody."""
    track = TrackView(track_id="1", label="person", score=0.9, box=Box(0.4, 0.2, 0.6, 0.9))
    for index in (0, 3):
        wall.set_tracks(TracksMoved(camera_id=f"bench-{index}", frame_wall_us=0, tracks=(track,)))


def _spin(seconds: float) -> None:
    loop = QEventLoop()  # quitting the application instead would close the wall
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def _write(link: Connection) -> None:
    """The writer process: eight rings, evenly spread over the period, until the link closes."""
    writers = [
        FrameRingWriter(ring_name("bench", str(index)), _WIDTH, _HEIGHT)
        for index in range(_CAMERAS)
    ]
    generator = np.random.default_rng(1)
    size = _WIDTH * _HEIGHT * 3 // 2
    pictures = generator.integers(0, 255, (_PICTURES, size), dtype=np.uint8)
    link.send([writer.ref for writer in writers])
    step_ns = NS_PER_S // (_RATE_FPS * _CAMERAS)
    due_ns, count = time.monotonic_ns(), 0
    try:
        while not link.poll(max(0.0, (due_ns - time.monotonic_ns()) / NS_PER_S)):
            writer = writers[count % _CAMERAS]
            np.frombuffer(writer.begin(), np.uint8)[:] = pictures[count % _PICTURES]
            now_ns = time.monotonic_ns()
            writer.publish(
                pts_us=due_ns // NS_PER_US,
                wall_us=time.time_ns() // NS_PER_US,
                mono_ns=now_ns,
                motion=False,
                due_number=0,
            )
            count, due_ns = count + 1, due_ns + step_ns
    finally:
        for writer in writers:
            writer.close()
