"""Beside the timeline: bookmarks and protected footage, and the forms that make them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ui.playback.mark_delegate import MarkDelegate
from ui.playback.mark_forms import BookmarkForm, LiftForm, MarkForm, ProtectForm
from ui.playback.marks import MARK, Mark, MarkListModel
from ui.playback.marks_feed import MarksFeed
from ui.theme.tokens import DARK, EVENTS_WIDTH, SPACE_1, SPACE_2, SPACE_3, Palette
from ui.timeline.zone import Zone


class MarksPanel(QWidget):
    """Signals: chosen(Mark) to go there · closed() when a form was left."""

    chosen = Signal(object)
    closed = Signal()

    def __init__(
        self,
        feed: MarksFeed,
        name_of: Callable[[str], str],
        zone: Zone,
        now_us: Callable[[], int],
        parent: QWidget | None = None,
        *,
        palette: Palette = DARK,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("beside")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(EVENTS_WIDTH)
        self._feed = feed
        self._name_of = name_of
        self.model = MarkListModel(name_of, zone, self)
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setUniformItemSizes(True)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setAccessibleName(self.tr("Bookmarks and protected footage"))
        self.view.setItemDelegate(MarkDelegate(self.model, zone, palette, self.view))
        self.view.clicked.connect(self._choose)
        self.view.activated.connect(self._choose)
        self._empty = QLabel(self.tr("Nothing is marked. Ctrl+B sets a bookmark, Ctrl+P protects."))
        self._empty.setObjectName("hint")
        self._empty.setWordWrap(True)
        self._take_back = QPushButton(self.tr("Remove (Del)"))
        self._take_back.setEnabled(False)
        self._take_back.clicked.connect(self._remove)
        self.bookmark = BookmarkForm(zone)
        self.protect = ProtectForm(zone, now_us)
        self.lift = LiftForm(zone)
        self.pages = QStackedWidget()
        self._lay_out()
        self._connect()

    @property
    def is_asking(self) -> bool:
        """Whether a form is open."""
        return self.pages.currentIndex() != 0

    def ask(
        self, kind: Literal["bookmark", "protection"], span: tuple[int, int], camera_id: str
    ) -> None:
        """Open the form for a range of a camera."""
        form: MarkForm = self.bookmark if kind == "bookmark" else self.protect
        self.pages.setCurrentWidget(form)
        form.begin(span, camera_id, self._name_of(camera_id) if camera_id else "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete and self.view.hasFocus():
            self._remove()
        else:
            super().keyPressEvent(event)

    # Inside

    def _lay_out(self) -> None:
        heading = QLabel(self.tr("Marks"))
        heading.setObjectName("heading")
        head = QHBoxLayout()
        head.setContentsMargins(SPACE_3, 0, SPACE_2, 0)
        head.addWidget(heading)
        head.addStretch(1)
        head.addWidget(self._take_back)
        listing = QWidget()
        column = QVBoxLayout(listing)
        column.setContentsMargins(0, 0, 0, SPACE_1)
        column.setSpacing(SPACE_1)
        column.addLayout(head)
        column.addWidget(self._empty)
        column.addWidget(self.view, 1)
        self._empty.setMargin(SPACE_3)
        for page in (listing, self.bookmark, self.protect, self.lift):
            self.pages.addWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.pages)
        self._show()

    def _connect(self) -> None:
        self._feed.changed.connect(self._show)
        self.bookmark.saved.connect(self._save_bookmark)
        self.protect.saved.connect(self._save_protection)
        self.lift.saved.connect(self._save_lift)
        for form in (self.bookmark, self.protect, self.lift):
            form.closed.connect(self._close)
        self.view.selectionModel().currentChanged.connect(self._offer_removal)

    def _show(self) -> None:
        self.model.reset(self._feed.marks)
        self._empty.setVisible(not self._feed.marks)
        self.view.setVisible(bool(self._feed.marks))
        self._take_back.setEnabled(False)

    def _save_bookmark(self) -> None:
        form = self.bookmark
        title = form.title.text().strip()
        if not title:
            form.refuse(self.tr("A bookmark needs a title."))
            return
        text = form.text.text().strip()
        self._feed.bookmark(form.span, form.camera_ids, title, text, self._close, form.refuse)

    def _save_protection(self) -> None:
        form = self.protect
        reason = form.reason.text().strip()
        if not reason:
            form.refuse(self.tr("A protection needs a reason: it stands in the audit log."))
            return
        self._feed.protect(
            form.span, form.camera_ids, reason, form.until_us, self._close, form.refuse
        )

    def _save_lift(self) -> None:
        reason = self.lift.reason.text().strip()
        if not reason:
            self.lift.refuse(self.tr("Lifting needs a reason: it stands in the audit log."))
        elif self.lift.mark is not None:
            self._feed.take_back(self.lift.mark, reason)
            self._close()

    def _close(self) -> None:
        self.pages.setCurrentIndex(0)
        self.closed.emit()

    def _choose(self, index: QModelIndex) -> None:
        mark = index.data(MARK)
        if isinstance(mark, Mark):
            self.chosen.emit(mark)

    def _offer_removal(self, index: QModelIndex) -> None:
        mark = index.data(MARK)
        self._take_back.setEnabled(isinstance(mark, Mark))
        is_protection = isinstance(mark, Mark) and mark.kind == "protection"
        self._take_back.setText(
            self.tr("Lift protection (Del)") if is_protection else self.tr("Remove (Del)")
        )

    def _remove(self) -> None:
        mark = self.view.currentIndex().data(MARK)
        if isinstance(mark, Mark) and mark.kind == "protection":
            self.pages.setCurrentWidget(self.lift)
            self.lift.ask(mark)
        elif isinstance(mark, Mark):
            self._feed.take_back(mark, "")
