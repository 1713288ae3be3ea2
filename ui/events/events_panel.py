"""The events beside the wall: newest first, at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QModelIndex, QSettings, QSize, QSortFilterProxyModel, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QListView,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from nvr_app.contract.api import EventView
from nvr_app.contract.status import ModelStatus
from ui.client.http import EngineHttp
from ui.events.delegate import THUMBNAIL, EventDelegate
from ui.events.list_model import EVENT, EventListModel, Index
from ui.events.thumbnails import Thumbnails
from ui.theme.tokens import DARK, EVENTS_WIDTH, SPACE_2, SPACE_3, Palette

_MOTION_KEY = "events/motion"


class _KindFilter(QSortFilterProxyModel):
    """Hides motion where it is not wanted."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.with_motion = False

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        event = self.sourceModel().index(source_row, 0, source_parent).data(EVENT)
        return isinstance(event, EventView) and (self.with_motion or event.kind != "motion")


class EventsPanel(QWidget):
    """Signals: chosen(camera_id) · played(camera_id, start_wall_us) by double click or Enter."""

    chosen = Signal(str)
    played = Signal(str, object)

    def __init__(
        self,
        http: EngineHttp,
        name_of: Callable[[str], str],
        settings: QSettings,
        parent: QWidget | None = None,
        *,
        palette: Palette = DARK,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._settings = settings
        self.model = EventListModel(self)
        self._thumbnails = Thumbnails(http, THUMBNAIL, self)
        self._thumbnails.arrived.connect(self.model.touch)
        self._shown = _KindFilter(self)
        self._shown.setSourceModel(self.model)
        self.view = QListView()
        self.view.setModel(self._shown)
        self.view.setUniformItemSizes(True)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setAccessibleName(self.tr("Events"))
        self.view.setItemDelegate(EventDelegate(self._thumbnails, name_of, palette, self.view))
        self.view.clicked.connect(self._choose)
        self.view.activated.connect(self._play)
        self.view.setToolTip(self.tr("Double click or Enter plays the footage of the event"))
        self.view.selectionModel().currentChanged.connect(self._follow_keys)
        self.motion = QCheckBox(self.tr("Motion"))
        self.motion.setToolTip(self.tr("List motion without a recognised object too"))
        self.motion.clicked.connect(self._remember_motion)
        self._empty = QLabel()
        self._empty.setObjectName("hint")
        self._empty.setWordWrap(True)
        self._empty.setMargin(SPACE_3)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._stack = QStackedLayout()
        self._lay_out()
        for signal in (self._shown.rowsInserted, self._shown.rowsRemoved, self._shown.modelReset):
            signal.connect(self._show_empty)
        self.set_model_status(ModelStatus(state="loading", detail=""))

    def reset(self, events: Iterable[EventView]) -> None:
        """As the engine lists them; pictures that could not be had are asked for anew."""
        self._thumbnails.forget_failures()
        self.model.reset(events)
        self._show_empty()

    def put(self, event: EventView) -> None:
        """A new event, or the end of one."""
        if event.end_wall_us is not None:
            self._thumbnails.forget(event.event_id)
        self.model.put(event)

    def set_model_status(self, status: ModelStatus) -> None:
        """Without a detector motion is all there is: it is listed unless somebody said no."""
        chosen = self._settings.value(_MOTION_KEY)
        is_on = (
            status.state in {"missing", "broken", "disabled"}
            if chosen is None
            else chosen in {True, "true"}
        )
        self.motion.setChecked(is_on)
        self._apply_motion(is_on=is_on)
        is_seeing = status.state in {"ready", "loading"}
        self._empty.setText(
            self.tr("No events yet. People, vehicles and animals appear here at once.")
            if is_seeing
            else self.tr("No objects are recognised: {}").format(status.detail)
        )
        self._show_empty()

    def sizeHint(self) -> QSize:
        return QSize(EVENTS_WIDTH, 400)

    def _lay_out(self) -> None:
        heading = QLabel(self.tr("Events"))
        heading.setObjectName("heading")
        row = QHBoxLayout()
        row.setContentsMargins(SPACE_3, SPACE_2, SPACE_3, SPACE_2)
        row.addWidget(heading)
        row.addStretch(1)
        row.addWidget(self.motion)
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addLayout(self._stack, 1)
        self.setMinimumWidth(EVENTS_WIDTH // 2)

    def _show_empty(self) -> None:
        self._stack.setCurrentIndex(0 if self._shown.rowCount() else 1)

    def _remember_motion(self) -> None:
        is_on = self.motion.isChecked()
        self._settings.setValue(_MOTION_KEY, is_on)
        self._apply_motion(is_on=is_on)

    def _apply_motion(self, *, is_on: bool) -> None:
        if self._shown.with_motion != is_on:
            self._shown.with_motion = is_on
            self._shown.invalidate()
            self._show_empty()

    def _follow_keys(self, index: QModelIndex) -> None:
        """Arrow keys choose as the mouse does; rows that come and go choose nothing."""
        if self.view.hasFocus():
            self._choose(index)

    def _play(self, index: QModelIndex) -> None:
        event = index.data(EVENT)
        if isinstance(event, EventView):
            self.played.emit(event.camera_id, event.start_wall_us)

    def _choose(self, index: QModelIndex) -> None:
        event = index.data(EVENT)
        if isinstance(event, EventView):
            self.chosen.emit(event.camera_id)
