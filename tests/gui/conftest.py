"""GUI tests run without a screen, and not at all where PySide6 is missing.

Any warning of Qt's fails the test that caused it.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from nvr_app.contract.config import CameraSettings
from tests.support.patience import PATIENCE_S

_HERE = Path(__file__).parent
# A screen as desks have it: the platform's own, of 800 by 800, is smaller than the window.
if os.environ.get("QT_QPA_PLATFORM", "offscreen") == "offscreen":
    screen = os.path.relpath(_HERE / "screen.json")
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={screen}"
_NO_SCREEN = r"This plugin does not support (propagateSizeHints|raise)\(\)"
"""What the platform without a screen says of every window; true and harmless."""
_PATIENCE_MS = int(PATIENCE_S * 1000)


def _has_qt() -> bool:
    if os.environ.get("NVR_TEST_WITHOUT_QT"):
        return False
    return importlib.util.find_spec("PySide6") is not None


collect_ignore_glob = [] if _has_qt() else ["test_*.py"]


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.gui)
            # pytest-qt takes the closest marker: one at a test still has the last word.
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"), append=True)
            item.add_marker(pytest.mark.qt_log_ignore(_NO_SCREEN, extend=True))


@pytest.fixture
def qtbot(qapp, request):
    """The plugin's, with the patience that a busy machine asks for."""
    from pytestqt.qtbot import QtBot

    class PatientBot(QtBot):
        def waitUntil(self, callback, *, timeout=_PATIENCE_MS):
            super().waitUntil(callback, timeout=timeout)

        def waitSignal(self, signal, *, timeout=_PATIENCE_MS, **options):
            return super().waitSignal(signal, timeout=timeout, **options)

        def waitExposed(self, widget, *, timeout=_PATIENCE_MS):
            return super().waitExposed(widget, timeout=timeout)

    return PatientBot(request)


@pytest.fixture(scope="session")
def two_cameras(clip):
    """`a` and `b`, at the gate and in the yard, simulated from the clip."""
    return (
        CameraSettings(
            id="a", name="Door", location="Gate", kind="sim", main=str(clip), sub=str(clip),
            motion=False,
        ),
        CameraSettings(
            id="b", name="Ramp", location="Yard", kind="sim", main=str(clip), sub=str(clip),
            motion=False,
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def own_engine(tmp_path_factory, two_cameras):
    """A running engine of this module's own, which its tests may torment."""
    from tests.support.engine_process import Engine

    engine = Engine(tmp_path_factory.mktemp("own") / "data", two_cameras)
    try:
        engine.start()
        engine.until(lambda: engine.recording() == 2, "both cameras to record")
        yield engine
    finally:
        engine.close()


@pytest.fixture(scope="session")
def engine(tmp_path_factory, two_cameras):
    """A running engine that all modules share; no test may stop it or change its settings."""
    from tests.support.engine_process import Engine

    engine = Engine(tmp_path_factory.mktemp("desk") / "data", two_cameras)
    try:
        engine.start()
        engine.until(lambda: engine.recording() == 2, "both cameras to record")
        yield engine
    finally:
        engine.close()


@pytest.fixture(scope="session")
def teller(engine):
    """A worker of this test's own: what it tells the engine is journalled and announced."""
    from tests.support.fact_teller import FactTeller

    teller = FactTeller(engine.folder.root)
    try:
        teller.start()
        yield teller
    finally:
        teller.close()


@pytest.fixture
def theme(qapp):
    """The program's look, for the tests that need it: minimum sizes come from there."""
    from ui.theme.style import apply_theme
    from ui.theme.tokens import DARK

    apply_theme(qapp, DARK)
    yield DARK
    qapp.setStyleSheet("")


@pytest.fixture
def settings_path(tmp_path):
    return tmp_path / "desk.ini"


@pytest.fixture
def open_window(qtbot, settings_path, theme):
    """Factory of windows on a data folder; all remember in one file."""
    from PySide6.QtCore import QSettings

    from ui.client.engine_client import EngineClient
    from ui.shell.main_window import MainWindow

    opened = []

    def make(data_root, *, size=(1366, 768)):
        client = EngineClient(data_root / "run")
        settings = QSettings(str(settings_path), QSettings.Format.IniFormat)
        window = MainWindow(client, settings)
        client.setParent(window)
        opened.append((window, client))
        if size is not None:
            window.resize(*size)
        with qtbot.waitExposed(window):
            window.show()
        client.start()
        return window

    yield make
    for window, client in opened:
        client.stop()
        window.playback.shutdown()
        window.wall.shutdown()
        window.hide()
        window.deleteLater()


@pytest.fixture
def window(qtbot, open_window, engine):
    """A window that has heard of both cameras."""
    made = open_window(engine.folder.root)
    qtbot.waitUntil(lambda: {place.camera_id for place in made.wall.places()} >= {"a", "b"})
    return made
