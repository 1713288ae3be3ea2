"""The bar above: sections, layout, clock."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QDateTime, QLocale, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from ui.theme.tokens import SPACE_1, SPACE_2, SPACE_3, SPACE_6, TOP_BAR_HEIGHT


class TopBar(QWidget):
    """Signals: section_chosen(index) · layout_chosen(name)."""

    section_chosen = Signal(int)
    layout_chosen = Signal(str)

    def __init__(
        self,
        sections: Sequence[tuple[str, str]],
        layouts: Sequence[str],
        parent: QWidget | None = None,
    ) -> None:
        """`sections` are titles with their keys, `layouts` names in the order of their keys."""
        super().__init__(parent)
        self.setObjectName("topBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(TOP_BAR_HEIGHT)
        self._sections: list[QToolButton] = []
        self.layout_actions: dict[str, QAction] = {}
        self._locale = QLocale()
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_3, SPACE_1, SPACE_3, SPACE_1)
        row.setSpacing(SPACE_1)
        product = QLabel(self.tr("NVR"))
        product.setObjectName("product")
        row.addWidget(product)
        row.addSpacing(SPACE_3)
        for index, (title, key) in enumerate(sections):
            row.addWidget(self._section(index, title, key))
        row.addStretch(1)
        self.menu = QMenu(self)
        self._layouts = QToolButton()
        self._layouts.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._layouts.setMenu(self._layout_menu(layouts))
        self._layouts.setToolTip(self.tr("Layout of the wall (Ctrl+1 to Ctrl+{})").format(
            len(layouts)
        ))  # fmt: skip
        row.addWidget(self._layouts)
        more = QToolButton()
        more.setText(self.tr("Menu"))
        more.setToolTip(self.tr("Panels, full screen, engine (Alt+M)"))
        more.setShortcut("Alt+M")
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        more.setMenu(self.menu)
        row.addSpacing(SPACE_2)
        row.addWidget(more)
        row.addSpacing(SPACE_6)
        self._clock = QLabel()
        self._clock.setObjectName("clock")
        self._clock.setAccessibleName(self.tr("Date and time"))
        row.addWidget(self._clock)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tick)
        self._tick()

    def show_section(self, index: int, *, has_wall: bool) -> None:
        """Mark the section that is seen; the layout is a question where it has the wall."""
        for number, button in enumerate(self._sections):
            button.setChecked(number == index)
        self._layouts.setVisible(has_wall)

    def show_layout(self, name: str) -> None:
        """Name the wall's layout."""
        self._layouts.setText(self.tr("Layout: {}").format(self._title(name)))
        if name in self.layout_actions:
            self.layout_actions[name].setChecked(True)

    def _section(self, index: int, title: str, key: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName("section")
        button.setText(title)
        button.setCheckable(True)
        button.setToolTip(f"{title} ({key})")
        button.clicked.connect(lambda: self.section_chosen.emit(index))
        self._sections.append(button)
        return button

    def _layout_menu(self, names: Sequence[str]) -> QMenu:
        menu = QMenu(self)
        group = QActionGroup(self)
        for number, name in enumerate(names, start=1):
            action = QAction(self._title(name), self)
            action.setShortcut(f"Ctrl+{number}")
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, name=name: self.layout_chosen.emit(name))
            group.addAction(action)
            menu.addAction(action)
            self.layout_actions[name] = action
        return menu

    def _title(self, name: str) -> str:
        titles = {
            "1": self.tr("1 camera"),
            "4": self.tr("4 cameras"),
            "6": self.tr("1 large, 5 small"),
            "8": self.tr("1 large, 7 small"),
            "4x2": self.tr("8 as 4 by 2"),
            "3x3": self.tr("8 as 3 by 3"),
            "9": self.tr("9 cameras"),
            "16": self.tr("16 cameras"),
        }
        return titles.get(name, name)

    def _tick(self) -> None:
        now = QDateTime.currentDateTime()
        self._clock.setText(self._locale.toString(now, "ddd d MMM  HH:mm:ss"))
        self._timer.start(1_000 - now.time().msec())
