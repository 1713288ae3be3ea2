"""Search in events: which camera, what, since when; with the picture of the chosen one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from nvr_app.contract.api import EventView
from nvr_app.contract.status import CameraStatus
from ui.client.http import EngineHttp
from ui.events.table_model import EventTableModel
from ui.events.words import date_time_of, length_of, title_of
from ui.theme.tokens import SPACE_2, SPACE_3, SPACE_4, SPACE_6
from ui.widgets.choice_box import ChoiceBox
from ui.widgets.elided_label import ElidedLabel

_SIDE_BY_SIDE = 960
"""From this width on the picture has room beside the table; below it the names would not."""
_HOUR_S, _DAY_S = 3600, 86_400


class EventsPage(QWidget):
    """Signals: shown_on_wall(camera_id) when somebody wants to see the camera now
    · played(camera_id, start_wall_us) when somebody wants to see the event's footage.
    """

    shown_on_wall = Signal(str)
    played = Signal(str, object)

    def __init__(
        self, http: EngineHttp, name_of: Callable[[str], str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._http = http
        self._name_of = name_of
        self._picture = QPixmap()
        self._chosen: EventView | None = None
        self.model = EventTableModel(http, name_of, self)
        self.camera = self._choice(self.tr("Camera"))
        self.what = self._choice(self.tr("What"))
        self.since = self._choice(self.tr("Since"))
        self._fill_choices()
        self._note = ElidedLabel()
        self._note.setAccessibleName(self.tr("Result of the search"))
        self._note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._note.setObjectName("hint")
        self.table = self._make_table()
        self._still = QLabel(self.tr("Choose an event to see its picture."))
        self._still.setObjectName("hint")
        self._still.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._still.setMinimumSize(320, 180)
        self._still.setWordWrap(True)
        self._still.setAccessibleName(self.tr("Picture of the event"))
        self._facts = QLabel()
        self._facts.setWordWrap(True)
        self._facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._to_wall = QPushButton(self.tr("Show the camera live"))
        self._to_wall.setEnabled(False)
        self._to_wall.clicked.connect(self._show_on_wall)
        self._play = QPushButton(self.tr("Play from here (Enter)"))
        self._play.setObjectName("primary")
        self._play.setToolTip(self.tr("The footage from five seconds before the event"))
        self._play.setEnabled(False)
        self._play.clicked.connect(self._play_footage)
        self._split = QSplitter()
        self._lay_out()
        self.model.loaded.connect(self._count)
        self.model.refused.connect(self._note.setText)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.search)
        for choice in (self.camera, self.what, self.since):
            choice.currentIndexChanged.connect(self._search_soon)

    def set_cameras(self, cameras: Iterable[CameraStatus]) -> None:
        """The cameras to choose among; the choice stays."""
        chosen = self.camera.currentData()
        self.camera.blockSignals(True)
        self.camera.clear()
        self.camera.addItem(self.tr("All cameras"), "")
        for status in sorted(cameras, key=lambda status: status.name.casefold()):
            self.camera.addItem(status.name or status.camera_id, status.camera_id)
        self.camera.setCurrentIndex(max(0, self.camera.findData(chosen)))
        self.camera.blockSignals(False)

    def search(self) -> None:
        """Ask anew with what is chosen."""
        query: dict[str, object] = {}
        if self.camera.currentData():
            query["camera_id"] = self.camera.currentData()
        key, _, value = str(self.what.currentData() or "").partition("=")
        if key:
            query[key] = value
        if self.since.currentData():
            query["start"] = time.time() - self.since.currentData()
        self._forget_choice()
        self._note.setText(self.tr("Searching …"))
        self.model.search(query)

    @Slot()
    def _search_soon(self) -> None:
        # Not the timer's own slot: an index must not be taken for an interval.
        self._soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.search()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = event.size().width() >= _SIDE_BY_SIDE
        self._split.setOrientation(
            Qt.Orientation.Horizontal if is_wide else Qt.Orientation.Vertical
        )
        self._show_picture()

    def _choice(self, name: str) -> QComboBox:
        box = ChoiceBox()
        box.setAccessibleName(name)
        box.setToolTip(name)
        box.setMinimumWidth(160)
        return box

    def _fill_choices(self) -> None:
        self.camera.addItem(self.tr("All cameras"), "")
        for text, value in (
            (self.tr("Everything"), ""),
            (self.tr("Objects"), "kind=track"),
            (self.tr("People"), "label=person"),
            (self.tr("Cars"), "label=car"),
            (self.tr("Trucks"), "label=truck"),
            (self.tr("Bicycles"), "label=bicycle"),
            (self.tr("Dogs"), "label=dog"),
            (self.tr("Cats"), "label=cat"),
            (self.tr("Motion"), "kind=motion"),
        ):
            self.what.addItem(text, value)
        for text, seconds in (
            (self.tr("Last hour"), _HOUR_S),
            (self.tr("Last 24 hours"), _DAY_S),
            (self.tr("Last 7 days"), 7 * _DAY_S),
            (self.tr("All times"), 0),
        ):
            self.since.addItem(text, seconds)
        self.since.setCurrentIndex(1)

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setAccessibleName(self.tr("Events found"))
        table.setTabKeyNavigation(False)
        table.setAlternatingRowColors(True)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(30)
        header = table.horizontalHeader()
        # Names take what room there is; figures as much as they need.
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        figures = table.fontMetrics().horizontalAdvance("0000-00-00 00:00:00") + SPACE_6
        for column, width in ((0, figures), (3, figures // 2), (4, figures // 2)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, width)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.selectionModel().currentRowChanged.connect(self._choose)
        table.activated.connect(self._play_footage)
        return table

    def _lay_out(self) -> None:
        filters = QHBoxLayout()
        filters.setSpacing(SPACE_2)
        for choice in (self.camera, self.what, self.since):
            filters.addWidget(choice)
        filters.addWidget(self._note, 1)
        side = QWidget()
        side.setObjectName("card")
        side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(side)
        column.setContentsMargins(SPACE_3, SPACE_3, SPACE_3, SPACE_3)
        column.addWidget(self._still, 1)
        column.addWidget(self._facts)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE_2)
        buttons.addWidget(self._play)
        buttons.addWidget(self._to_wall)
        column.addLayout(buttons)
        split = self._split
        split.addWidget(self.table)
        split.addWidget(side)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setChildrenCollapsible(False)
        split.splitterMoved.connect(self._show_picture)
        page = QVBoxLayout(self)
        page.setContentsMargins(SPACE_4, SPACE_4, SPACE_4, SPACE_4)
        page.setSpacing(SPACE_3)
        page.addLayout(filters)
        page.addWidget(split, 1)

    def _count(self) -> None:
        rows = self.model.rowCount()
        if not rows:
            told = self.tr("No events match")
        elif self.model.canFetchMore(QModelIndex()):
            told = self.tr("{} events; scroll for more").format(rows)
        else:
            told = self.tr("1 event") if rows == 1 else self.tr("{} events").format(rows)
        self._note.setText(told)

    def _choose(self, index: QModelIndex) -> None:
        event = self.model.event_at(index.row())
        self._chosen = event
        for button in (self._play, self._to_wall):
            button.setEnabled(event is not None)
        self._picture = QPixmap()
        if event is None:
            self._forget_choice()
            return
        self._facts.setText(
            self.tr("{title} {score:.2f} · {camera}\n{time} · {length}\n{model}").format(
                title=title_of(event), score=event.score, camera=self._name_of(event.camera_id),
                time=date_time_of(event.start_wall_us), length=length_of(event),
                model=event.model,
            )
        )  # fmt: skip
        if not event.snapshot:
            self._still.setText(self.tr("No picture was kept of this event."))
            return
        self._still.setText(self.tr("Fetching the picture …"))
        self._http.get_bytes(
            f"/api/v1/events/{event.event_id}/snapshot.jpg",
            partial(self._take_picture, event.event_id),
            partial(self._refuse_picture, event.event_id),
        )

    def _take_picture(self, event_id: str, body: bytes) -> None:
        if self._chosen is None or self._chosen.event_id != event_id:
            return
        if not self._picture.loadFromData(body):
            self._still.setText(self.tr("The picture of this event is damaged."))
        self._show_picture()

    def _refuse_picture(self, event_id: str, sentence: str) -> None:
        if self._chosen is not None and self._chosen.event_id == event_id:
            self._still.setText(sentence)

    def _forget_choice(self) -> None:
        self._chosen, self._picture = None, QPixmap()
        for button in (self._play, self._to_wall):
            button.setEnabled(False)
        self._facts.clear()
        self._still.setText(self.tr("Choose an event to see its picture."))

    def _show_picture(self) -> None:
        if not self._picture.isNull():
            ratio = self.devicePixelRatioF()
            shown = self._picture.scaled(
                self._still.size() * ratio,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            shown.setDevicePixelRatio(ratio)
            self._still.setPixmap(shown)

    def _play_footage(self) -> None:
        if self._chosen is not None:
            self.played.emit(self._chosen.camera_id, self._chosen.start_wall_us)

    def _show_on_wall(self) -> None:
        if self._chosen is not None:
            self.shown_on_wall.emit(self._chosen.camera_id)
