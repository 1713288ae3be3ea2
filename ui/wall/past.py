"""What a tile shows of the past, and that nobody can take for live. Pure but for the fonts."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QRect
from PySide6.QtGui import QFont

from ui.live.ring_feed import Shot
from ui.theme.tokens import SPACE_1
from ui.wall.layouts import Rect
from ui.wall.metrics import STRIP_HEIGHT_FACTOR
from ui.wall.strip import Strip
from ui.wall.tile import Tile
from ui.wall.tile_painter import TileScene
from ui.wall.tile_state import TileKind, TileState
from ui.wall.words import TileWords, date_time_text, exact_clock_text


@dataclass(frozen=True, eq=False)
class Past:
    """A moment of the past on a tile. With words it has no picture of that very moment."""

    wall_us: int
    shot: Shot | None = None
    """The last picture, with its own time."""
    words: TileWords | None = None


def past_scene(
    tile: Tile,
    past: Past,
    rect: Rect,
    font: QFont,
    pixel_ratio: float,
    *,
    connection: str | None,
    is_selected: bool,
) -> TileScene:
    """The scene of a tile that looks back; its mark says so, with date and time."""
    words = past.words
    if connection is not None:
        unreachable = QCoreApplication.translate("Wall", "Engine unreachable")
        words = TileWords(unreachable, (connection,))
    shot = tile.shot
    if words is None and shot is None:
        words = TileWords(QCoreApplication.translate("Wall", "Fetching the recording …"), ())
    strip = Strip(
        width=rect.width,
        height=min(rect.height, round(font.pixelSize() * STRIP_HEIGHT_FACTOR) + SPACE_1),
        pixel_ratio=pixel_ratio,
        font_size=font.pixelSize(),
        name=tile.status.name or tile.status.camera_id,
        is_recording=False,
        alarm="",
        time=exact_clock_text(shot.wall_us) if shot and words is None else "",
    )
    return TileScene(
        rect=QRect(*rect),
        picture_rect=QRect(*tile.picture_rect(rect)),
        shot=shot,
        view=tile.view,
        state=TileState(TileKind.PAST, is_live=False),
        words=words or TileWords("", ()),
        badge="",
        strip=strip,
        boxes=(),
        boxes_opacity=0.0,
        is_selected=is_selected,
        past_mark=QCoreApplication.translate("Wall", "PLAYBACK {}").format(
            date_time_text(past.wall_us)
        ),
        is_lit=words is None,
    )
