"""From tokens to Qt: style sheet and palette. The only place where either is written."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from ui.theme.tokens import (
    FONT_BASE,
    FONT_LABEL,
    FONT_SECTION,
    FONT_STATUS,
    RADIUS_CARD,
    SPACE_1,
    SPACE_2,
    SPACE_3,
    SPACE_6,
    TARGET_MIN,
    Palette,
)


def apply_theme(app: QApplication, palette: Palette) -> None:
    """Give the whole program these colours, and figures that stand in columns."""
    app.setStyle("Fusion")
    font = QFont(app.font())
    font.setPixelSize(FONT_BASE)
    font.setFeature(QFont.Tag("tnum"), 1)
    app.setFont(font)
    app.setPalette(_qt_palette(palette))
    app.setStyleSheet(style_sheet(palette))


def _qt_palette(tokens: Palette) -> QPalette:
    roles = {
        QPalette.ColorRole.Window: tokens.background,
        QPalette.ColorRole.WindowText: tokens.text,
        QPalette.ColorRole.Base: tokens.panel,
        QPalette.ColorRole.AlternateBase: tokens.raised,
        QPalette.ColorRole.Text: tokens.text,
        QPalette.ColorRole.Button: tokens.raised,
        QPalette.ColorRole.ButtonText: tokens.text,
        QPalette.ColorRole.Highlight: tokens.accent,
        QPalette.ColorRole.HighlightedText: tokens.on_accent,
        QPalette.ColorRole.PlaceholderText: tokens.text_hint,
        QPalette.ColorRole.ToolTipBase: tokens.raised,
        QPalette.ColorRole.ToolTipText: tokens.text,
        QPalette.ColorRole.Link: tokens.accent,
    }
    made = QPalette()
    for role, colour in roles.items():
        made.setColor(role, QColor(colour))
    made.setColor(
        QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText, QColor(tokens.text_hint)
    )
    return made


def style_sheet(t: Palette) -> str:
    """Rules for the shell; the wall paints itself."""
    return f"""
QMainWindow, QDialog {{ background: {t.background}; }}
QWidget#topBar {{ background: {t.panel}; border-bottom: 1px solid {t.line}; }}
QWidget#statusBar {{ background: {t.panel}; border-top: 1px solid {t.line}; }}
QWidget#statusBar QLabel {{ font-size: {FONT_STATUS}px; color: {t.text_secondary}; }}
QWidget#statusBar QLabel[tone="text"] {{ color: {t.text}; font-weight: 600; }}
QWidget#statusBar QLabel[tone="warn"] {{ color: {t.warn}; }}
QWidget#statusBar QLabel[tone="critical"] {{ color: {t.critical}; font-weight: 600; }}
QWidget#timelinePanel {{ background: {t.panel}; border-top: 1px solid {t.line}; }}
QWidget#hoverCard {{ background: {t.raised}; border: 1px solid {t.line}; }}
QLabel#hoverTime {{ font-weight: 600; }}
QWidget#beside {{ border-left: 1px solid {t.line}; background: {t.panel}; }}
QLabel#fault {{ color: {t.critical}; }}
QToolButton[state="on"], QPushButton[state="on"] {{ background: {t.accent};
    color: {t.on_accent}; border: 1px solid {t.accent}; }}
QToolButton[state="live"] {{ color: {t.ok}; border: 1px solid {t.ok}; font-weight: 600; }}
QToolButton:disabled {{ color: {t.text_hint}; }}
QToolButton#moment {{ background: transparent; border: 1px solid transparent;
    font-size: {FONT_SECTION}px; }}
QToolButton#moment:hover {{ background: {t.hover}; }}
QWidget#panel, QWidget#page {{ background: {t.panel}; }}
QWidget#page {{ background: {t.background}; }}
QWidget#card {{ background: {t.panel}; border: 1px solid {t.line};
    border-radius: {RADIUS_CARD}px; }}
QLabel#product {{ font-weight: 700; }}
QLabel#clock {{ font-size: {FONT_SECTION}px; }}
QLabel#heading {{ font-size: {FONT_SECTION}px; font-weight: 600; }}
QLabel#hint {{ color: {t.text_secondary}; }}
QLabel#sectionName {{ color: {t.text_secondary}; font-size: {FONT_LABEL}px; font-weight: 600; }}
QLabel#banner {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line};
    border-radius: {RADIUS_CARD}px; padding: {SPACE_3}px; font-size: {FONT_SECTION}px; }}
