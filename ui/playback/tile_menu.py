"""The menu of a tile: what can be done with this camera, with the keys that do the same."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from ui.playback.keys import KEYS, Do, title_of
from ui.wall.wall_widget import WallWidget


def tile_menu(wall: WallWidget, camera_id: str, do: Callable[[Do], None]) -> QMenu:
    """Made anew each time it is opened: what it offers depends on what the tile shows."""
    menu = QMenu(wall)
    past = wall.past_of(camera_id)
    if past is None:
        _add(menu, Do.ALONE, do)
    else:
        _add(menu, Do.LIVE, do)
        if past.words is not None:
            _add(menu, Do.FOOTAGE_ON, do)
        _add(menu, Do.GO_TO, do)
    menu.addSeparator()
    _add(menu, Do.EVENT_BACK, do)
    if past is not None:
        _add(menu, Do.EVENT_ON, do)
    _add(menu, Do.BOOKMARK, do)
    _add(menu, Do.PROTECT, do)
    menu.addSeparator()
    is_maximised = wall.maximised_camera == camera_id
    text = wall.tr("Back to all tiles") if is_maximised else wall.tr("Maximise")
    toggle = wall.restore if is_maximised else (lambda: wall.maximise(camera_id))
    menu.addAction(text, toggle).setShortcut(QKeySequence("Esc" if is_maximised else "Return"))
    keep = menu.addAction(wall.tr("Keep the picture"), lambda: wall.save_snapshot(camera_id))
    keep.setShortcut(QKeySequence("Alt+S"))
    return menu


def open_tile_menu(wall: WallWidget, camera_id: str, at: QPoint, do: Callable[[Do], None]) -> None:
    """Select the tile, so that the keys mean it, and show its menu there."""
    wall.select(camera_id)
    tile_menu(wall, camera_id, do).popup(at)


def _add(menu: QMenu, what: Do, do: Callable[[Do], None]) -> None:
    action = menu.addAction(title_of(what), lambda: do(what))
    action.setShortcut(QKeySequence(KEYS[what][0]))
