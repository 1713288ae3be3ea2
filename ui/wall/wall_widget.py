"""The wall as a person uses it: selecting, swapping, maximising, zooming, keeping pictures."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QSettings, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from ui.theme.tokens import DARK, Palette
from ui.wall.canvas import Place
from ui.wall.layouts import Direction, next_tile
from ui.wall.moment import Moment, read_moment
from ui.wall.past_canvas import PastCanvas
from ui.wall.snapshot import pictures_folder, write_snapshot
from ui.wall.words import tool_tip_text
from ui.wall.zoom import View, panned, zoomed

logger = logging.getLogger(__name__)

_NOTCH_EIGHTHS = 120
"""What Qt calls one notch of a wheel, in eighths of a degree."""


class WallWidget(PastCanvas):
    """The live wall. Use from the GUI thread alone.

    Signals: selected(camera_id) · main_stream_wanted(camera_id) · main_stream_released(camera_id)
    · layout_changed(name) · snapshot_saved(path)
    · menu_wanted(camera_id, point of the screen) · message(sentence for the person).
    Keys: arrows select, Enter and double click maximise, Esc goes back, Page keys turn the page,
    wheel zooms, Alt+S keeps the picture.
    """

    layout_changed = Signal(str)
    snapshot_saved = Signal(str)
    menu_wanted = Signal(str, QPoint)
    message = Signal(str)

    def __init__(
        self,
        settings: QSettings,
        parent: QWidget | None = None,
        *,
        palette: Palette = DARK,
        clock: Callable[[], Moment] = read_moment,
        snapshot_folder: Path | None = None,
    ) -> None:
        super().__init__(settings, parent, palette=palette, clock=clock)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Live wall"))
        self._snapshot_folder = snapshot_folder or pictures_folder()
        self._press: QPoint | None = None
        self._pressed_camera = ""
        self._is_dragging = False

    def set_layout(self, name: str) -> None:
        """Change the layout and remember it; ValueError names the layouts there are."""
        self.restore()
        has_changed = name != self.layout_name
        self._arrangement.choose(name)
        self._place()
        if has_changed:
            self.layout_changed.emit(name)

    def save_snapshot(self, camera_id: str) -> str:
        """Write the picture shown, as decoded, as PNG and return its path.

        Returns an empty text, after a message, when there is no live picture or the disk fails.
        """
        tile = self._tiles.get(camera_id)
        if tile is None:
            self.message.emit(self.tr("There is no camera to take a snapshot of."))
            return ""
        name = tile.status.name or camera_id
        state = tile.state(self._clock(), is_engine_reachable=self._connection is None)
        shot = tile.full_size() if state.is_live or self.past_of(camera_id) else None
        if shot is None:
            text = self.tr("No snapshot of {camera}: it has no picture now.")
            self.message.emit(text.format(camera=name))
            return ""
        try:
            path = write_snapshot(self._snapshot_folder, camera_id, name, shot)
        except OSError as error:
            logger.warning("%s: snapshot not written: %s", camera_id, error)
            text = self.tr("The snapshot of {camera} was not written to {folder}: {reason}.")
            reason = error.strerror or str(error)
            self.message.emit(text.format(camera=name, folder=self._snapshot_folder, reason=reason))
            return ""
        self.snapshot_saved.emit(str(path))
        return str(path)

    # Keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.modifiers() == Qt.KeyboardModifier.AltModifier and event.key() == Qt.Key.Key_S:
            self.save_snapshot(self.maximised_camera or self.selected_camera)
        elif not self._has_handled(Qt.Key(event.key())):
            super().keyPressEvent(event)

    def _has_handled(self, key: Qt.Key) -> bool:
        match key:
            case Qt.Key.Key_Left:
                self._move_selection("left")
            case Qt.Key.Key_Right:
                self._move_selection("right")
            case Qt.Key.Key_Up:
                self._move_selection("up")
            case Qt.Key.Key_Down:
                self._move_selection("down")
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._toggle_maximised(self.maximised_camera or self.selected_camera)
            case Qt.Key.Key_PageUp | Qt.Key.Key_PageDown:
                self._turn_page(-1 if key == Qt.Key.Key_PageUp else 1)
            case Qt.Key.Key_Escape:
                return self._go_back()
            case _:
                return False
        return True

    def _move_selection(self, direction: Direction) -> None:
        if self.maximised_camera:
            return
        shown = [place.camera_id for place in self.places()]
        index = shown.index(self.selected_camera) if self.selected_camera in shown else None
        target = 0 if index is None else next_tile(self._arrangement.layout, index, direction)
        if target < len(shown) and (camera_id := shown[target]) is not None:
            self.select(camera_id)

    def _toggle_maximised(self, camera_id: str) -> None:
        if self.maximised_camera:
            self.restore()
        else:
            self.maximise(camera_id)

    def _turn_page(self, step: int) -> None:
        if self.maximised_camera or not self._arrangement.turn_page(step):
            return
        self._place()
        text = self.tr("Page {page} of {pages}")
        pages = self._arrangement.page_count
        self.message.emit(text.format(page=self._arrangement.page + 1, pages=pages))

    def _go_back(self) -> bool:
        """Esc: first out of the zoom, then out of the maximised tile."""
        tile = self._tiles.get(self.maximised_camera or self.selected_camera)
        if tile is not None and tile.view.is_zoomed:
            self._set_view(tile.status.camera_id, View())
            return True
        was_maximised = bool(self.maximised_camera)
        self.restore()
        return was_maximised

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._place_at(event.position().toPoint())
        if event.button() != Qt.MouseButton.LeftButton or place is None or not place.camera_id:
            super().mousePressEvent(event)
            return
        self._press, self._pressed_camera = event.position().toPoint(), place.camera_id
        self._is_dragging = False
        self.select(place.camera_id)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        tile = self._tiles.get(self._pressed_camera)
        if self._press is None or tile is None:
            return
        here = event.position().toPoint()
        moved = here - self._press
        if not self._is_dragging:
            if moved.manhattanLength() < QApplication.startDragDistance():
                return
            self._is_dragging = True
        if tile.view.is_zoomed:
            self._press = here
            picture = tile.picture_rect(self._rect_of(self._pressed_camera))
            dx, dy = moved.x() / max(1, picture.width), moved.y() / max(1, picture.height)
            self._set_view(self._pressed_camera, panned(tile.view, dx, dy))
        elif not self.maximised_camera:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self._aim(here)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        source, target = self._pressed_camera, self._drop_target
        self._press, self._pressed_camera, self._is_dragging = None, "", False
        self.unsetCursor()
        if target and source in self._tiles:
            self._drop_target = ""
            self._arrangement.swap(source, target)
            self._place()
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = self._place_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and place and place.camera_id:
            self._press = None
            self._toggle_maximised(place.camera_id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By mouse the tile under it, by key the chosen one."""
        camera_id: str | None = self.maximised_camera or self.selected_camera
        at = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            place = self._place_at(event.pos())
            camera_id = place.camera_id if place else None
        if camera_id:
            self.menu_wanted.emit(camera_id, at)

    def wheelEvent(self, event: QWheelEvent) -> None:
        point = event.position()
        place = self._place_at(point.toPoint())
        notches = event.angleDelta().y() / _NOTCH_EIGHTHS
        if place is None or not place.camera_id or not notches:
            super().wheelEvent(event)
            return
        tile = self._tiles[place.camera_id]
        picture = tile.picture_rect(place.rect)
        x = min(max((point.x() - picture.x) / max(1, picture.width), 0.0), 1.0)
        y = min(max((point.y() - picture.y) / max(1, picture.height), 0.0), 1.0)
        self._set_view(place.camera_id, zoomed(tile.view, notches, x, y))
        event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self._place_at(event.pos())
            if place is not None and place.camera_id:
                text = tool_tip_text(self._tiles[place.camera_id].status)
                QToolTip.showText(event.globalPos(), text, self)
                return True
        return super().event(event)

    def _aim(self, point: QPoint) -> None:
        """Mark the tile that a release would swap with."""
        place = self._place_at(point)
        target = (place.camera_id if place else None) or ""
        if target == self._pressed_camera:
            target = ""
        if target != self._drop_target:
            self._drop_target = target
            self.update()

    def _set_view(self, camera_id: str, view: View) -> None:
        self._tiles[camera_id].view = view
        self._update_tile(camera_id)

    def _place_at(self, point: QPoint) -> Place | None:
        for place in self.places():
            x, y, width, height = place.rect
            if x <= point.x() < x + width and y <= point.y() < y + height:
                return place
        return None
