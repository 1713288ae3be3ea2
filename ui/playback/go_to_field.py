"""Go to a time: a field in the bar, never a box over the wall."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from ui.playback.when import parse_when
from ui.theme.tokens import SPACE_2
from ui.timeline.zone import Zone


class GoToField(QWidget):
    """Signals: chosen(wall_us) · closed() by Esc or after a choice."""

    chosen = Signal(object)
    closed = Signal()

    def __init__(
        self, zone: Zone, now_us: Callable[[], int], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._zone = zone
        self._now_us = now_us
        self.line = QLineEdit()
        self.line.setAccessibleName(self.tr("Go to a time"))
        self.line.setPlaceholderText(self.tr("10:02 or 2026-10-25 10:02:11"))
        self.line.setToolTip(self.tr("Time, or date and time, then Enter; Esc leaves"))
        self.line.setMinimumWidth(210)
        self.line.returnPressed.connect(self._go)
        self._fault = QLabel()
        self.line.textEdited.connect(self._forget_fault)
        self._fault.setObjectName("fault")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_2)
        row.addWidget(self.line)
        row.addWidget(self._fault)
        self.hide()

    @property
    def fault(self) -> str:
        """Why what was typed is no time."""
        return self._fault.text()

    def open(self, wall_us: int) -> None:
        """Show it with that time in it, ready to be typed over."""
        self._fault.clear()
        self.line.setText(self._zone.local(wall_us).strftime("%Y-%m-%d %H:%M:%S"))
        self.show()
        self.line.selectAll()
        self.line.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)

    def _go(self) -> None:
        try:
            moment = parse_when(self.line.text(), self._zone, self._now_us())
        except ValueError as error:
            self._fault.setText(str(error))
            return
        self._close()
        self.chosen.emit(moment)

    def _forget_fault(self, _: str) -> None:
        self._fault.clear()

    def _close(self) -> None:
        self.hide()
        self.closed.emit()
