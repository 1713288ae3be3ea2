"""The look, measured: contrast, sizes, names; and nothing that only the eye can tell."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
)

from ui.theme.style import style_sheet
from ui.theme.tokens import DARK, TARGET_MIN

UI = Path(__file__).parents[2] / "ui"
GROUNDS = ("background", "panel", "raised", "hover", "wall")
INKS = ("text", "text_secondary", "accent", "ok", "warn", "critical", "event")


def luminance(name):
    parts = QColor(name).getRgbF()[:3]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_measure_itself():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("ink", INKS)
def test_text_on_every_ground_has_contrast(ink, ground):
    assert contrast(getattr(DARK, ink), getattr(DARK, ground)) >= 4.5


@pytest.mark.parametrize("ground", ["accent", "event", "warn", "ok", "text"])
def test_dark_text_on_colour_has_contrast(ground):
    assert contrast(DARK.on_accent, getattr(DARK, ground)) >= 4.5


@pytest.mark.parametrize("lane", ["motion", "event", "critical", "protected", "bookmark"])
def test_what_lies_on_the_timeline_stands_out_from_its_ground(lane):
    assert contrast(getattr(DARK, lane), DARK.background) >= 3


def test_recorded_time_stands_out_from_the_ground_and_motion_from_recorded():
    assert contrast(DARK.recorded, DARK.background) >= 2.5
    assert contrast(DARK.motion, DARK.recorded) >= 1.5


def test_hints_are_readable_though_they_are_no_facts():
    assert contrast(DARK.text_hint, DARK.panel) >= 3


def test_everything_to_click_is_large_enough(window, qtbot):
    small, seen = [], 0
    for page in range(3):
        window.show_page(page)
        qtbot.wait(50)
        for kind in (QAbstractButton, QComboBox, QLineEdit):
            targets = [
                target
                for target in window.findChildren(kind)
                if target.isVisible() and not isinstance(target.parent(), QLineEdit)
            ]
            seen += len(targets)
            small += [
                (type(target).__name__, target.objectName(), target.size().toTuple())
                for target in targets
                if min(target.size().toTuple()) < TARGET_MIN
            ]
    assert seen >= 3 * 6 + 4  # bars and panels on each page, choices and a button on one
    assert small == []
    tree = window.tree.view
    first = tree.model().index(0, 0, tree.model().index(0, 0))
    assert tree.visualRect(first).height() >= TARGET_MIN
    assert window.events_page.table.verticalHeader().defaultSectionSize() >= TARGET_MIN
    menu = window.top_bar.menu
    menu.ensurePolished()
    assert all(
        menu.actionGeometry(action).height() >= TARGET_MIN
        for action in menu.actions()
        if not action.isSeparator()
    )


def test_everything_with_a_focus_has_a_name_or_a_text(window):
    nameless = [
        (type(widget).__name__, widget.objectName())
        for kind in (QAbstractButton, QComboBox, QLineEdit, QAbstractItemView)
        for widget in window.findChildren(kind)
        if widget.isVisibleTo(window)
        and not widget.accessibleName()
        and not (isinstance(widget, QAbstractButton) and (widget.text() or widget.toolTip()))
        and not widget.objectName().startswith("qt_")
        and not isinstance(widget.parent(), QLineEdit | QComboBox)
    ]
    assert nameless == []
    assert window.wall.accessibleName() == "Live wall"


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (2560, 1440)])
def test_nothing_is_cut_off_at_the_usual_sizes(open_window, engine, qtbot, size):
    window = open_window(engine.folder.root, size=size)
    qtbot.waitUntil(lambda: window.recording == 2)
    assert window.size().toTuple() == size
    for button in window.top_bar.findChildren(QAbstractButton):
        assert button.width() >= QFontMetrics(button.font()).horizontalAdvance(button.text())
    window.show_page(1)
    qtbot.waitUntil(window.events_page.table.isVisible)
    header = window.events_page.table.horizontalHeader()
    model = window.events_page.model

    def has_room():
        from PySide6.QtCore import Qt

        return all(
            header.sectionSize(column)
            > QFontMetrics(header.font()).horizontalAdvance(
                model.headerData(column, Qt.Orientation.Horizontal)
            )
            for column in range(5)
        )

    qtbot.waitUntil(has_room)
    assert window.events_page.table.columnWidth(1) >= 100


def test_the_whole_program_wears_the_style(theme):
    app = QApplication.instance()
    assert app.styleSheet() == style_sheet(DARK)
    assert app.palette().window().color().name() == DARK.background
    assert app.font().pixelSize() == 13


def modules():
    return sorted(UI.rglob("*.py"))


def test_nothing_here_imports_the_engine():
    wrong = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            wrong += [
                (path.name, name)
                for name in names
                if name.partition(".")[0] in {"engine", "cv2", "duckdb", "onnxruntime"}
            ]
    assert len(modules()) > 40
    assert wrong == []


SHOWS_TEXT = {
    "setText", "setToolTip", "setWindowTitle", "setPlaceholderText", "setAccessibleName",
    "addItem", "show_message", "setTitle",
}  # fmt: skip


def test_every_sentence_goes_through_tr():
    """A literal with letters in it, given straight to something that shows it, cannot be told
    in another language."""
    bare = [
        (path.name, call.lineno, argument.value)
        for path in modules()
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in SHOWS_TEXT
        and not (call.func.attr == "setText" and len(call.args) > 1)  # a picture file's field
        for argument in call.args
        if isinstance(argument, ast.Constant)
        and isinstance(argument.value, str)
        and any(letter.isalpha() for letter in argument.value)
    ]
    assert bare == []


def test_colours_stand_in_the_theme_alone():
    found = [
        (path.name, node.value)
        for path in modules()
        if path.parent.name != "theme"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        and node.value.startswith("#") and len(node.value) in {4, 7, 9}
    ]  # fmt: skip
    assert found == []
