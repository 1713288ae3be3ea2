"""What a tile shows at a moment, put together from its camera's state."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QRect
from PySide6.QtGui import QFont

from ui.theme.tokens import SPACE_1
from ui.wall.layouts import Rect
from ui.wall.metrics import STRIP_HEIGHT_FACTOR
from ui.wall.moment import Moment
from ui.wall.strip import Strip
from ui.wall.tile import Tile
from ui.wall.tile_painter import TileScene
from ui.wall.words import TileWords, badge_text, clock_text, tile_words


def tile_scene(
    tile: Tile,
    rect: Rect,
    font: QFont,
    pixel_ratio: float,
    now: Moment,
    *,
    connection: str | None,
    is_selected: bool,
) -> TileScene:
    """The scene; `connection` is the sentence why the engine is out of reach, or None."""
    status, shot = tile.status, tile.shot
    state = tile.state(now, is_engine_reachable=connection is None)
    words = TileWords("", ())
    if not state.is_live:
        words = tile_words(status, state, shot.wall_us if shot else 0, now, connection)
    # Nobody knows whether a camera records whose engine does not answer.
    is_recording = status.recording and connection is None
    alarm = ""
    if not status.recording and connection is None:
        alarm = QCoreApplication.translate("Wall", "not recording")
    boxes, opacity = tile.boxes(now.mono_ns)
    strip = Strip(
        width=rect.width,
        height=min(rect.height, round(font.pixelSize() * STRIP_HEIGHT_FACTOR) + SPACE_1),
        pixel_ratio=pixel_ratio,
        font_size=font.pixelSize(),
        name=status.name or status.camera_id,
        is_recording=is_recording,
        alarm=alarm,
        time=clock_text(shot.wall_us) if shot and state.is_live else "",
    )
    return TileScene(
        rect=QRect(*rect),
        picture_rect=QRect(*tile.picture_rect(rect)),
        shot=shot,
        view=tile.view,
        state=state,
        words=words,
        badge=badge_text(status, state),
        strip=strip,
        boxes=boxes if state.is_live else (),
        boxes_opacity=opacity,
        is_selected=is_selected,
        is_lit=state.is_live,
    )
