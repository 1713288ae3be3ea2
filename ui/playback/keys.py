"""Keys of looking back: one table for shortcuts, tool tips and documents."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QCoreApplication


class Do(Enum):
    """What a key or a button asks for."""

    PLAY = "play"
    BACKWARDS = "backwards"
    SLOWER = "slower"
    FASTER = "faster"
    FRAME_BACK = "frame back"
    FRAME_ON = "frame on"
    EVENT_BACK = "event back"
    EVENT_ON = "event on"
    FOOTAGE_ON = "footage on"
    GO_TO = "go to"
    LIVE = "live"
    ALONE = "alone"
    SOUND = "sound"
    MARK_START = "mark start"
    MARK_END = "mark end"
    BOOKMARK = "bookmark"
    PROTECT = "protect"
    MARKS = "marks"
    EXPORT = "export"


KEYS: dict[Do, tuple[str, ...]] = {
    Do.PLAY: ("Space",),
    Do.BACKWARDS: ("J",),
    Do.SLOWER: ("-",),
    Do.FASTER: ("+", "K"),
    Do.FRAME_BACK: ("Ctrl+Left", ","),
    Do.FRAME_ON: ("Ctrl+Right", "."),
    Do.EVENT_BACK: ("P",),
    Do.EVENT_ON: ("N",),
    Do.FOOTAGE_ON: ("Shift+N",),
    Do.GO_TO: ("Ctrl+G",),
    Do.LIVE: ("L",),
    Do.ALONE: ("A",),
    Do.SOUND: ("U",),
    Do.MARK_START: ("[",),
    Do.MARK_END: ("]",),
    Do.BOOKMARK: ("Ctrl+B",),
    Do.PROTECT: ("Ctrl+P",),
    Do.MARKS: ("M",),
    Do.EXPORT: ("Ctrl+E",),
}


def title_of(do: Do) -> str:
    """What it does, for people."""
    return {
        Do.PLAY: _translate("Play or pause"),
        Do.BACKWARDS: _translate("Play backwards"),
        Do.SLOWER: _translate("Slower"),
        Do.FASTER: _translate("Faster"),
        Do.FRAME_BACK: _translate("Previous picture"),
        Do.FRAME_ON: _translate("Next picture"),
        Do.EVENT_BACK: _translate("Previous event"),
        Do.EVENT_ON: _translate("Next event"),
        Do.FOOTAGE_ON: _translate("Next footage"),
        Do.GO_TO: _translate("Go to a time"),
        Do.LIVE: _translate("Back to live"),
        Do.ALONE: _translate("Look back on this tile alone"),
        Do.SOUND: _translate("Sound of the chosen camera"),
        Do.MARK_START: _translate("The range begins here"),
        Do.MARK_END: _translate("The range ends here"),
        Do.BOOKMARK: _translate("Bookmark the range, or this moment"),
        Do.PROTECT: _translate("Protect the range from deletion"),
        Do.MARKS: _translate("Bookmarks and protected footage"),
        Do.EXPORT: _translate("Export the range"),
    }[do]


def hint_of(do: Do) -> str:
    """For tool tips: what it does, with its keys."""
    return f"{title_of(do)} ({', '.join(KEYS[do])})"


def _translate(text: str) -> str:
    return QCoreApplication.translate("Playback", text)
