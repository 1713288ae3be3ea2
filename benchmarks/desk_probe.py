"""The real window in a process of its own, noting when each picture was painted.

Run as `python -m benchmarks.desk_probe DATA_DIR OUT.json`; ends when standard input ends.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from ui.app import make_window
from ui.theme.style import apply_theme
from ui.theme.tokens import DARK
from ui.wall.wall_widget import WallWidget

Painted = list[tuple[str, int, int]]
"""Camera, arrival of the picture at the engine (UTC µs), end of its first painting (UTC ns)."""


class PaintWatch(QObject):
    """Lets the wall paint, then notes what was new on it."""

    def __init__(self, wall: WallWidget) -> None:
        super().__init__(wall)
        self._wall = wall
        self._newest: dict[str, int] = {}
        self.painted: Painted = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        if event.type() != QEvent.Type.Paint:
            return False
        watched.event(event)
        now_ns = time.time_ns()
        for place in self._wall.places():
            shot = self._wall.shown_shot(place.camera_id) if place.camera_id else None
            if shot is None or place.camera_id is None:
                continue
            if self._newest.get(place.camera_id) != shot.wall_us:
                self._newest[place.camera_id] = shot.wall_us
                self.painted.append((place.camera_id, shot.wall_us, now_ns))
        return True


def main(data_dir: Path, out: Path) -> int:
    app = QApplication([])
    apply_theme(app, DARK)
    window = make_window(data_dir, lambda: None)
    window.resize(1920, 1080)
    watch = PaintWatch(window.wall)
    window.wall.installEventFilter(watch)
    window.show()
    ended = threading.Event()

    def await_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=await_end, daemon=True).start()
    timer = QTimer()
    timer.timeout.connect(lambda: app.quit() if ended.is_set() else None)
    timer.start(100)
    app.exec()
    window.wall.shutdown()
    out.write_text(json.dumps(watch.painted))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
