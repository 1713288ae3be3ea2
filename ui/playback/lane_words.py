"""What a tile says where there is no picture of the past. Pure."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from ui.playback.goal import LaneKind, LaneState
from ui.playback.keys import KEYS, Do
from ui.timeline.words import clock_of, reason_text
from ui.timeline.zone import Zone
from ui.wall.words import TileWords


def lane_words(state: LaneState, zone: Zone) -> TileWords | None:
    """None while there are pictures, or soon will be."""
    match state.kind:
        case LaneKind.GAP:
            return _gap_words(state, zone)
        case LaneKind.EDGE:
            since = _clock(state.start_us, zone)
            lines = (_translate("nothing after {}").format(since),) if since else ()
            return TileWords(_translate("Nothing recorded yet"), lines)
        case LaneKind.DAMAGED:
            line = _translate("{start} to {end} cannot be shown whole").format(
                start=_clock(state.start_us, zone), end=_clock(state.end_us, zone)
            )
            return TileWords(_translate("Damaged footage"), (line,))
        case LaneKind.FAILED:
            return TileWords(_translate("Footage not available"), (state.reason,))
        case _:
            return None


def _gap_words(state: LaneState, zone: Zone) -> TileWords:
    start, end = _clock(state.start_us, zone), _clock(state.end_us, zone)
    reason = f" · {reason_text(state.reason)}" if state.reason else ""
    if start and end:
        line = _translate("{start} to {end}").format(start=start, end=end) + reason
    elif end:
        line = _translate("nothing before {}").format(end) + reason
    else:
        line = _translate("nothing after {}").format(start) + reason
    lines = [line]
    if end:
        key = KEYS[Do.FOOTAGE_ON][0]
        lines.append(_translate("Next footage ({})").format(key))
    return TileWords(_translate("No recording"), tuple(lines))


def _clock(wall_us: int | None, zone: Zone) -> str:
    return clock_of(wall_us, zone) if wall_us is not None else ""


def _translate(text: str) -> str:
    return QCoreApplication.translate("Playback", text)
