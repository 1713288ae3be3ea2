"""The timeline's place below the wall: it comes and goes with the wall, unless somebody hid it."""

from __future__ import annotations

from PySide6.QtCore import QSettings
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

_SHOWN_KEY = "timeline/shown"


class Foot(QDockWidget):
    """`toggle` is the action that hides it and brings it back; the choice is remembered."""

    def __init__(self, content: QWidget, settings: QSettings, window: QMainWindow) -> None:
        super().__init__(window)
        self.setObjectName("timeline")
        self.setWidget(content)
        self.setTitleBarWidget(QWidget())
        self._settings = settings
        self._is_with_wall = True
        self.toggle = QAction(self.tr("Timeline"), self)
        self.toggle.setCheckable(True)
        self.toggle.setChecked(settings.value(_SHOWN_KEY, True) in {True, "true"})
        self.toggle.triggered.connect(self._choose)

    def follow_wall(self, *, is_wall: bool) -> None:
        """Beside other pages it would only cost height."""
        self._is_with_wall = is_wall
        self.setVisible(is_wall and self.toggle.isChecked())

    def _choose(self, is_shown: bool) -> None:
        self._settings.setValue(_SHOWN_KEY, is_shown)
        self.setVisible(is_shown and self._is_with_wall)
