"""Signs of the transport, drawn: no font is sure to have them."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QPolygonF

_SIDE = 16
_SCALE = 3
"""Drawn larger, so that it is sharp on every screen."""


class Sign(Enum):
    """What a button does."""

    PLAY = "play"
    BACKWARDS = "backwards"
    PAUSE = "pause"
    FRAME_BACK = "frame back"
    FRAME_ON = "frame on"
    EVENT_BACK = "event back"
    EVENT_ON = "event on"
    SOUND = "sound"
    SILENCE = "silence"


_TRIANGLES = {
    Sign.PLAY: (4.0, 13.0), Sign.BACKWARDS: (12.0, 3.0), Sign.FRAME_BACK: (10.0, 3.0),
    Sign.FRAME_ON: (6.0, 13.0), Sign.EVENT_BACK: (13.0, 6.0), Sign.EVENT_ON: (3.0, 10.0),
}  # fmt: skip
"""From the foot's x to the tip's."""
_BARS = {
    Sign.PAUSE: ((4, 3, 3, 10), (9, 3, 3, 10)), Sign.FRAME_BACK: ((11.5, 3, 2, 10),),
    Sign.FRAME_ON: ((2.5, 3, 2, 10),), Sign.EVENT_BACK: ((2.5, 3, 2, 10),),
    Sign.EVENT_ON: ((11.5, 3, 2, 10),),
    Sign.SILENCE: ((10, 7, 5, 2),), Sign.SOUND: ((9.5, 6, 1.5, 4), (12.5, 4, 1.5, 8)),
}  # fmt: skip


_SPEAKER = ((2, 6), (4.5, 6), (8, 3), (8, 13), (4.5, 10), (2, 10))


def icon(sign: Sign, colour: QColor) -> QIcon:
    """The sign in that colour; paler where the button is disabled."""
    made = QIcon(_picture(sign, colour))
    faint = QColor(colour)
    faint.setAlphaF(0.35)
    made.addPixmap(_picture(sign, faint), QIcon.Mode.Disabled)
    return made


def _picture(sign: Sign, colour: QColor) -> QPixmap:
    picture = QPixmap(_SIDE * _SCALE, _SIDE * _SCALE)
    picture.setDevicePixelRatio(_SCALE)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    _draw(painter, sign)
    painter.end()
    return picture


def _draw(painter: QPainter, sign: Sign) -> None:
    if sign in {Sign.SOUND, Sign.SILENCE}:
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in _SPEAKER]))
    triangle = _TRIANGLES.get(sign)
    if triangle is not None:
        _triangle(painter, *triangle)
    for bar in _BARS.get(sign, ()):
        painter.drawRect(QRectF(*bar))


def _triangle(painter: QPainter, foot: float, tip: float) -> None:
    painter.drawPolygon(QPolygonF([QPointF(foot, 3), QPointF(foot, 13), QPointF(tip, 8)]))
