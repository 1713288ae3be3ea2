"""How long the timeline takes to paint: `benchmarks/timeline_paint.py [--cameras N] [--width W]`.

A day of cameras that record all the time, each with a gap an hour, motion every two minutes and an
event every three, as the engine tells it at the timeline's width; painted into memory.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from nvr_app.contract.api import CameraTimeline, Span, Timeline
from nvr_app.contract.timebase import US_PER_S
from ui.client.http import EngineHttp
from ui.theme.style import apply_theme
from ui.theme.tokens import DARK
from ui.timeline.axis import Axis
from ui.timeline.model import TimelineModel, wanted_axis
from ui.timeline.rows import joined
from ui.timeline.widget import TimelineWidget
from ui.timeline.zone import Zone

_MINUTE_US = 60 * US_PER_S
_NOON_US = 1_763_985_600 * US_PER_S


def row(camera_id: str, axis: Axis, shift: int) -> CameraTimeline:
    """A full row; `shift` minutes keep the cameras from agreeing."""
    at = range(axis.start_us + shift * _MINUTE_US, axis.end_us, _MINUTE_US)
    return CameraTimeline(
        camera_id=camera_id,
        recorded=_told(at[::60], 58 * _MINUTE_US, "recorded", axis),
        gaps=_told(at[58::60], 2 * _MINUTE_US, "camera_lost", axis),
        motion=_told(at[::2], 20 * US_PER_S, "motion", axis),
        events=_told(at[::3], 10 * US_PER_S, "person", axis),
        bookmarks=_told(at[::240], 0, "note", axis),
        protected=_told(at[::480], 30 * _MINUTE_US, "police", axis),
    )


def _told(at: range, length_us: int, what: str, axis: Axis) -> tuple[Span, ...]:
    """As the engine tells it: neighbours nearer than a pixel are one."""
    spans = [Span(start, start + length_us, what) for start in at]
    shape = joined(spans, round(axis.us_per_pixel))
    return tuple(Span(start, end, what) for start, end in zip(*shape, strict=True))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--rounds", type=int, default=200)
    args = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication([])
    apply_theme(app, DARK)
    model = TimelineModel(EngineHttp(), lambda: _NOON_US)
    widget = TimelineWidget(model, Zone(), lambda: _NOON_US)
    widget.resize(args.width, 120)
    widget.show()
    widget.show_day()
    told = wanted_axis(widget.axis)
    names = [f"camera-{number}" for number in range(args.cameras)]
    cameras = tuple(row(name, told, number) for number, name in enumerate(names))
    began = time.perf_counter()
    model.take(
        told, Timeline(start_wall_us=told.start_us, end_wall_us=told.end_us, cameras=cameras)
    )
    taken_ms = (time.perf_counter() - began) * 1e3
    widget.set_camera(names[0])
    target = QImage(widget.size(), QImage.Format.Format_RGB32)
    fresh, kept = [], []
    for number in range(args.rounds):
        axis = widget.axis
        widget.set_axis(Axis(axis.start_us + 1, axis.end_us + 1, axis.width))
        fresh.append(_paint_ms(widget, target))
        widget.set_cursor(_NOON_US - number * US_PER_S)
        kept.append(_paint_ms(widget, target))
    print(f"{args.cameras} cameras, a day on {args.width} px")
    print(f"  an answer put in order: {taken_ms:.1f} ms")
    for name, times in (("all anew", fresh), ("only what moves", kept)):
        times.sort()
        p95 = times[int(len(times) * 0.95)]
        print(f"  paint, {name}: median {statistics.median(times):.2f} ms, p95 {p95:.2f} ms")


def _paint_ms(widget: TimelineWidget, target: QImage) -> float:
    """Of this thread's own time: what else the machine does is not the timeline's."""
    began = time.thread_time()
    widget.render(target, QPoint())
    return (time.thread_time() - began) * 1e3


if __name__ == "__main__":
    main()
