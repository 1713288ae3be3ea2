"""Exports of the engine as rows, newest first."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from nvr_app.contract.evidence import ExportView
from ui.evidence.words import local_text, size_text, state_text

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class ExportListModel(QAbstractTableModel):
    """`take` replaces everything; a row that only moved on keeps its selection."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ExportView, ...] = ()
        self._heads = (
            self.tr("State"), self.tr("Cameras"), self.tr("From"), self.tr("To"), self.tr("Size"),
            self.tr("Place, or what went wrong"),
        )  # fmt: skip

    def take(self, rows: tuple[ExportView, ...]) -> None:
        """Show these."""
        ids = [row.export_id for row in self._rows]
        if ids == [row.export_id for row in rows]:
            self._rows = rows
            if rows:
                last = self.index(len(rows) - 1, len(self._heads) - 1)
                self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def view(self, row: int) -> ExportView | None:
        """The export of a row."""
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._heads)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._heads[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        view = self._rows[index.row()]
        is_sound = view.state in ("done", "asked", "running")
        cells = (
            state_text(view),
            ", ".join(view.camera_ids),
            local_text(view.start_wall_us),
            local_text(view.end_wall_us),
            size_text(view.size_bytes or view.done_bytes),
            view.place if is_sound else view.detail,
        )
        return cells[index.column()]
