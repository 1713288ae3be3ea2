"""Type on the wall: the application's font, sized by the tile, figures in columns."""

from __future__ import annotations

from PySide6.QtGui import QFont

from ui.theme.tokens import FONT_WALL_MAX, FONT_WALL_MIN
from ui.wall.metrics import FONT_TILE_SHARE


def wall_font(base: QFont, tile_width: int) -> QFont:
    """A font for a tile of that width; its figures are tabular, so that times do not jitter."""
    font = QFont(base)
    size = round(tile_width * FONT_TILE_SHARE)
    font.setPixelSize(min(max(size, FONT_WALL_MIN), FONT_WALL_MAX))
    font.setWeight(QFont.Weight.Medium)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font
