"""Setting a bookmark, protecting footage: small forms beside the timeline, not over the wall."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from nvr_app.contract.timebase import US_PER_S
from ui.playback.marks import Mark, range_text
from ui.theme.tokens import SPACE_1, SPACE_2, SPACE_3
from ui.timeline.words import date_of
from ui.timeline.zone import Zone
from ui.widgets.choice_box import ChoiceBox
from ui.widgets.elided_label import ElidedLabel

_DAY_US = 86_400 * US_PER_S


class MarkForm(QWidget):
    """What both forms share. Signals: saved() · closed() by Esc or Cancel, or after saving."""

    saved = Signal()
    closed = Signal()

    def __init__(self, title: str, save: str, zone: Zone, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._zone = zone
        self.span: tuple[int, int] = (0, 0)
        self._range = ElidedLabel()
        self._fault = ElidedLabel()
        self._fault.setObjectName("fault")
        self.scope = ChoiceBox()
        self.scope.setAccessibleName(self.tr("Whose footage"))
        heading = QLabel(title)
        heading.setObjectName("heading")
        self.save = QPushButton(save)
        self.save.setObjectName("primary")
        self.save.clicked.connect(self.saved)
        cancel = QPushButton(self.tr("Cancel (Esc)"))
        cancel.clicked.connect(self.closed)
        self._buttons = QHBoxLayout()
        self._buttons.addWidget(self.save)
        self._buttons.addWidget(cancel)
        self._buttons.addStretch(1)
        head = QHBoxLayout()
        head.addWidget(heading)
        head.addWidget(self._range, 1)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(SPACE_3, SPACE_1, SPACE_3, SPACE_2)
        self.column.setSpacing(SPACE_1)
        self.column.addLayout(head)

    @property
    def fault(self) -> str:
        """Why it was not saved."""
        return self._fault.text()

    @property
    def camera_ids(self) -> tuple[str, ...]:
        """Empty: all cameras."""
        chosen = self.scope.currentData()
        return (str(chosen),) if chosen else ()

    def begin(self, span: tuple[int, int], camera_id: str, camera_name: str) -> None:
        """Open it for a range and a camera."""
        self.span = span
        self._range.setText(range_text(*span, self._zone))
        self._fault.clear()
        self.scope.clear()
        if camera_id:
            self.scope.addItem(camera_name, camera_id)
        self.scope.addItem(self.tr("All cameras"), "")

    def refuse(self, sentence: str) -> None:
        """It was not saved; what was typed stays."""
        self._fault.setText(sentence)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _finish(self) -> None:
        self.column.addWidget(self._fault)
        self.column.addStretch(1)
        self.column.addLayout(self._buttons)

    def _line(self, name: str) -> QLineEdit:
        line = QLineEdit()
        line.setPlaceholderText(name)
        line.setAccessibleName(name)
        line.returnPressed.connect(self.saved)
        return line


class BookmarkForm(MarkForm):
    """Title and text of a bookmark."""

    def __init__(self, zone: Zone, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Bookmark"), self.tr("Set bookmark (Enter)"), zone, parent)
        self.title = self._line(self.tr("Title"))
        self.text = self._line(self.tr("What is to be seen (may be empty)"))
        row = QHBoxLayout()
        row.setSpacing(SPACE_2)
        row.addWidget(self.title, 1)
        row.addWidget(self.scope)
        self.column.addLayout(row)
        self.column.addWidget(self.text)
        self._finish()

    def begin(self, span: tuple[int, int], camera_id: str, camera_name: str) -> None:
        super().begin(span, camera_id, camera_name)
        self.title.clear()
        self.text.clear()
        self.title.setFocus()


class LiftForm(MarkForm):
    """Why a protection is lifted: from then on retention counts for its footage again."""

    def __init__(self, zone: Zone, parent: QWidget | None = None) -> None:
        super().__init__(
            self.tr("Lift protection"), self.tr("Lift protection (Enter)"), zone, parent
        )
        self.mark: Mark | None = None
        self.reason = self._line(self.tr("Reason (kept in the audit log)"))
        effect = QLabel(
            self.tr("Clean-up may delete this footage as soon as its time is over, even at once.")
        )
        effect.setObjectName("hint")
        effect.setWordWrap(True)
        self.column.addWidget(self.reason)
        self.column.addWidget(effect)
        self._finish()

    def ask(self, mark: Mark) -> None:
        """Open it for a protection."""
        self.mark = mark
        self.begin((mark.start_wall_us, mark.end_wall_us), "", "")
        self.reason.clear()
        self.reason.setFocus()


class ProtectForm(MarkForm):
    """Reason and end of a protection, and what saving will do."""

    def __init__(
        self, zone: Zone, now_us: Callable[[], int], parent: QWidget | None = None
    ) -> None:
        super().__init__(self.tr("Protect"), self.tr("Protect (Enter)"), zone, parent)
        self._now_us = now_us
        self.reason = self._line(self.tr("Reason (kept in the audit log)"))
        self.until = ChoiceBox()
        self.until.setAccessibleName(self.tr("Until when"))
        for text, days in (
            (self.tr("for 30 days"), 30),
            (self.tr("for 90 days"), 90),
            (self.tr("for a year"), 365),
            (self.tr("until lifted"), 0),
        ):
            self.until.addItem(text, days)
        self._effect = QLabel()
        self._effect.setObjectName("hint")
        self._effect.setWordWrap(True)
        self.until.currentIndexChanged.connect(self._tell_effect)
        row = QHBoxLayout()
        row.setSpacing(SPACE_2)
        row.addWidget(self.scope, 1)
        row.addWidget(self.until, 1)
        self.column.addWidget(self.reason)
        self.column.addLayout(row)
        self.column.addWidget(self._effect)
        self._finish()

    @property
    def until_us(self) -> int | None:
        """None: until somebody lifts it."""
        days = int(self.until.currentData() or 0)
        return self._now_us() + days * _DAY_US if days else None

    def begin(self, span: tuple[int, int], camera_id: str, camera_name: str) -> None:
        super().begin(span, camera_id, camera_name)
        self.reason.clear()
        self._tell_effect(0)
        self.reason.setFocus()

    def _tell_effect(self, _: int) -> None:
        until = self.until_us
        self._effect.setText(
            self.tr("No clean-up deletes this footage, not even on a full disk.")
            if until is None
            else self.tr("No clean-up deletes this footage before {}.").format(
                f"{date_of(until, self._zone)} {self._zone.local(until).year}"
            )
        )
