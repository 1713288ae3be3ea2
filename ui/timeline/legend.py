"""What the colours of the timeline mean."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QBrush, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme.tokens import DARK, FONT_LABEL, SPACE_1, SPACE_3, SPACE_4, Palette
from ui.timeline.rows import Lane
from ui.timeline.words import lane_names
from ui.wall.marks import ink

_BOX = 9


class Legend(QWidget):
    """One line; shows as many meanings as have room."""

    def __init__(self, parent: QWidget | None = None, *, palette: Palette = DARK) -> None:
        super().__init__(parent)
        self._tokens = palette
        self._colours = {
            Lane.RECORDED: palette.recorded, Lane.MOTION: palette.motion,
            Lane.EVENT: palette.event, Lane.ALERT: palette.critical,
            Lane.BOOKMARK: palette.bookmark, Lane.PROTECTED: palette.protected,
            Lane.GAP: palette.text_secondary,
        }  # fmt: skip
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Colours of the timeline"))

    def sizeHint(self) -> QSize:
        return QSize(SPACE_4, FONT_LABEL + SPACE_3)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        font = QFont(self.font())
        font.setPixelSize(FONT_LABEL)
        painter = QPainter(self)
        painter.setFont(font)
        measures = QFontMetrics(font)
        x, middle = SPACE_3, self.height() // 2
        for lane, name in lane_names():
            box = QRect(x, middle - _BOX // 2, _BOX, _BOX)
            width = measures.horizontalAdvance(name)
            if box.right() + SPACE_1 + width > self.width():
                break
            self._paint_box(painter, box, lane)
            painter.setPen(ink(self._tokens.text_secondary))
            place = QRect(box.right() + SPACE_1 + 1, 0, width, self.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, name)
            x = place.right() + SPACE_4
        painter.end()

    def _paint_box(self, painter: QPainter, box: QRect, lane: Lane) -> None:
        colour = ink(self._colours[lane])
        if lane is Lane.GAP:
            painter.fillRect(box, ink(self._tokens.background))
            painter.fillRect(box, QBrush(colour, Qt.BrushStyle.BDiagPattern))
        elif lane is Lane.PROTECTED:
            painter.fillRect(box, ink(self._tokens.background))
            painter.fillRect(box.adjusted(0, _BOX // 2, 0, 0), colour)
        else:
            painter.fillRect(box, colour)
