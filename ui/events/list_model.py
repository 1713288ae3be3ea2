"""The newest events, newest first, a bounded number. It holds; the panel shows."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from nvr_app.contract.api import EventView
from ui.events.words import date_time_of, length_of, title_of

EVENT = Qt.ItemDataRole.UserRole + 1
_MOST_ROWS = 500

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class EventListModel(QAbstractListModel):
    """Rows are `EventView`s under the role EVENT."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[EventView] = []

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        event = self._rows[index.row()]
        match role:
            case _ if role == EVENT:
                return event
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return f"{title_of(event)}, {event.camera_id}, {date_time_of(event.start_wall_us)}"
            case Qt.ItemDataRole.ToolTipRole:
                return self.tr("{title} {score:.2f} · {time} · {length}\n{event_id}").format(
                    title=title_of(event), score=event.score,
                    time=date_time_of(event.start_wall_us), length=length_of(event),
                    event_id=event.event_id,
                )  # fmt: skip
        return None

    def reset(self, events: Iterable[EventView]) -> None:
        """All anew, as the engine listed them."""
        self.beginResetModel()
        self._rows = list(events)[:_MOST_ROWS]
        self.endResetModel()

    def put(self, event: EventView) -> None:
        """A new event, or news of one that is listed."""
        for row, known in enumerate(self._rows):
            if known.event_id == event.event_id:
                self._rows[row] = event
                index = self.index(row)
                self.dataChanged.emit(index, index)
                return
        row = next(
            (n for n, known in enumerate(self._rows) if known.start_wall_us <= event.start_wall_us),
            len(self._rows),
        )
        self.beginInsertRows(QModelIndex(), row, row)
        self._rows.insert(row, event)
        self.endInsertRows()
        if len(self._rows) > _MOST_ROWS:
            self.beginRemoveRows(QModelIndex(), _MOST_ROWS, len(self._rows) - 1)
            del self._rows[_MOST_ROWS:]
            self.endRemoveRows()

    def touch(self, event_id: str) -> None:
        """Its picture has come."""
        for row, known in enumerate(self._rows):
            if known.event_id == event_id:
                index = self.index(row)
                self.dataChanged.emit(index, index)
                return
