"""What lies under the mouse: a still of that moment, its time, and what happened."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from ui.theme.tokens import SPACE_1, SPACE_2


class HoverCard(QWidget):
    """A small window over the wall's foot that takes neither mouse nor focus."""

    def __init__(self, still_size: QSize, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.ToolTip | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName("hoverCard")
        self._still_size = still_size
        self._still, self._time, self._lines = QLabel(), QLabel(), QLabel()
        self._still.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._still.setFixedSize(still_size)
        self._still.setObjectName("hint")
        self._time.setObjectName("hoverTime")
        self._lines.setObjectName("hint")
        self._lines.setWordWrap(True)
        self._lines.setFixedWidth(still_size.width())
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_2, SPACE_2, SPACE_2, SPACE_2)
        column.setSpacing(SPACE_1)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)
        for part in (self._still, self._time, self._lines):
            column.addWidget(part)
        self.hide()

    @property
    def text(self) -> str:
        """All its words, a line each."""
        return f"{self._time.text()}\n{self._lines.text()}"

    def tell(self, time_text: str, lines: tuple[str, ...]) -> None:
        """Time and what happened."""
        self._time.setText(time_text)
        self._lines.setText("\n".join(lines))

    def show_still(self, picture: QPixmap | None) -> None:
        """A picture; None while it is on its way; a null one where there is none."""
        self._still.setVisible(picture is None or not picture.isNull())
        if picture is None:
            self._still.setPixmap(QPixmap())
            self._still.setText(self.tr("…"))
        else:
            self._still.setPixmap(picture)

    def stand_above(self, point: QPoint, bounds: QRect) -> None:
        """Show it above a point of the screen, within those bounds."""
        self._column.activate()
        left = min(max(point.x() - self.width() // 2, bounds.left()), bounds.right() - self.width())
        self.move(left, point.y() - self.height() - SPACE_2)
        if not self.isVisible():
            self.show()
