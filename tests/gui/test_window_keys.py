"""Keys of the window, and the tool tips that name them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton

from ui.wall.layouts import LAYOUTS

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def press(window, qtbot):
    window.activateWindow()
    window.wall.setFocus()
    qtbot.waitUntil(window.isActiveWindow)

    def press(key, modifier=Qt.KeyboardModifier.NoModifier):
        # Shortcuts are looked up from the widget that has the focus, as a person's keys are.
        QTest.keyClick(window.focusWidget() or window, key, modifier)

    return press


def test_f9_and_f10_hide_the_panels_and_bring_them_back(window, press, qtbot):
    tree, events = window._docks
    for dock, key in ((tree, Qt.Key.Key_F9), (events, Qt.Key.Key_F10)):
        width = window.wall.width()
        press(key)
        assert dock.isHidden()
        qtbot.waitUntil(lambda width=width: window.wall.width() > width)
        press(key)
        assert not dock.isHidden()
        qtbot.waitUntil(lambda width=width: window.wall.width() == width)


def test_f2_f3_f4_show_the_pages(window, press):
    shown = []
    for key in (Qt.Key.Key_F3, Qt.Key.Key_F4, Qt.Key.Key_F2):
        press(key)
        shown.append(window.pages.currentWidget())
    assert shown == [window.events_page, window.system_page, window.wall]


def test_tool_tips_of_the_sections_name_their_keys(window):
    tips = [button.toolTip() for button in window.top_bar._sections]
    assert tips == ["Live (F2)", "Playback (F5)", "Events (F3)", "System (F4)", "Evidence (F6)"]


def test_every_button_has_a_tool_tip_and_every_key_of_the_menu_is_shown(window):
    assert all(button.toolTip() for button in window.top_bar.findChildren(QToolButton))
    keys = {action.text(): action.shortcut().toString() for action in window.top_bar.menu.actions()}
    assert keys["Cameras"] == "F9"
    assert keys["Events"] == "F10"
    assert keys["Timeline"] == "F8"
    assert keys["Wall alone"] == "F11"
    assert keys["Keep the picture"] == "Alt+S"
    assert keys["Close the window"] == "Ctrl+Q"


def test_f11_leaves_the_wall_alone_and_escape_brings_the_window_back(window, press, qtbot):
    before = window.wall.width()
    press(Qt.Key.Key_F9)  # the tree was hidden before: it must stay so
    qtbot.waitUntil(lambda: window.wall.width() > before)
    width = window.wall.width()
    press(Qt.Key.Key_F11)
    qtbot.waitUntil(lambda: window.wall.size() == window.size())
    assert window.isFullScreen()
    assert window.top_bar.isHidden()
    assert window.statusBar().isHidden()
    press(Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.wall.width() == width)
    assert not window.isFullScreen()
    assert not window.top_bar.isHidden()
    assert [dock.isHidden() for dock in window._docks] == [True, False]


def test_escape_first_leaves_the_maximised_camera_then_the_full_screen(window, press):
    press(Qt.Key.Key_F11)
    window.wall.maximise("b")
    press(Qt.Key.Key_Escape)
    assert window.wall.maximised_camera == ""
    assert window.isFullScreen()
    press(Qt.Key.Key_Escape)
    assert not window.isFullScreen()


def test_a_maximised_window_is_maximised_again_after_the_full_screen(window, press, qtbot):
    window.showMaximized()
    qtbot.waitUntil(window.isMaximized)
    press(Qt.Key.Key_F11)
    press(Qt.Key.Key_F11)
    qtbot.waitUntil(lambda: window.isMaximized() and not window.isFullScreen())


def test_control_and_a_figure_choose_the_layouts_in_the_menus_order(window, press):
    chosen = []
    for number in range(len(LAYOUTS)):
        press(Qt.Key(Qt.Key.Key_1 + number), CTRL)
        chosen.append(window.wall.layout_name)
    assert chosen == [layout.name for layout in LAYOUTS]
    assert window.top_bar.layout_actions[LAYOUTS[-1].name].isChecked()
    assert window.top_bar._layouts.text() == "Layout: 16 cameras"


def test_a_layout_chosen_on_another_page_shows_the_wall(window, press):
    press(Qt.Key.Key_F4)
    press(Qt.Key.Key_2, CTRL)
    assert window.pages.currentWidget() is window.wall
    assert window.wall.layout_name == "4"


def test_control_f_goes_to_the_search_even_in_a_hidden_panel(window, press):
    press(Qt.Key.Key_F9)
    press(Qt.Key.Key_F, CTRL)
    assert not window._docks[0].isHidden()
    assert window.tree.search.hasFocus()
    assert "Ctrl+F" in window.tree.search.placeholderText()


def test_alt_s_keeps_the_picture_of_the_selected_camera(window, press, qtbot, tmp_path):
    window.wall._snapshot_folder = tmp_path / "pictures"
    window.wall.select("b")

    def is_live():
        scene = window.wall.shown_scene("b")
        return scene is not None and scene.state.is_live

    qtbot.waitUntil(is_live)
    press(Qt.Key.Key_S, ALT)
    (kept,) = (tmp_path / "pictures").rglob("*.png")
    assert window.status_bar._message.text() == f"Picture kept: {kept}"


def test_alt_s_without_a_choice_says_so(window, press):
    press(Qt.Key.Key_S, ALT)
    assert window.status_bar._message.text() == "There is no camera to take a snapshot of."
