"""The timeline as a person uses it: zoom, scrub, choose a range, look at a moment."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFont,
    QHideEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from nvr_app.contract.timebase import US_PER_S
from ui.theme.tokens import DARK, FONT_LABEL, SPACE_1, SPACE_2, SPACE_3, TARGET_MIN, Palette
from ui.timeline.axis import Axis
from ui.timeline.model import TimelineModel
from ui.timeline.painter import (
    Places,
    Scene,
    TimelinePainter,
    cursor_frame,
    paint_cursor,
    paint_now,
    paint_selection,
)
from ui.timeline.ticks import exact_label
from ui.timeline.words import clock_of
from ui.timeline.zone import Zone
from ui.wall.marks import ink

_NOTCH_EIGHTHS = 120
_HANDLE_REACH = 6
_LIVE_SHARE = 0.94
"""Where the present stands while the view follows it."""
_FOLLOW_SHARE = 0.1
_TICK_MS = 250
_HOUR_US = 3600 * US_PER_S
_EXACT_BELOW_US = 120 * US_PER_S


class Grip(Enum):
    """What the mouse holds."""

    NONE = 0
    CURSOR = 1
    VIEW = 2
    RANGE_START = 3
    RANGE_END = 4


class TimelineWidget(QWidget):
    """Two rows: the chosen camera, and all. Use from the GUI thread.

    Signals: scrubbed(wall_us) while the cursor is dragged · sought(wall_us) when it was put down
    · range_changed() · hovered(wall_us, point on this widget), wall_us -1 when the mouse left
    · view_changed() when another stretch of time is shown.
    Wheel zooms, drag scrubs, Shift and drag chooses a range, dragging the labels moves the view.
    """

    scrubbed = Signal(object)
    sought = Signal(object)
    range_changed = Signal()
    hovered = Signal(object, QPointF)
    view_changed = Signal()

    def __init__(
        self,
        model: TimelineModel,
        zone: Zone,
        now_us: Callable[[], int],
        parent: QWidget | None = None,
        *,
        palette: Palette = DARK,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Timeline"))
        self.model = model
        self._zone = zone
        self._now_us = now_us
        self._tokens = palette
        self._painter = TimelinePainter(palette, zone)
        now = now_us()
        self._axis = Axis(now - _HOUR_US, now, 1).following(now + 1, share=_LIVE_SHARE)
        self._camera_id = ""
        self._cursor_us: int | None = None
        """None: the present."""
        self._range: tuple[int, int] | None = None
        self._grip = Grip.NONE
        self._held_x = 0.0
        self._anchor_us = 0
        """The end of the range that stays while the other is dragged."""
        self._hover_x: float | None = None
        self._is_following = True
        self._beat = QTimer(self)
        self._beat.setInterval(_TICK_MS)
        self._beat.timeout.connect(self._tick)
        model.changed.connect(self.update)

    # What it shows

    @property
    def axis(self) -> Axis:
        return self._axis

    @property
    def cursor_us(self) -> int:
        """Where one looks; the present while one looks at it."""
        return self._now_us() if self._cursor_us is None else self._cursor_us

    @property
    def is_live(self) -> bool:
        return self._cursor_us is None

    @property
    def range_us(self) -> tuple[int, int] | None:
        """The chosen range, in order; None without one."""
        return self._range

    @property
    def camera_id(self) -> str:
        return self._camera_id

    def set_camera(self, camera_id: str) -> None:
        """Whose row stands above."""
        if camera_id != self._camera_id:
            self._camera_id = camera_id
            self.update()

    def set_cursor(self, wall_us: int | None) -> None:
        """Look at that moment (None: the present); the view goes along while nobody drags."""
        if wall_us == self._cursor_us:
            return
        self._cursor_us = wall_us
        if self._grip is Grip.NONE and self._is_following:
            share = _LIVE_SHARE if wall_us is None else _FOLLOW_SHARE
            self.set_axis(self._axis.following(self.cursor_us, share=share))
        self.update()

    def go_to(self, wall_us: int) -> None:
        """Bring a moment into view, in the middle where it is far."""
        if not self._axis.shows(wall_us):
            self.set_axis(self._axis.centred(wall_us))
        self._is_following = True

    def show_span(self, span_us: int) -> None:
        """So much time, around the cursor."""
        x = self._axis.x_of(self.cursor_us)
        if not 0 <= x <= self._axis.width:
            self.set_axis(self._axis.centred(self.cursor_us))
            x = self._axis.width / 2
        self._is_following = True
        self.set_axis(self._axis.spanning(span_us, x))

    def show_day(self) -> None:
        """The whole local day of the cursor: 23, 24 or 25 hours."""
        start, end = self._zone.day(self.cursor_us)
        self._is_following = True
        self.set_axis(Axis(start, end, self._axis.width))

    def zoom(self, notches: float) -> None:
        """By key: around the cursor."""
        self.set_axis(self._axis.zoomed(notches, self._axis.x_of(self.cursor_us)))

    def set_range(self, range_us: tuple[int, int] | None) -> None:
        """Choose a range; its ends may come in any order."""
        ordered = (min(range_us), max(range_us)) if range_us else None
        if ordered != self._range:
            self._range = ordered
            self.range_changed.emit()
            self.update()

    def mark(self, *, is_end: bool) -> None:
        """Put one end of the range at the cursor, as [ and ] do."""
        here = self.cursor_us
        start, end = self._range or (here, here)
        if is_end:
            self.set_range((min(start, here), here))
        else:
            self.set_range((here, max(end, here)))

    # Qt

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._beat.start()
        self.model.look(self._axis)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._beat.stop()
        self.model.stop()
        self._leave()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.set_axis(self._axis.with_width(self.places().labels.width()))

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        places, axis = self.places(), self._axis
        scene = Scene(axis, places, (self.model.row(self._camera_id), self.model.everyone))
        painter = QPainter(self)
        picture = self._painter.picture(scene, self.size(), self.devicePixelRatioF())
        painter.drawPixmap(0, 0, picture)
        painter.setFont(self._label_font())
        left, now = places.labels.left(), self._now_us()
        if self._range is not None:
            paint_selection(painter, axis, places, self._range, self._tokens)
        if axis.shows(now):
            paint_now(painter, left + axis.x_of(now), places, self._tokens)
        if self._hover_x is not None and self._grip is Grip.NONE:
            body = places.body
            line = QRect(round(self._hover_x), body.top(), 1, body.height())
            painter.fillRect(line, ink(self._tokens.text_secondary))
        self._paint_cursor(painter, places)
        painter.end()

    def _paint_cursor(self, painter: QPainter, places: Places) -> None:
        """With the labels, which make room for the cursor's own."""
        axis, cursor = self._axis, self.cursor_us
        if not axis.shows(cursor):
            self._painter.paint_labels(painter, axis, places, QRectF())
            return
        exact = axis.span_us < _EXACT_BELOW_US and not self.is_live
        text = exact_label(cursor, self._zone) if exact else clock_of(cursor, self._zone)
        x = places.labels.left() + axis.x_of(cursor)
        frame = cursor_frame(painter, x, places, text)
        self._painter.paint_labels(painter, axis, places, frame)
        paint_cursor(painter, x, places, frame, text, self._tokens, is_live=self.is_live)

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta()
        x = event.position().x() - self.places().labels.left()
        sideways = steps.x() or (
            steps.y() if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0
        )
        if sideways:
            self._is_following = False
            by = -sideways / _NOTCH_EIGHTHS * self._axis.span_us / SPACE_2
            self.set_axis(self._axis.moved(round(by)))
        elif steps.y():
            cursor_x = self._axis.x_of(self.cursor_us)
            if self.is_live and self._axis.shows(self.cursor_us):
                x = cursor_x  # the present stays in its place
            self.set_axis(self._axis.zoomed(steps.y() / _NOTCH_EIGHTHS, x))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if event.button() == Qt.MouseButton.MiddleButton:
            self._hold(Grip.VIEW, x)
        elif event.button() == Qt.MouseButton.LeftButton:
            self._press(event, x)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if self._grip is Grip.NONE:
            self._hover(event.position())
        elif self._grip is Grip.VIEW:
            by = round((self._held_x - x) * self._axis.us_per_pixel)
            self._held_x = x
            self._is_following = False
            self.set_axis(self._axis.moved(by))
        else:
            self._drag(self._moment(x))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        grip, self._grip = self._grip, Grip.NONE
        if grip is Grip.CURSOR:
            self._is_following = True
            self.sought.emit(self._moment(event.position().x()))
        self._hover(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._leave()

    # Inside

    def places(self) -> Places:
        """Where rows and labels lie at this size."""
        width = max(1, self.width() - 2 * SPACE_3)
        labels_height = max(TARGET_MIN - SPACE_2, FONT_LABEL + SPACE_2)
        room = max(2, self.height() - labels_height - SPACE_1 - SPACE_2 - SPACE_1)
        height = max(1, (room - SPACE_1) // 2)
        top = SPACE_2
        first = QRect(SPACE_3, top, width, height)
        second = first.translated(0, height + SPACE_1)
        labels = QRect(SPACE_3, second.bottom() + 1 + SPACE_1, width, labels_height)
        return Places((first, second), labels)

    def _press(self, event: QMouseEvent, x: float) -> None:
        moment = self._moment(x)
        edge = self._edge_at(x)
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._hold(Grip.RANGE_END, x)
            self._range = (moment, moment)
            self._anchor_us = moment
            self.range_changed.emit()
        elif edge is not None and self._range is not None:
            start, end = self._range
            self._anchor_us = end if edge is Grip.RANGE_START else start
            self._hold(edge, x)
        elif event.position().y() >= self.places().labels.top():
            self._hold(Grip.VIEW, x)
        else:
            self._hold(Grip.CURSOR, x)
            self._drag(moment)
        self.update()

    def _hold(self, grip: Grip, x: float) -> None:
        self._grip, self._held_x = grip, x
        self._leave()

    def _drag(self, moment: int) -> None:
        if self._grip is Grip.CURSOR:
            self._cursor_us = moment
            self.scrubbed.emit(moment)
        else:
            self.set_range((self._anchor_us, moment))
        self.update()

    def _hover(self, point: QPointF) -> None:
        body = self.places().body.adjusted(0, -SPACE_2, 0, SPACE_2)
        if not body.contains(point.toPoint()):
            self._leave()
            return
        is_edge = self._edge_at(point.x()) is not None
        self.setCursor(Qt.CursorShape.SizeHorCursor if is_edge else Qt.CursorShape.ArrowCursor)
        self._hover_x = point.x()
        self.hovered.emit(self._moment(point.x()), point)
        self.update()

    def _leave(self) -> None:
        if self._hover_x is not None:
            self._hover_x = None
            self.hovered.emit(-1, QPointF())
            self.update()

    def _edge_at(self, x: float) -> Grip | None:
        if self._range is None:
            return None
        left = self.places().labels.left()
        for moment, grip in zip(self._range, (Grip.RANGE_START, Grip.RANGE_END), strict=True):
            if abs(left + self._axis.x_of(moment) - x) <= _HANDLE_REACH:
                return grip
        return None

    def _moment(self, x: float) -> int:
        """The moment under the mouse; nothing lies behind the present."""
        places = self.places()
        inside = min(max(x - places.labels.left(), 0.0), float(places.labels.width()))
        return min(self._axis.time_at(inside), self._now_us())

    def set_axis(self, axis: Axis) -> None:
        """Show that stretch of time."""
        if axis == self._axis:
            return
        self._axis = axis
        if self.isVisible():
            self.model.look(axis)
        self.view_changed.emit()
        self.update()

    def _tick(self) -> None:
        """The present moves; the view goes along when it is the present that is looked at."""
        now = self._now_us()
        if self.is_live and self._is_following and self._grip is Grip.NONE:
            limit = self._axis.start_us + round(self._axis.span_us * _LIVE_SHARE)
            if now > limit and now - limit >= self._axis.us_per_pixel:
                self.set_axis(self._axis.moved(now - limit))
        if self._axis.shows(now):
            self.update()

    def _label_font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(FONT_LABEL)
        font.setFeature(QFont.Tag("tnum"), 1)
        return font
