"""The GUI program: finds a running engine or has one started, never runs it itself."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from ui.client.engine_client import EngineClient
from ui.shell.main_window import MainWindow
from ui.theme.style import apply_theme
from ui.theme.tokens import DARK

_SIGNAL_POLL_MS = 250


def run_desk(data_dir: Path, *, start_engine: Callable[[], None]) -> int:
    """Show the desk until its window is closed; the exit code.

    `start_engine` is called when at the first look no engine answers; it must return at once.
    """
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    app.setApplicationName("nvr")
    app.setQuitOnLastWindowClosed(False)  # the goodbye comes after the close
    apply_theme(app, DARK)
    window = make_window(data_dir, start_engine)
    window.closed.connect(lambda sentence: _farewell(app, sentence))
    window.show()
    with_interrupts = _listen_to_interrupts(window)
    code = app.exec()
    with_interrupts.stop()
    return code


def make_window(data_dir: Path, start_engine: Callable[[], None]) -> MainWindow:
    """The window, listening; tests use it without a program around it."""
    client = EngineClient(data_dir / "run")
    settings = QSettings(str(data_dir / "config" / "desk.ini"), QSettings.Format.IniFormat)
    window = MainWindow(client, settings)
    client.setParent(window)
    client.not_found.connect(start_engine)
    client.start()
    return window


def _farewell(app: QApplication, sentence: str) -> None:
    print(sentence)  # noqa: T201  whoever started it from a terminal reads it there
    can_notify = QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()
    if can_notify and not app.windowIcon().isNull():
        tray = QSystemTrayIcon(app.windowIcon(), app)
        tray.show()
        tray.showMessage("NVR", sentence)
        QTimer.singleShot(1_000, app.quit)
    else:
        app.quit()


def _listen_to_interrupts(window: MainWindow) -> QTimer:
    """Ctrl+C closes the window: Python sees signals only while it runs, so let it run at times."""
    signal.signal(signal.SIGINT, lambda *_: window.close())
    signal.signal(signal.SIGTERM, lambda *_: window.close())
    timer = QTimer(window)
    timer.timeout.connect(lambda: None)
    timer.start(_SIGNAL_POLL_MS)
    return timer
