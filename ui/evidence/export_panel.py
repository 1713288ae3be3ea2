"""What is to be exported: cameras, range, place and options, and what that would come to."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QDateTime, Qt, QTimer, QTimeZone, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDateTimeEdit,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from nvr_app.contract.evidence import ExportBody, ExportForecast, ExportView
from nvr_app.contract.status import CameraStatus
from nvr_app.contract.timebase import iso_utc
from ui.client.http import EngineHttp
from ui.evidence.words import forecast_text
from ui.theme.tokens import SPACE_2, SPACE_3

_SETTLE_MS = 300
_FIRST_RANGE_S = 600
_SHOWN = "yyyy-MM-dd HH:mm:ss"


class ExportPanel(QWidget):
    """A card; `choose` fills it from a selection. Signals: begun(ExportView)."""

    begun = Signal(object)

    def __init__(self, http: EngineHttp, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._http = http
        self.cameras = QListWidget()
        self.start, self.end = QDateTimeEdit(), QDateTimeEdit()
        now = QDateTime.currentDateTime()
        for edit, moment in ((self.start, now.addSecs(-_FIRST_RANGE_S)), (self.end, now)):
            edit.setDisplayFormat(_SHOWN)
            edit.setDateTime(moment)
            edit.dateTimeChanged.connect(self._changed)
        self.folder, self.reason, self.password = QLineEdit(), QLineEdit(), QLineEdit()
        self.folder.setPlaceholderText(self.tr("The engine's own exports folder"))
        self.reason.setPlaceholderText(self.tr("Goes into the manifest and the journal"))
        self.password.setPlaceholderText(self.tr("Encrypts with AES-256 (optional)"))
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.burn_time = QCheckBox(self.tr("Draw the time into the pictures (encodes them anew)"))
        self.forecast = QLabel()
        self.forecast.setObjectName("hint")
        self.forecast.setWordWrap(True)
        self.begin = QPushButton(self.tr("Export"))
        self.begin.setObjectName("primary")
        self.begin.clicked.connect(self.export)
        self.cameras.itemChanged.connect(self._changed)
        self.folder.textChanged.connect(self._changed)
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLE_MS)
        self._settled.timeout.connect(self.look)
        self._lay_out()

    def _lay_out(self) -> None:
        heading = QLabel(self.tr("Export footage"))
        heading.setObjectName("heading")
        browse = QPushButton(self.tr("Folder…"))
        browse.clicked.connect(self._choose_folder)
        place = QHBoxLayout()
        place.setSpacing(SPACE_2)
        place.addWidget(self.folder)
        place.addWidget(browse)
        grid = QGridLayout()
        grid.setSpacing(SPACE_2)
        rows: tuple[tuple[str, QWidget | QHBoxLayout], ...] = (
            (self.tr("From"), self.start),
            (self.tr("To"), self.end),
            (self.tr("Place"), place),
            (self.tr("Reason"), self.reason),
            (self.tr("Password"), self.password),
        )
        for row, (name, field) in enumerate(rows):
            grid.addWidget(QLabel(name), row, 0)
            if isinstance(field, QWidget):
                grid.addWidget(field, row, 1)
            else:
                grid.addLayout(field, row, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_3, SPACE_3, SPACE_3, SPACE_3)
        column.setSpacing(SPACE_2)
        column.addWidget(heading)
        column.addWidget(self.cameras, 1)
        column.addLayout(grid)
        column.addWidget(self.burn_time)
        column.addWidget(self.forecast)
        column.addWidget(self.begin, 0, Qt.AlignmentFlag.AlignLeft)

    def set_cameras(self, statuses: Iterable[CameraStatus]) -> None:
        """The cameras that can be chosen; what was chosen stays."""
        chosen = set(self._chosen())
        self.cameras.blockSignals(True)
        self.cameras.clear()
        for status in statuses:
            item = QListWidgetItem(status.name or status.camera_id)
            item.setData(Qt.ItemDataRole.UserRole, status.camera_id)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            is_on = status.camera_id in chosen
            item.setCheckState(Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked)
            self.cameras.addItem(item)
        self.cameras.blockSignals(False)

    def choose(self, camera_ids: Iterable[str], start_wall_us: int, end_wall_us: int) -> None:
        """Fill in a selection, from the timeline say, and look what it would come to."""
        wanted = set(camera_ids)
        for row in range(self.cameras.count()):
            item = self.cameras.item(row)
            is_on = item.data(Qt.ItemDataRole.UserRole) in wanted
            item.setCheckState(Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked)
        zone = QTimeZone.systemTimeZone()
        self.start.setDateTime(QDateTime.fromMSecsSinceEpoch(start_wall_us // 1000, zone))
        # The field shows whole seconds: the second that has begun belongs to the range.
        end_ms = -(-end_wall_us // 1_000_000) * 1000
        self.end.setDateTime(QDateTime.fromMSecsSinceEpoch(end_ms, zone))

    @Slot()
    def look(self) -> None:
        """Ask what the export would come to."""
        body = self._body()
        if not body.camera_ids:
            self.forecast.setText(self.tr("Choose at least one camera."))
            return
        self._http.ask(
            "POST", "/api/v1/exports/forecast", ExportForecast, self._take, self.forecast.setText,
            body=body,
        )  # fmt: skip

    @Slot()
    def export(self) -> None:
        """Begin; the engine's answer or refusal is shown."""
        body = self._body()
        if not body.camera_ids:
            self.forecast.setText(self.tr("Choose at least one camera."))
            return
        self.begin.setEnabled(False)
        self._http.ask("POST", "/api/v1/exports", ExportView, self._begun, self._refused, body=body)

    def _body(self) -> ExportBody:
        return ExportBody(
            camera_ids=tuple(self._chosen()),
            start=iso_utc(self.start.dateTime().toMSecsSinceEpoch() * 1000),
            end=iso_utc(self.end.dateTime().toMSecsSinceEpoch() * 1000),
            folder=self.folder.text().strip(),
            burn_time=self.burn_time.isChecked(),
            password=self.password.text(),
            reason=self.reason.text().strip(),
        )

    def _chosen(self) -> list[str]:
        items = [self.cameras.item(row) for row in range(self.cameras.count())]
        return [
            str(item.data(Qt.ItemDataRole.UserRole))
            for item in items
            if item.checkState() == Qt.CheckState.Checked
        ]

    def _take(self, forecast: ExportForecast) -> None:
        self.forecast.setText(forecast_text(forecast))

    def _begun(self, view: ExportView) -> None:
        self.begin.setEnabled(True)
        self.password.clear()
        self.forecast.setText(self.tr("The export is under way: {}").format(view.place))
        self.begun.emit(view)

    def _refused(self, sentence: str) -> None:
        self.begin.setEnabled(True)
        self.forecast.setText(sentence)

    @Slot()
    def _changed(self) -> None:
        self._settled.start()

    @Slot()
    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Where the export goes"))
        if chosen:
            self.folder.setText(chosen)
