"""Design tokens: the names every widget uses; a theme maps them to values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Colours as #rrggbb; contrast of text on its grounds is tested to be at least 4.5:1."""

    background: str
    panel: str
    raised: str
    hover: str
    line: str
    text: str
    text_secondary: str
    text_hint: str
    """For hints alone, never for facts."""
    accent: str
    on_accent: str
    ok: str
    warn: str
    critical: str
    event: str
    protected: str
    bookmark: str
    recorded: str
    motion: str
    wall: str
    """Between and behind the pictures."""


DARK = Palette(
    background="#0d1014",
    panel="#13181e",
    raised="#1a2028",
    hover="#232b35",
    line="#2a333e",
    text="#e7ecf2",
    text_secondary="#9aa6b4",
    text_hint="#626e7b",
    accent="#4da3ff",
    on_accent="#0d1014",
    ok="#41b883",
    warn="#f0b445",
    critical="#ff5c5c",
    event="#3fb0c9",
    protected="#b18cff",
    bookmark="#f0d445",
    recorded="#2f5d7c",
    motion="#3f8fb8",
    wall="#000000",
)

# Space in steps of four device-independent pixels.
SPACE_1, SPACE_2, SPACE_3, SPACE_4, SPACE_6 = 4, 8, 12, 16, 24
RADIUS_CARD, RADIUS_BOX = 6, 2
WALL_GAP = 2
TARGET_MIN = 28
"""Smallest side of anything to click or touch."""

FONT_BASE, FONT_LABEL, FONT_SECTION, FONT_STATUS = 13, 11, 15, 12
FONT_WALL_MIN, FONT_WALL_MAX = 13, 18

TOP_BAR_HEIGHT, STATUS_BAR_HEIGHT = 44, 28
TREE_WIDTH, EVENTS_WIDTH = 216, 348
TIMELINE_LIVE_HEIGHT, TIMELINE_PLAYBACK_HEIGHT = 132, 236
