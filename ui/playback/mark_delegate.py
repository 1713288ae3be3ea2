"""One mark as a row: its colour, what it is called, when and whose it is."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui.playback.marks import MARK, Index, Mark, MarkListModel, range_text
from ui.theme.tokens import SPACE_1, SPACE_2, SPACE_3, TARGET_MIN, Palette
from ui.timeline.zone import Zone
from ui.wall.marks import ink

_STRIPE = 3


class MarkDelegate(QStyledItemDelegate):
    """Paints rows of `MarkListModel`."""

    def __init__(
        self, model: MarkListModel, zone: Zone, palette: Palette, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._zone = zone
        self._tokens = palette

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        del option, index
        return QSize(200, TARGET_MIN + SPACE_3)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        mark = index.data(MARK)
        if not isinstance(mark, Mark):
            return
        tokens = self._tokens
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        row = rect.adjusted(SPACE_2, 1, -SPACE_2, -1)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.fillRect(row, ink(tokens.hover))
        colour = tokens.bookmark if mark.kind == "bookmark" else tokens.protected
        painter.fillRect(QRect(row.left(), row.top(), _STRIPE, row.height()), ink(colour))
        inner = row.adjusted(_STRIPE + SPACE_2, SPACE_1, -SPACE_1, -SPACE_1)
        half = inner.height() // 2
        when = range_text(mark.start_wall_us, mark.end_wall_us, self._zone)
        lines = (
            (mark.title, tokens.text),
            (f"{when} · {self._model.cameras_text(mark)}", tokens.text_secondary),
        )
        for number, (text, token) in enumerate(lines):
            line = QRect(inner.left(), inner.top() + number * half, inner.width(), half)
            shown = painter.fontMetrics().elidedText(
                text, Qt.TextElideMode.ElideRight, line.width()
            )
            painter.setPen(ink(token))
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, shown)
