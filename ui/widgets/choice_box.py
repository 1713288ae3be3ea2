"""A combo box that shows that it is one: a style sheet's flat box has no arrow of its own."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QComboBox

from ui.theme.tokens import SPACE_1, SPACE_4


class ChoiceBox(QComboBox):
    """Draws a small triangle at its right end."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self.palette().placeholderText())
        painter.setPen(self.palette().placeholderText().color())
        x, y = self.width() - SPACE_4, self.height() / 2
        painter.drawPolygon(
            QPolygonF(
                [
                    QPointF(x - SPACE_1, y - SPACE_1 / 2),
                    QPointF(x + SPACE_1, y - SPACE_1 / 2),
                    QPointF(x, y + SPACE_1 / 2),
                ]
            )
        )
        painter.end()
