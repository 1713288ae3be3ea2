"""The strip at the foot of a tile: recording, name and time on a scrim, rendered once a change."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QFont, QFontMetrics, QImage, QLinearGradient, QPainter

from ui.theme.tokens import SPACE_2, SPACE_3, Palette
from ui.wall.marks import draw_mark, ink
from ui.wall.metrics import RECORD_DOT_SHARE, SCRIM_ALPHA
from ui.wall.tile_state import Mark


class Strip(NamedTuple):
    """What the strip says; equal strips look alike."""

    width: int
    height: int
    pixel_ratio: float
    font_size: int
    name: str
    is_recording: bool
    alarm: str
    """In the critical colour, at the right: "not recording"."""
    time: str
    """At the right; empty where no live picture has a time."""


class StripCache:
    """One rendered strip a camera."""

    def __init__(self, palette: Palette) -> None:
        self._palette = palette
        self._rendered: dict[str, tuple[Strip, QImage]] = {}

    def get(self, camera_id: str, strip: Strip, font: QFont) -> QImage:
        kept = self._rendered.get(camera_id)
        if kept is not None and kept[0] == strip:
            return kept[1]
        image = _render(strip, font, self._palette)
        self._rendered[camera_id] = (strip, image)
        return image

    def forget(self, camera_id: str) -> None:
        self._rendered.pop(camera_id, None)


def _render(strip: Strip, font: QFont, palette: Palette) -> QImage:
    ratio = strip.pixel_ratio
    image = QImage(
        max(1, round(strip.width * ratio)),
        max(1, round(strip.height * ratio)),
        QImage.Format.Format_ARGB32_Premultiplied,
    )
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    scrim = QLinearGradient(QPointF(0, 0), QPointF(0, strip.height))
    scrim.setColorAt(0, ink(palette.wall, 0))
    scrim.setColorAt(1, ink(palette.wall, SCRIM_ALPHA))
    painter.fillRect(0, 0, strip.width, strip.height, scrim)
    painter.setFont(font)
    measures = QFontMetrics(font)
    text_height = measures.height()
    line = QRect(SPACE_2, strip.height - text_height - SPACE_2 // 2, 0, text_height)
    line.setRight(strip.width - SPACE_2)
    for text, token in ((strip.time, palette.text), (strip.alarm, palette.critical)):
        if text:
            _shadowed(painter, line, Qt.AlignmentFlag.AlignRight, text, token, palette)
            line.setRight(line.right() - measures.horizontalAdvance(text) - SPACE_3)
    if strip.is_recording:
        dot = font.pixelSize() * RECORD_DOT_SHARE
        middle = QPointF(line.left() + dot / 2, line.top() + line.height() / 2)
        draw_mark(painter, Mark.DISC, ink(palette.critical), middle, dot)
        line.setLeft(line.left() + round(dot) + SPACE_2)
    name = measures.elidedText(strip.name, Qt.TextElideMode.ElideRight, max(0, line.width()))
    _shadowed(painter, line, Qt.AlignmentFlag.AlignLeft, name, palette.text, palette)
    painter.end()
    return image


def _shadowed(
    painter: QPainter,
    line: QRect,
    side: Qt.AlignmentFlag,
    text: str,
    token: str,
    palette: Palette,
) -> None:
    """Text with a shadow of one pixel, so that it reads on any picture."""
    alignment = side | Qt.AlignmentFlag.AlignVCenter
    painter.setPen(ink(palette.wall))
    painter.drawText(line.translated(1, 1), alignment, text)
    painter.setPen(ink(token))
    painter.drawText(line, alignment, text)
