"""Colours and shapes of states: ● fine, ◆ degraded, ■ lost, ○ off."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from ui.wall.tile_state import Mark

_RING_SHARE = 0.18
_SQUARE_SHARE = 0.86
"""A square of the same side looks larger than a disc."""


def ink(name: str, alpha: int = 255) -> QColor:
    """A palette entry as a colour to paint with."""
    colour = QColor(name)
    colour.setAlpha(alpha)
    return colour


def draw_mark(painter: QPainter, mark: Mark, colour: QColor, middle: QPointF, side: float) -> None:
    """Draw a state's shape around a point, `side` pixels wide."""
    half = side / 2
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    match mark:
        case Mark.DISC:
            painter.drawEllipse(middle, half, half)
        case Mark.SQUARE:
            edge = side * _SQUARE_SHARE
            square = QRectF(0, 0, edge, edge)
            square.moveCenter(middle)
            painter.drawRect(square)
        case Mark.DIAMOND:
            corners = ((0, -half), (half, 0), (0, half), (-half, 0))
            painter.drawPolygon(QPolygonF([middle + QPointF(x, y) for x, y in corners]))
        case Mark.RING:
            width = side * _RING_SHARE
            painter.setPen(QPen(colour, width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(middle, half - width / 2, half - width / 2)
    painter.restore()
