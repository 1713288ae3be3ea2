"""What a desk remembers, and how it goes: two windows one after the other on one file."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize, Qt


@pytest.fixture
def ready(qtbot, open_window, engine):
    """Factory of windows that show both cameras."""

    def make(**options):
        made = open_window(engine.folder.root, **options)
        qtbot.waitUntil(lambda: len(made._cameras) == 2 and made.recording == 2)
        return made

    return make


def close(qtbot, window):
    with qtbot.waitSignal(window.closed) as told:
        window.close()
    return told.args[0]


def test_layout_panels_size_and_widths_are_as_they_were(qtbot, ready):
    first = ready(size=(1300, 740))
    first.wall.set_layout("4x2")
    first._docks[0].hide()
    first.resizeDocks([first._docks[1]], [420], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: first._docks[1].width() == 420)
    close(qtbot, first)
    second = ready(size=None)
    assert second.wall.layout_name == "4x2"
    assert second.top_bar._layouts.text() == "Layout: 8 as 4 by 2"
    assert [dock.isHidden() for dock in second._docks] == [True, False]
    assert second.size() == QSize(1300, 740)
    assert second._docks[1].width() == 420


def test_a_window_closed_in_full_screen_comes_back_with_its_panels(qtbot, ready):
    first = ready()
    first._docks[0].hide()
    first.toggle_full_screen()
    close(qtbot, first)
    second = ready(size=None)
    assert not second.isFullScreen()
    assert not second.top_bar.isHidden()
    assert [dock.isHidden() for dock in second._docks] == [True, False]


def test_events_in_a_window_of_their_own_have_a_title_to_hold_them_by(qtbot, ready):
    def floating(window):
        (found,) = [a for a in window.top_bar.menu.actions() if "of their own" in a.text()]
        return found

    first = ready()
    assert first._docks[1].titleBarWidget() is not None
    floating(first).trigger()
    assert first._docks[1].isFloating()
    assert first._docks[1].titleBarWidget() is None
    close(qtbot, first)
    second = ready(size=None)
    assert second._docks[1].isFloating()
    assert second._docks[1].titleBarWidget() is None
    assert floating(second).isChecked()
    floating(second).trigger()
    assert not second._docks[1].isFloating()
    assert second._docks[1].titleBarWidget() is not None


def test_the_first_window_is_no_larger_than_the_screen(ready):
    window = ready(size=None)
    room = window.screen().availableGeometry().size()
    assert window.width() <= room.width()
    assert window.height() <= room.height()


def test_closing_says_what_goes_on_and_the_engine_records_on(qtbot, ready, engine):
    window = ready()
    before = {camera: engine.recorded_bytes(camera) for camera in "ab"}
    window.close()
    assert window.isVisible()  # for a moment: the sentence is to be read
    assert window._banner.isVisible()
    assert window._banner.text() == "Recording goes on: 2 of 2 cameras."
    sentence = close(qtbot, window)
    assert sentence == "Recording goes on: 2 of 2 cameras."
    assert not window.isVisible()
    assert not window._client.is_connected
    assert engine.recording() == 2
    engine.until(
        lambda: all(engine.recorded_bytes(camera) > before[camera] for camera in "ab"),
        "both recordings to grow",
    )


def test_closing_without_an_engine_claims_nothing(qtbot, open_window, tmp_path):
    window = open_window(tmp_path)
    assert close(qtbot, window) == "The engine is not reachable from this window."


def test_a_first_look_without_an_engine_has_one_started_once(qtbot, tmp_path, theme):
    from ui.app import make_window

    asked = []
    window = make_window(tmp_path, lambda: asked.append(1))
    window.show()
    try:
        qtbot.waitUntil(lambda: len(asked) == 1)
        assert window.status_bar._recording.text() == "Engine not reachable"
        qtbot.wait(1_700)  # two more looks
        assert asked == [1]
        assert close(qtbot, window) == "The engine is not reachable from this window."
    finally:
        window.deleteLater()
    assert (tmp_path / "config" / "desk.ini").exists()
