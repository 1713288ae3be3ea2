"""Marking footage from the keys: the panel beside the timeline, and what opens it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from nvr_app.contract.timebase import US_PER_S
from ui.client.http import EngineHttp
from ui.playback.marks import Mark
from ui.playback.marks_feed import MarksFeed
from ui.playback.marks_panel import MarksPanel
from ui.theme.tokens import DARK, Palette
from ui.timeline.panel import TimelinePanel

_INDEX_MS = 1_000
"""The timeline is told from the index, which hears of a mark a moment after the journal."""
_AROUND_US = 30 * US_PER_S
"""Protecting a moment protects what surrounds it: an instant alone would show nothing."""


class Marking(QObject):
    """Use from the GUI thread.

    Signals: chosen(wall_us, camera_id, "" for all) to go to a mark · message(sentence)
    · shown(bool) when the panel came or went · left() when the keys are the wall's again.
    """

    chosen = Signal(object, str)
    message = Signal(str)
    shown = Signal(bool)
    left = Signal()

    def __init__(
        self,
        http: EngineHttp,
        panel: TimelinePanel,
        name_of: Callable[[str], str],
        now_us: Callable[[], int],
        parent: QObject | None = None,
        *,
        palette: Palette = DARK,
    ) -> None:
        super().__init__(parent)
        self._panel = panel
        self._now_us = now_us
        self._was_asked_for = False
        """Whether somebody wants the list; a form alone goes when it is done."""
        self.feed = MarksFeed(http, self)
        self.panel = MarksPanel(self.feed, name_of, panel.zone, now_us, palette=palette)
        self.panel.hide()
        panel.add_beside(self.panel)
        self._index = QTimer(self)
        self._index.setSingleShot(True)
        self._index.setInterval(_INDEX_MS)
        self._index.timeout.connect(panel.model.refresh)
        self.feed.changed.connect(self._index.start)
        self.feed.told.connect(self.message)
        self.panel.chosen.connect(self._choose)
        self.panel.closed.connect(self._form_closed)

    @property
    def is_shown(self) -> bool:
        return not self.panel.isHidden()

    def toggle(self) -> None:
        """Show or hide the list."""
        self._was_asked_for = not self.is_shown
        self._show(is_shown=self._was_asked_for)

    def ask(self, kind: Literal["bookmark", "protection"], camera_id: str) -> None:
        """Open the form for the chosen range, or for the moment of the cursor."""
        self._show(is_shown=True)
        self.panel.ask(kind, self.span_of(kind), camera_id)

    def span_of(self, kind: Literal["bookmark", "protection"]) -> tuple[int, int]:
        """What would be marked."""
        timeline = self._panel.timeline
        start, end = timeline.range_us or (timeline.cursor_us, timeline.cursor_us)
        if kind == "protection" and start == end:
            return start - _AROUND_US, min(end + _AROUND_US, self._now_us())
        return start, end

    def _show(self, *, is_shown: bool) -> None:
        self.panel.setVisible(is_shown)
        self._panel.bar.show_marks(is_open=is_shown)
        self.shown.emit(is_shown)

    @Slot()
    def _form_closed(self) -> None:
        if not self._was_asked_for:
            self._show(is_shown=False)
        self.left.emit()

    def _choose(self, mark: Mark) -> None:
        timeline = self._panel.timeline
        if mark.end_wall_us > mark.start_wall_us:
            timeline.set_range((mark.start_wall_us, mark.end_wall_us))
        self.chosen.emit(mark.start_wall_us, mark.camera_ids[0] if mark.camera_ids else "")
