"""What is known of the time around the view: asked for by window, kept for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from nvr_app.contract.api import Timeline
from nvr_app.contract.timebase import US_PER_MS, iso_utc
from ui.client.http import EngineHttp
from ui.timeline.axis import Axis
from ui.timeline.rows import Row, merged_rows, row_of

_SETTLE_MS = 120
"""A wheel that turns asks once it rests."""
_LIVE_MS, _LIVE_MOST_MS = 2_000, 30_000
_RETRY_MS = 2_000
_MOST_WINDOWS = 12
_MOST_WIDTH = 9_000
"""The engine tells no finer than this; on the widest screens a pixel more or less is not seen."""
_STALE_US = 35_000_000
"""A window may know so much less than the present, where the view reaches the present."""
_COARSEST = 2.2
"""A window whose resolution is up to so many times coarser than the view's still serves."""


@dataclass(frozen=True)
class Window:
    """What the engine told of an interval, at a resolution."""

    axis: Axis
    now_us: int
    """Nothing later was known when this was told."""
    rows: tuple[Row, ...]
    everyone: Row

    def serves(self, axis: Axis, now_us: int) -> bool:
        """Whether it covers the view, is fine enough for it and told late enough."""
        covers = self.axis.start_us <= axis.start_us and axis.end_us <= self.axis.end_us
        is_fine = self.axis.us_per_pixel <= axis.us_per_pixel * _COARSEST
        return covers and is_fine and min(axis.end_us, now_us) - self.now_us <= _STALE_US


def choose_window(windows: Iterable[Window], axis: Axis, now_us: int) -> Window | None:
    """The freshest that serves; without one, the one that shares most time with the view."""
    known = list(windows)
    serving = [window for window in known if window.serves(axis, now_us)]
    if serving:
        return max(serving, key=lambda window: window.now_us)
    touching = [window for window in known if _shared_us(window.axis, axis) > 0]
    return max(touching, key=lambda window: _shared_us(window.axis, axis), default=None)


def wanted_axis(axis: Axis) -> Axis:
    """The view with as much again on either side, so that a drag finds the next part there."""
    width = min(axis.width * 3, _MOST_WIDTH)
    return Axis(axis.start_us - axis.span_us, axis.end_us + axis.span_us, width)


class TimelineModel(QObject):
    """Use from the GUI thread. Signals: changed() · refused(sentence)."""

    changed = Signal()
    refused = Signal(str)

    def __init__(
        self, http: EngineHttp, now_us: Callable[[], int], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._http = http
        self._now_us = now_us
        self._axis: Axis | None = None
        self._windows: OrderedDict[Axis, Window] = OrderedDict()
        self._shown: Window | None = None
        self._asked: Axis | None = None
        self._settle = _timer(self, _SETTLE_MS, self._ask)
        self._again = _timer(self, _RETRY_MS, self._ask)
        self._refresh = _timer(self, _LIVE_MS, self._ask_again)

    @property
    def rows(self) -> tuple[Row, ...]:
        """One a camera, as far as they are known around the view."""
        return self._shown.rows if self._shown else ()

    @property
    def everyone(self) -> Row | None:
        """All cameras as one row."""
        return self._shown.everyone if self._shown else None

    @property
    def is_complete(self) -> bool:
        """Whether all that the view shows is known."""
        axis, shown = self._axis, self._shown
        return bool(axis and shown and shown.serves(axis, self._now_us()))

    def row(self, camera_id: str) -> Row | None:
        """What is known of one camera."""
        return next((row for row in self.rows if row.camera_id == camera_id), None)

    def look(self, axis: Axis) -> None:
        """The view moved: show what is known at once, ask for the rest when it rests."""
        self._axis = axis
        self._choose()
        if not self.is_complete:
            self._settle.start()
        self._keep_fresh()

    def refresh(self) -> None:
        """Something changed (a bookmark, an event): ask anew, keep what is shown until then."""
        self._windows.clear()
        self._settle.start()

    def stop(self) -> None:
        """Nobody looks; idempotent."""
        for timer in (self._settle, self._again, self._refresh):
            timer.stop()

    def _choose(self) -> None:
        if self._axis is None:
            return
        chosen = choose_window(self._windows.values(), self._axis, self._now_us())
        if chosen is not None and chosen is not self._shown:
            self._shown = chosen
            self.changed.emit()

    def _keep_fresh(self) -> None:
        """While the view shows the present, it is asked for again and again, pixel by pixel."""
        if self._axis is None or not self._axis.shows(self._now_us()):
            self._refresh.stop()
        elif not self._refresh.isActive():
            pixel_ms = int(self._axis.us_per_pixel / US_PER_MS)
            self._refresh.start(min(max(pixel_ms, _LIVE_MS), _LIVE_MOST_MS))

    def _ask_again(self) -> None:
        self._ask()
        self._keep_fresh()

    def _ask(self) -> None:
        if self._axis is None:
            return
        self._asked = wanted = wanted_axis(self._axis)
        query: dict[str, object] = {
            "start": iso_utc(wanted.start_us),
            "end": iso_utc(wanted.end_us),
            "width": wanted.width,
        }
        self._http.get("/api/v1/timeline", Timeline, partial(self.take, wanted),
                       partial(self._refuse, wanted), query)  # fmt: skip

    def take(self, axis: Axis, told: Timeline) -> None:
        """What the engine told of that stretch, at that resolution."""
        now_us = self._now_us()
        step_us = round(axis.us_per_pixel)
        rows = tuple(
            row_of(camera, end_us=axis.end_us, now_us=now_us, step_us=step_us)
            for camera in told.cameras
        )
        self._windows.pop(axis, None)
        self._windows[axis] = Window(axis, now_us, rows, merged_rows(rows, step_us))
        while len(self._windows) > _MOST_WINDOWS:
            self._windows.popitem(last=False)
        self._choose()

    def _refuse(self, axis: Axis, sentence: str) -> None:
        if axis == self._asked and self._http.endpoint is not None:
            self.refused.emit(sentence)
            self._again.start()


def _shared_us(one: Axis, other: Axis) -> int:
    return min(one.end_us, other.end_us) - max(one.start_us, other.start_us)


def _timer(parent: QObject, interval_ms: int, done: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(interval_ms)
    timer.timeout.connect(done)
    return timer
