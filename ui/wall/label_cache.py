"""Labels of boxes, rendered once: a crowd has dozens, fifteen times a second."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QImage, QPainter

from ui.theme.tokens import SPACE_2, Palette
from ui.wall.marks import ink

_MOST_LABELS = 600
_Key = tuple[str, int, float]


class LabelCache:
    """Use from the GUI thread. All fonts are of one family; they differ in size."""

    def __init__(self, palette: Palette) -> None:
        self._palette = palette
        self._kept: OrderedDict[_Key, QImage] = OrderedDict()

    def get(self, text: str, font: QFont, ratio: float) -> QImage:
        """The label with its ground, for a screen with so many pixels to a unit."""
        key = (text, font.pixelSize(), ratio)
        image = self._kept.get(key)
        if image is None:
            image = self._kept[key] = self._render(text, font, ratio)
            if len(self._kept) > _MOST_LABELS:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return image

    def _render(self, text: str, font: QFont, ratio: float) -> QImage:
        measures = QFontMetrics(font)
        size = QSize(measures.horizontalAdvance(text) + SPACE_2, measures.height())
        image = QImage(size * ratio, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(ink(self._palette.event))
        painter = QPainter(image)
        painter.setFont(font)
        painter.setPen(ink(self._palette.on_accent))
        painter.drawText(
            QRect(0, 0, size.width(), size.height()), Qt.AlignmentFlag.AlignCenter, text
        )
        painter.end()
        return image
