"""One event as a card: picture, what, where, when, how long."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from nvr_app.contract.api import EventView
from ui.events.list_model import EVENT
from ui.events.thumbnails import Thumbnails
from ui.events.words import length_of, time_of, title_of
from ui.theme.tokens import RADIUS_CARD, SPACE_1, SPACE_2, SPACE_3, Palette
from ui.wall.marks import ink

Index = QModelIndex | QPersistentModelIndex
THUMBNAIL = QSize(112, 64)
_STRIPE = 3


class EventDelegate(QStyledItemDelegate):
    """Paints rows of `EventListModel`."""

    def __init__(
        self,
        thumbnails: Thumbnails,
        name_of: Callable[[str], str],
        palette: Palette,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._name_of = name_of
        self._tokens = palette

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        del option, index
        return QSize(200, THUMBNAIL.height() + 2 * SPACE_2 + SPACE_2)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        event: EventView | None = index.data(EVENT)
        if event is None:
            return
        tokens = self._tokens
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        card = rect.adjusted(SPACE_2, SPACE_1, -SPACE_2, -SPACE_1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(ink(tokens.line))
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.setBrush(ink(tokens.hover if is_chosen else tokens.raised))
        painter.drawRoundedRect(card, RADIUS_CARD, RADIUS_CARD)
        stripe = QRect(card.left(), card.top() + SPACE_1, _STRIPE, card.height() - SPACE_2)
        is_open = event.end_wall_us is None
        colour = tokens.accent if is_open else tokens.event
        painter.fillRect(stripe, ink(colour if event.kind == "track" else tokens.motion))
        left = card.left() + SPACE_2 + _STRIPE
        if event.kind == "track":
            frame = QRect(QPoint(left, card.top() + SPACE_2), THUMBNAIL)
            self._picture(painter, frame, event)
            left = frame.right() + SPACE_3
        words = QRect(left, card.top(), card.right() - left - SPACE_2, card.height())
        self._words(painter, words, event, QFont(option.font))
        painter.restore()

    def _picture(self, painter: QPainter, frame: QRect, event: EventView) -> None:
        painter.fillRect(frame, ink(self._tokens.wall))
        picture = self._thumbnails.of(event)
        if picture is not None:
            place = QRect(QPoint(0, 0), picture.deviceIndependentSize().toSize())
            place.moveCenter(frame.center())
            painter.drawPixmap(place, picture)

    def _words(self, painter: QPainter, rect: QRect, event: EventView, font: QFont) -> None:
        tokens, height = self._tokens, painter.fontMetrics().height() + SPACE_1
        top = rect.center().y() - height * 3 // 2
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        lines = (
            (title_of(event), bold, tokens.text),
            (self._name_of(event.camera_id), font, tokens.text),
            (f"{time_of(event.start_wall_us)} · {length_of(event)}", font, tokens.text_secondary),
        )
        for number, (text, line_font, colour) in enumerate(lines):
            line = QRect(rect.left(), top + number * height, rect.width(), height)
            painter.setFont(line_font)
            painter.setPen(ink(colour))
            elided = painter.fontMetrics().elidedText(
                text, Qt.TextElideMode.ElideRight, line.width()
            )
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, elided)
