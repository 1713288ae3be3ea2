"""Cameras by location, for the tree: names, states, rates. It holds; the tree shows."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel

from nvr_app.contract.status import CameraStatus
from ui.wall.tile_state import Mark, Tone, is_degraded
from ui.wall.words import tool_tip_text

CAMERA_ID = Qt.ItemDataRole.UserRole + 1
MARK = Qt.ItemDataRole.UserRole + 2
TONE = Qt.ItemDataRole.UserRole + 3
RATE = Qt.ItemDataRole.UserRole + 4


class CameraTreeModel(QStandardItemModel):
    """Locations with their cameras below them, both by name."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: dict[str, QStandardItem] = {}
        self._places: dict[str, str] = {}

    def set_cameras(self, cameras: Iterable[CameraStatus]) -> None:
        """The full list: others leave."""
        told = tuple(cameras)
        for gone in set(self._items) - {status.camera_id for status in told}:
            self.remove_camera(gone)
        self.update_cameras(told)

    def update_cameras(self, cameras: Iterable[CameraStatus]) -> None:
        """News of some cameras."""
        for status in cameras:
            if self._places.get(status.camera_id, status.location) != status.location:
                self.remove_camera(status.camera_id)
            item = self._items.get(status.camera_id) or self._add(status)
            was_called = item.text()
            _tell(item, status)
            if item.text() != was_called:
                item.parent().sortChildren(0)

    def remove_camera(self, camera_id: str) -> None:
        """Forget a camera, and its location with the last of its cameras."""
        item = self._items.pop(camera_id, None)
        self._places.pop(camera_id, None)
        if item is None:
            return
        place = item.parent()
        place.removeRow(item.row())
        if place.rowCount() == 0:
            self.removeRow(place.row())

    def item_of(self, camera_id: str) -> QStandardItem | None:
        """The camera's row."""
        return self._items.get(camera_id)

    def _add(self, status: CameraStatus) -> QStandardItem:
        place = self._place(status.location)
        item = QStandardItem(status.name or status.camera_id)
        item.setEditable(False)
        item.setData(status.camera_id, CAMERA_ID)
        self._items[status.camera_id] = item
        self._places[status.camera_id] = status.location
        place.appendRow(item)
        place.sortChildren(0)
        return item

    def _place(self, location: str) -> QStandardItem:
        title = location or self.tr("Cameras")
        for row in range(self.rowCount()):
            if self.item(row).text() == title:
                return self.item(row)
        place = QStandardItem(title)
        place.setEditable(False)
        place.setSelectable(False)
        self.appendRow(place)
        self.sort(0)
        return place


def _tell(item: QStandardItem, status: CameraStatus) -> None:
    mark, tone = mark_of(status)
    told = {
        Qt.ItemDataRole.DisplayRole: status.name or status.camera_id,
        MARK: mark,
        TONE: tone,
        RATE: rate_word(status),
        Qt.ItemDataRole.ToolTipRole: tool_tip_text(status),
    }
    for role, value in told.items():
        if item.data(role) != value:  # most news change nothing that is seen here
            item.setData(value, role)


def mark_of(status: CameraStatus) -> tuple[Mark, Tone]:
    """Shape and colour of a camera's state."""
    match status.status:
        case "active":
            return (Mark.DIAMOND, Tone.WARN) if is_degraded(status) else (Mark.DISC, Tone.OK)
        case "connecting":
            return Mark.DIAMOND, Tone.WARN
        case "paused" | "stopped":
            return Mark.RING, Tone.QUIET
        case _:
            return Mark.SQUARE, Tone.CRITICAL


def rate_word(status: CameraStatus) -> str:
    """Frames a second while it delivers, otherwise the state's one word."""
    return f"{status.received_fps:.0f}" if status.status == "active" else status.status
