"""The wall alone, and the way back to the window as it was."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QMainWindow, QWidget


class FullScreen:
    """Hides `parts` of a window; they come back as they were, moved or hidden."""

    def __init__(self, window: QMainWindow, parts: Sequence[QWidget]) -> None:
        self._window = window
        self._parts = tuple(parts)
        self._before: QByteArray | None = None
        self._was_hidden: tuple[QWidget, ...] = ()
        self._was_maximised = False

    @property
    def is_on(self) -> bool:
        return self._before is not None

    @property
    def state(self) -> QByteArray:
        """The window's state outside of the full screen, to be remembered."""
        return self._window.saveState() if self._before is None else self._before

    def toggle(self) -> None:
        """Enter or leave."""
        if self._before is None:
            self._enter()
        else:
            self._leave(self._before)

    def _enter(self) -> None:
        window = self._window
        self._before = window.saveState()
        self._was_maximised = window.isMaximized()
        self._was_hidden = tuple(part for part in self._parts if part.isHidden())
        for part in self._parts:
            part.hide()
        window.showFullScreen()

    def _leave(self, before: QByteArray) -> None:
        self._before = None
        if self._was_maximised:
            self._window.showMaximized()
        else:
            self._window.showNormal()
        for part in self._parts:
            part.setVisible(part not in self._was_hidden)
        self._window.restoreState(before)
