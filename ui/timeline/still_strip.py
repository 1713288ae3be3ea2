"""Stills of the chosen camera along the axis: what to look for is seen, not guessed."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QHideEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme.tokens import DARK, FONT_LABEL, SPACE_1, SPACE_3, Palette
from ui.timeline.axis import Axis
from ui.timeline.rows import Lane, Row, spans_at
from ui.timeline.thumbnails import Still, StillCache, still_step_us
from ui.wall.marks import ink
from ui.wall.tile_painter import paint_outline

STILL = QSize(92, 52)
_SETTLE_MS = 250


class StillStrip(QWidget):
    """Use from the GUI thread. Signals: chosen(wall_us).

    Stills are fetched once the view rests, and only of moments that were recorded.
    """

    chosen = Signal(object)

    def __init__(
        self, stills: StillCache, parent: QWidget | None = None, *, palette: Palette = DARK
    ) -> None:
        super().__init__(parent)
        self.setFixedHeight(STILL.height() + SPACE_1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Pictures along the timeline"))
        self.setToolTip(self.tr("Click a picture to go there"))
        self._tokens = palette
        self._stills = stills
        self._axis: Axis | None = None
        self._row: Row | None = None
        self._camera_id = ""
        self._cursor_us = 0
        self._settled = False
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._rest)
        stills.arrived.connect(self.update)

    def look(self, axis: Axis, camera_id: str, row: Row | None, cursor_us: int) -> None:
        """What the timeline shows now."""
        has_moved = (axis, camera_id) != (self._axis, self._camera_id)
        self._axis, self._camera_id = axis, camera_id
        self._row, self._cursor_us = row, cursor_us
        if has_moved:
            self._settled = False
            self._stills.forget_waiting()
            self._settle.start()
        self.update()

    def moments(self) -> list[tuple[int, QRect]]:
        """Moments of the stills shown, and where they stand."""
        axis = self._axis
        if axis is None or not self._camera_id:
            return []
        step = still_step_us(axis.us_per_pixel, STILL.width() + SPACE_1)
        first = -(-axis.start_us // step) * step
        return [
            (moment, QRect(round(SPACE_3 + axis.x_of(moment)), 0, STILL.width(), STILL.height()))
            for moment in range(first, axis.end_us, step)
            if axis.x_of(moment) + STILL.width() <= axis.width
        ]

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._settle.stop()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        for moment, place in self.moments():
            if place.contains(event.position().toPoint()):
                self.chosen.emit(moment)
                return

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        font = QFont(self.font())
        font.setPixelSize(FONT_LABEL)
        painter.setFont(font)
        shown = self.moments()
        for moment, place in shown:
            if not self._is_recorded(moment):
                continue
            painter.fillRect(place, ink(self._tokens.background))
            picture = self._picture(moment)
            if picture is not None and not picture.isNull():
                inner = QRect(place.topLeft(), picture.deviceIndependentSize().toSize())
                inner.moveCenter(place.center())
                painter.drawPixmap(inner, picture)
            elif picture is not None:
                painter.setPen(ink(self._tokens.text_secondary))
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self.tr("no picture"))
        current = [place for moment, place in shown if moment <= self._cursor_us]
        following = [moment for moment, _ in shown if moment > self._cursor_us]
        if current and following:
            paint_outline(painter, current[-1], ink(self._tokens.accent))
        painter.end()

    def _picture(self, moment: int) -> QPixmap | None:
        """A view that still moves shows what there is and asks for nothing."""
        still = Still(self._camera_id, moment)
        return self._stills.get(still) if self._settled else self._stills.peek(still)

    def _is_recorded(self, moment: int) -> bool:
        return self._row is not None and bool(spans_at(self._row.of(Lane.RECORDED), moment, 0))

    def _rest(self) -> None:
        self._settled = True
        self.update()
