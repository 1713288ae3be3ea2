"""The foot of the window: transport, stills, timeline, legend; taller while one looks back."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.client.http import EngineHttp
from ui.playback.transport_bar import TransportBar
from ui.theme.tokens import (
    DARK,
    SPACE_1,
    TIMELINE_LIVE_HEIGHT,
    TIMELINE_PLAYBACK_HEIGHT,
    Palette,
)
from ui.timeline.hover_card import HoverCard
from ui.timeline.legend import Legend
from ui.timeline.model import TimelineModel
from ui.timeline.still_strip import STILL, StillStrip
from ui.timeline.thumbnails import Still, StillCache, still_step_us
from ui.timeline.ticks import exact_label
from ui.timeline.widget import TimelineWidget
from ui.timeline.words import all_lines_at, clock_of, date_of, lines_at
from ui.timeline.zone import Zone

_HOVER_STILL = QSize(240, 136)
_HOVER_STEP_PIXELS = 6
_TOLERANCE_PIXELS = 3


class TimelinePanel(QWidget):
    """Use from the GUI thread. Its parts speak for themselves: `bar`, `timeline`, `strip`.

    Signals: sought(wall_us) when a moment was chosen here · scrubbed(wall_us) on the way.
    """

    sought = Signal(object)
    scrubbed = Signal(object)

    def __init__(
        self,
        http: EngineHttp,
        name_of: Callable[[str], str],
        now_us: Callable[[], int],
        parent: QWidget | None = None,
        *,
        zone: Zone | None = None,
        palette: Palette = DARK,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("timelinePanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.zone = zone or Zone()
        self._name_of = name_of
        self.model = TimelineModel(http, now_us, self)
        self.timeline = TimelineWidget(self.model, self.zone, now_us, palette=palette)
        self.bar = TransportBar(self.zone, now_us, palette=palette)
        self._hover_stills = StillCache(http, _HOVER_STILL, self)
        self._strip_stills = StillCache(http, STILL, self)
        self.strip = StillStrip(self._strip_stills, palette=palette)
        self.legend = Legend(palette=palette)
        self.card = HoverCard(_HOVER_STILL, self)
        self._hovered: Still | None = None
        self._beside = QHBoxLayout()
        self._lay_out()
        self._connect()
        self.set_tall(is_tall=False)

    def add_beside(self, widget: QWidget) -> None:
        """Put something to the right of the timeline."""
        self._beside.addWidget(widget)

    def set_tall(self, *, is_tall: bool) -> None:
        """Room for stills and legend while one looks back."""
        self.setFixedHeight(TIMELINE_PLAYBACK_HEIGHT if is_tall else TIMELINE_LIVE_HEIGHT)
        self.strip.setVisible(is_tall)
        self.legend.setVisible(is_tall)
        self._show_moment()

    def set_camera(self, camera_id: str) -> None:
        """Whose row stands above."""
        self.timeline.set_camera(camera_id)
        self.bar.show_subject(self._name_of(camera_id) if camera_id else "")
        self._look()

    def set_cursor(self, wall_us: int | None) -> None:
        """Where one looks; None is the present."""
        self.timeline.set_cursor(wall_us)
        self._show_moment()

    def forget_failures(self) -> None:
        """Another engine may answer what could not be had."""
        self._hover_stills.forget_failures()
        self._strip_stills.forget_failures()
        self.model.refresh()

    # Qt

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.card.hide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.card.hide()

    # Inside

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setContentsMargins(0, 0, 0, SPACE_1)
        left.setSpacing(0)
        left.addWidget(self.strip)
        left.addWidget(self.timeline, 1)
        left.addWidget(self.legend)
        self._beside.setContentsMargins(0, 0, 0, 0)
        self._beside.setSpacing(0)
        self._beside.addLayout(left, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_1)
        column.addWidget(self.bar)
        column.addLayout(self._beside, 1)

    def _connect(self) -> None:
        self.timeline.sought.connect(self.sought)
        self.timeline.scrubbed.connect(self.scrubbed)
        self.timeline.hovered.connect(self._hover)
        self.timeline.view_changed.connect(self._look)
        self.model.changed.connect(self._look)
        self.strip.chosen.connect(self.sought)
        self.bar.span_chosen.connect(self.timeline.show_span)
        self.bar.day_chosen.connect(self.timeline.show_day)
        self._hover_stills.arrived.connect(self._still_arrived)

    @Slot()
    def _look(self) -> None:
        timeline = self.timeline
        if self.strip.isVisible():
            row = self.model.row(timeline.camera_id)
            self.strip.look(timeline.axis, timeline.camera_id, row, timeline.cursor_us)

    def _show_moment(self) -> None:
        moment = self.timeline.cursor_us
        if self.timeline.is_live:
            text = self.tr("Now")
        else:
            text = f"{date_of(moment, self.zone)}  {exact_label(moment, self.zone)}"
        self.bar.show_moment(text)
        self._look()

    def _hover(self, wall_us: int, point: QPointF) -> None:
        if wall_us < 0:
            self._hovered = None
            self._hover_stills.forget_waiting()
            self.card.hide()
            return
        timeline = self.timeline
        tolerance = round(timeline.axis.us_per_pixel * _TOLERANCE_PIXELS)
        upper, _ = timeline.places().rows
        row = self.model.row(timeline.camera_id)
        if point.y() <= upper.bottom() and row is not None:
            lines = lines_at(row, wall_us, tolerance, self.zone)
        else:
            rows = self.model.rows
            lines = all_lines_at(rows, wall_us, tolerance, self.zone, self._name_of)
        head = f"{date_of(wall_us, self.zone)}  {clock_of(wall_us, self.zone)}"
        self.card.tell(head, lines)
        self._show_still(wall_us)
        top = self.mapToGlobal(timeline.mapTo(self, point.toPoint()))
        top.setY(self.mapToGlobal(self.rect().topLeft()).y())
        self.card.stand_above(top, self.screen().availableGeometry())

    def _show_still(self, wall_us: int) -> None:
        step = still_step_us(self.timeline.axis.us_per_pixel, _HOVER_STEP_PIXELS)
        still = Still(self.timeline.camera_id, wall_us - wall_us % step)
        self._hovered = still if still.camera_id else None
        self._hover_stills.forget_waiting()
        self.card.show_still(self._hover_stills.get(still) if still.camera_id else None)

    def _still_arrived(self, still: Still) -> None:
        if still == self._hovered:
            self.card.show_still(self._hover_stills.get(still))
