"""The engine from within: processes, storage, detector, versions."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nvr_app.contract.api import SystemStatus
from nvr_app.contract.retention_api import RetentionOverview
from nvr_app.contract.status import ProcessStatus
from nvr_app.contract.storage import StorageView
from ui.client.http import EngineHttp
from ui.shell.words import uptime_text
from ui.system.retention_card import RetentionCard
from ui.system.storage_card import StorageCard
from ui.theme.tokens import SPACE_3, SPACE_4

_REFRESH_MS = 2_000
_MIB = 1024**2


class SystemPage(QWidget):
    """Asks only while it is seen."""

    def __init__(self, http: EngineHttp, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._http = http
        self._values: dict[str, QLabel] = {}
        self.processes = self._make_table()
        self.storage = StorageCard()
        self.retention = RetentionCard()
        self._faults = QLabel()
        self._faults.setWordWrap(True)
        cards = QVBoxLayout()
        cards.setSpacing(SPACE_4)
        for card in (
            self._engine_card(),
            self._model_card(),
            self._storage_card(),
            self._card(self.tr("Retention"), self.retention),
        ):
            cards.addWidget(card)
        cards.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_4, SPACE_4, SPACE_4, SPACE_4)
        row.setSpacing(SPACE_4)
        row.addLayout(cards, 2)
        row.addWidget(self._card(self.tr("Processes"), self.processes), 3)
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self.refresh)

    def refresh(self) -> None:
        """Ask the engine now."""
        self._http.get("/api/v1/system/status", SystemStatus, self.take, self._refuse)
        self._http.get("/api/v1/storage", StorageView, self.storage.take, self._refuse_storage)
        self._http.get(
            "/api/v1/retention", RetentionOverview, self.retention.take, self._refuse_retention
        )

    def take(self, status: SystemStatus) -> None:
        """Show this state."""
        model = status.model
        told = {
            "site": f"{status.site} / {status.node}",
            "version": status.version,
            "uptime": uptime_text(status.uptime_s),
            "cpu": self.tr("{:.0f} % of one core").format(status.cpu_percent),
            "recording": self.tr("{} of {} cameras").format(status.recording, status.cameras),
            "model": model.name or model.state,
            "provider": model.provider or "-",
            "input": model.input_size or "-",
            "inference": f"{model.inference_ms_p50:.1f} ms" if model.inference_ms_p50 else "-",
            "analysed": self.tr("{} of {} due pictures").format(
                model.analysed_frames, model.due_frames
            ),
            "checksum": model.sha256[:16] or "-",
            "detail": model.detail,
        }
        for key, text in told.items():
            self._values[key].setText(text)
        self._faults.setText("\n".join(status.faults) or self.tr("Everything works."))
        self._show_processes(status.processes)

    def _refuse(self, sentence: str) -> None:
        """What was true a while ago is not claimed any more."""
        self._faults.setText(sentence)
        for value in self._values.values():
            value.setText("-")
        self.processes.setRowCount(0)

    def _refuse_storage(self, _: str) -> None:
        """The sentence stands with the engine's own."""
        self.storage.clear()

    def _refuse_retention(self, _: str) -> None:
        """As above."""
        self.retention.clear()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, 5)
        table.setHorizontalHeaderLabels(
            [self.tr("Process"), self.tr("State"), self.tr("Up"), self.tr("Restarts"),
             self.tr("Memory")]
        )  # fmt: skip
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setShowGrid(False)
        table.setAccessibleName(self.tr("Processes"))
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        table.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        return table

    def _show_processes(self, rows: tuple[ProcessStatus, ...]) -> None:
        self.processes.setRowCount(len(rows))
        for row, process in enumerate(rows):
            texts = (
                process.name,
                process.state,
                uptime_text(process.uptime_s),
                str(process.restarts),
                f"{process.memory_bytes / _MIB:.0f} MiB" if process.memory_bytes else "-",
            )
            for column, text in enumerate(texts):
                item = self.processes.item(row, column)
                if item is None:
                    self.processes.setItem(row, column, QTableWidgetItem(text))
                elif item.text() != text:
                    item.setText(text)

    def _engine_card(self) -> QWidget:
        form = self._form(
            (self.tr("Site"), "site"),
            (self.tr("Version"), "version"),
            (self.tr("Running for"), "uptime"),
            (self.tr("CPU"), "cpu"),
            (self.tr("Recording"), "recording"),
        )
        form.addRow(self._faults)
        return self._card(self.tr("Engine"), form)

    def _model_card(self) -> QWidget:
        form = self._form(
            (self.tr("Model"), "model"),
            (self.tr("Runs on"), "provider"),
            (self.tr("Input"), "input"),
            (self.tr("Median time"), "inference"),
            (self.tr("Analysed"), "analysed"),
            (self.tr("SHA-256"), "checksum"),
            ("", "detail"),
        )
        return self._card(self.tr("Detector"), form)

    def _storage_card(self) -> QWidget:
        return self._card(self.tr("Storage"), self.storage)

    def _form(self, *rows: tuple[str, str]) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(SPACE_4)
        for title, key in rows:
            value = QLabel("-")
            value.setAccessibleName(title or key)
            value.setWordWrap(True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._values[key] = value
            if title:
                name = QLabel(title)
                name.setObjectName("hint")
                form.addRow(name, value)
            else:
                value.setObjectName("hint")
                form.addRow(value)
        return form

    def _card(self, title: str, content: QWidget | QFormLayout) -> QWidget:
        card = QWidget()
        card.setObjectName("card")
        card.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(card)
        column.setContentsMargins(SPACE_4, SPACE_3, SPACE_4, SPACE_4)
        column.setSpacing(SPACE_3)
        heading = QLabel(title)
        heading.setObjectName("heading")
        column.addWidget(heading)
        if isinstance(content, QWidget):
            column.addWidget(content)
        else:
            column.addLayout(content)
            column.addStretch(1)
        return card
