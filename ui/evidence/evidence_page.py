"""The page: a new export on the left, exports and verification on the right."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from nvr_app.contract.api import Done
from nvr_app.contract.evidence import ExportList, ExportView, ResumeBody, SigningKey
from nvr_app.contract.status import CameraStatus
from ui.client.http import EngineHttp
from ui.evidence.export_list import ExportListModel
from ui.evidence.export_panel import ExportPanel
from ui.evidence.verify_page import VerifyPage
from ui.theme.tokens import SPACE_2, SPACE_3, SPACE_4

_REFRESH_MS = 1_000


class EvidencePage(QWidget):
    """Asks only while it is seen."""

    def __init__(self, http: EngineHttp, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._http = http
        self.panel = ExportPanel(http)
        self.panel.begun.connect(self.refresh)
        self.verify = VerifyPage()
        self.model = ExportListModel(self)
        self.table = self._make_table()
        self.cancel = QPushButton(self.tr("Cancel"))
        self.cancel.clicked.connect(self._cancel)
        self.resume = QPushButton(self.tr("Resume"))
        self.resume.clicked.connect(self._resume)
        self._said = QLabel()
        self._said.setObjectName("hint")
        self._said.setWordWrap(True)
        self._key = QLabel()
        self._key.setObjectName("hint")
        self._key.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        right = QVBoxLayout()
        right.setSpacing(SPACE_4)
        right.addWidget(self._list_card(), 3)
        right.addWidget(self.verify, 2)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_4, SPACE_4, SPACE_4, SPACE_4)
        row.setSpacing(SPACE_4)
        row.addWidget(self.panel, 2)
        row.addLayout(right, 3)
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        self._enable()

    def set_cameras(self, statuses: Iterable[CameraStatus]) -> None:
        """The cameras that can be exported."""
        self.panel.set_cameras(statuses)

    @Slot()
    def refresh(self) -> None:
        """Ask the engine now."""
        self._http.get("/api/v1/exports", ExportList, self._take, self._said.setText)

    # Qt

    def showEvent(self, event: QShowEvent) -> None:
        self.refresh()
        self._http.get("/api/v1/exports/key", SigningKey, self._take_key, self._key.setText)
        self._timer.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    # Inside

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setWordWrap(False)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.selectionModel().selectionChanged.connect(self._enable)
        return table

    def _list_card(self) -> QWidget:
        card = QWidget()
        card.setObjectName("card")
        card.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        heading = QLabel(self.tr("Exports"))
        heading.setObjectName("heading")
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE_2)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.resume)
        buttons.addWidget(self._said, 1)
        column = QVBoxLayout(card)
        column.setContentsMargins(SPACE_3, SPACE_3, SPACE_3, SPACE_3)
        column.setSpacing(SPACE_2)
        column.addWidget(heading)
        column.addWidget(self.table, 1)
        column.addLayout(buttons)
        column.addWidget(self._key)
        return card

    def _take(self, found: ExportList) -> None:
        chosen = self._chosen()
        self.model.take(found.exports)
        if chosen is not None and self._chosen() is None:
            for row, view in enumerate(found.exports):
                if view.export_id == chosen.export_id:
                    self.table.selectRow(row)
        self._enable()

    def _take_key(self, key: SigningKey) -> None:
        self._key.setText(self.tr("Signed by the key {}").format(key.key_id))

    def _chosen(self) -> ExportView | None:
        rows = self.table.selectionModel().selectedRows()
        return self.model.view(rows[0].row()) if rows else None

    @Slot()
    def _enable(self) -> None:
        view = self._chosen()
        self.cancel.setEnabled(view is not None and view.state in ("asked", "running"))
        self.resume.setEnabled(view is not None and view.state in ("failed", "cancelled"))

    @Slot()
    def _cancel(self) -> None:
        view = self._chosen()
        if view is not None:
            path = f"/api/v1/exports/{view.export_id}/cancel"
            self._http.ask("POST", path, Done, self._done, self._said.setText)

    @Slot()
    def _resume(self) -> None:
        view = self._chosen()
        if view is None:
            return
        password = ""
        if view.options.is_encrypted:
            password, is_given = QInputDialog.getText(
                self, self.tr("Password"), self.tr("Password of the archive"),
                QLineEdit.EchoMode.Password,
            )  # fmt: skip
            if not is_given:
                return
        path = f"/api/v1/exports/{view.export_id}/resume"
        self._http.ask(
            "POST", path, ExportView, lambda _: self.refresh(), self._said.setText,
            body=ResumeBody(password=password),
        )  # fmt: skip

    def _done(self, done: Done) -> None:
        self._said.setText(done.message)
        self.refresh()
