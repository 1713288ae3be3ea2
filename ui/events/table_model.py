"""Events of a search, page by page. It holds and asks; the page shows."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from nvr_app.contract.api import EventPage, EventView
from ui.client.http import EngineHttp
from ui.events.words import date_time_of, length_of, title_of

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_PAGE_ROWS = 200


class EventTableModel(QAbstractTableModel):
    """Signals: refused(sentence) · loaded() after each page."""

    refused = Signal(str)
    loaded = Signal()

    def __init__(
        self, http: EngineHttp, name_of: Callable[[str], str], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._http = http
        self._name_of = name_of
        self._rows: list[EventView] = []
        self._query: dict[str, object] = {}
        self._next: str | None = None
        self._search = 0
        self._is_loading = False

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else 5

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        return (
            self.tr("Time"), self.tr("Camera"), self.tr("What"), self.tr("Score"),
            self.tr("Length"),
        )[section]  # fmt: skip

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or role != Qt.ItemDataRole.DisplayRole:
            return None
        event = self._rows[index.row()]
        match index.column():
            case 0:
                return date_time_of(event.start_wall_us)
            case 1:
                return self._name_of(event.camera_id)
            case 2:
                return title_of(event)
            case 3:
                return f"{event.score:.2f}"
            case _:
                return length_of(event)

    def event_at(self, row: int) -> EventView | None:
        """The event of a row."""
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and self._next is not None and not self._is_loading

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self._ask()

    def search(self, query: dict[str, object]) -> None:
        """Begin anew with these parameters of `/api/v1/events`."""
        self.beginResetModel()
        self._rows = []
        self.endResetModel()
        self._query = query
        self._next = None
        self._search += 1
        self._ask()

    def _ask(self) -> None:
        self._is_loading = True
        search = self._search
        query: dict[str, object] = self._query | {"limit": _PAGE_ROWS}
        if self._next is not None:
            query["before"] = self._next
        self._http.get(
            "/api/v1/events",
            EventPage,
            lambda page: self._take(page, search),
            lambda sentence: self._fail(sentence, search),
            query,
        )

    def _take(self, page: EventPage, search: int) -> None:
        if search != self._search:
            return  # somebody has asked for something else meanwhile
        self._is_loading = False
        self._next = page.next
        if page.events:
            first = len(self._rows)
            self.beginInsertRows(QModelIndex(), first, first + len(page.events) - 1)
            self._rows += page.events
            self.endInsertRows()
        self.loaded.emit()

    def _fail(self, sentence: str, search: int) -> None:
        if search == self._search:
            self._is_loading = False
            self.refused.emit(sentence)