QPushButton, QToolButton, QComboBox {{ background: {t.raised}; color: {t.text};
    border: 1px solid {t.line}; border-radius: {RADIUS_CARD}px;
    padding: 0 {SPACE_3}px; min-height: {TARGET_MIN - 2}px; }}
QPushButton:hover, QToolButton:hover, QComboBox:hover {{ background: {t.hover}; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus, QLineEdit:focus {{
    border: 2px solid {t.accent}; }}
QPushButton:disabled {{ color: {t.text_hint}; }}
QToolButton#section {{ background: transparent; border: 1px solid transparent; }}
QToolButton#section:hover {{ background: {t.hover}; }}
QToolButton#section:checked {{ background: {t.hover}; color: {t.text}; font-weight: 600; }}
QToolButton#section:focus {{ border: 2px solid {t.accent}; }}
QToolButton::menu-indicator {{ image: none; width: 0; }}
QComboBox::drop-down {{ border: none; width: {SPACE_6}px; }}
QComboBox QAbstractItemView {{ background: {t.raised}; border: 1px solid {t.line};
    selection-background-color: {t.hover}; selection-color: {t.text}; }}
QCheckBox {{ spacing: {SPACE_2}px; min-height: {TARGET_MIN}px; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {t.text_secondary};
    border-radius: 3px; background: {t.background}; }}
QCheckBox::indicator:checked {{ background: {t.accent}; border: 3px solid {t.background}; }}
QCheckBox:focus {{ color: {t.accent}; }}
QPushButton#primary {{ background: {t.accent}; color: {t.on_accent}; border: none;
    min-height: {TARGET_MIN}px; }}
QLabel[verdict="good"] {{ color: {t.ok}; font-weight: 600; }}
QLabel[verdict="bad"] {{ color: {t.critical}; font-weight: 600; }}
QListView::indicator {{ width: 14px; height: 14px; border: 1px solid {t.text_secondary};
    border-radius: 3px; background: {t.background}; }}
QListView::indicator:checked {{ background: {t.accent}; border: 3px solid {t.background}; }}
QListView::item {{ min-height: {TARGET_MIN}px; }}
QProgressBar {{ background: {t.background}; border: 1px solid {t.line};
    border-radius: {RADIUS_CARD}px; max-height: {SPACE_2}px; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: {RADIUS_CARD}px; }}
QDateTimeEdit {{ background: {t.background}; color: {t.text}; border: 1px solid {t.line};
    border-radius: {RADIUS_CARD}px; padding: 0 {SPACE_2}px; min-height: {TARGET_MIN}px; }}
QDateTimeEdit:focus {{ border: 2px solid {t.accent}; }}
QDateTimeEdit::up-button, QDateTimeEdit::down-button {{ width: 0; border: none; }}
QLineEdit {{ background: {t.background}; color: {t.text}; border: 1px solid {t.line};
    border-radius: {RADIUS_CARD}px; padding: 0 {SPACE_2}px; min-height: {TARGET_MIN}px;
    selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
QTreeView, QListView, QTableView {{ background: {t.panel}; color: {t.text}; border: none;
    outline: none; selection-background-color: {t.hover}; selection-color: {t.text}; }}
QTableView {{ gridline-color: {t.line}; alternate-background-color: {t.raised}; }}
QTableView::item {{ padding: 0 {SPACE_2}px; }}
QTreeView::branch {{ background: {t.panel}; image: none; }}
QHeaderView::section {{ background: {t.panel}; color: {t.text_secondary}; border: none;
    border-bottom: 1px solid {t.line}; padding: {SPACE_1}px {SPACE_2}px; font-weight: 600; }}
QTableCornerButton::section {{ background: {t.panel}; border: none; }}
QDockWidget {{ color: {t.text_secondary}; font-size: {FONT_LABEL}px; }}
QDockWidget::title {{ background: {t.panel}; padding: {SPACE_1}px {SPACE_3}px; }}
QMainWindow::separator {{ background: {t.line}; width: 1px; height: 1px; }}
QMenu {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line};
    padding: {SPACE_1}px; }}
QMenu::item {{ padding: {SPACE_1}px {SPACE_3}px; min-height: {TARGET_MIN - 8}px; }}
QMenu::item:selected {{ background: {t.hover}; }}
QMenu::separator {{ height: 1px; background: {t.line}; margin: {SPACE_1}px; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line};
    padding: {SPACE_1}px; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {t.line}; border-radius: 4px; min-height: 28px; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle:horizontal {{ background: {t.line}; border-radius: 4px; min-width: 28px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""
