"""Words of the timeline: what lies at a moment, and why nothing does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, QDate, QLocale

from nvr_app.contract.api import Span
from nvr_app.contract.timebase import US_PER_S
from ui.timeline.rows import Lane, Row, spans_at
from ui.timeline.zone import Zone

_MINUTE_S, _HOUR_S = 60, 3600
_MOST_NAMES = 4


def clock_of(wall_us: int, zone: Zone) -> str:
    """10:02:07; with the zone's letters in an hour that comes twice."""
    text = zone.local(wall_us).strftime("%H:%M:%S")
    return f"{text} {zone.abbreviation(wall_us)}" if zone.is_ambiguous(wall_us) else text


def date_of(wall_us: int, zone: Zone) -> str:
    """Mon 23 Nov"""
    local = zone.local(wall_us)
    return QLocale().toString(QDate(local.year, local.month, local.day), "ddd d MMM")


def length_text(duration_us: int) -> str:
    """45 s, 2 min 40 s, 1 h 5 min."""
    seconds = round(max(0, duration_us) / US_PER_S)
    minutes, rest = divmod(seconds, _MINUTE_S)
    if seconds < _MINUTE_S:
        return _translate("{} s").format(seconds)
    if seconds < _HOUR_S:
        whole = _translate("{} min").format(minutes)
        return _translate("{} min {} s").format(minutes, rest) if rest else whole
    return _translate("{} h {} min").format(minutes // 60, minutes % 60)


def reason_text(reason: str) -> str:
    """Why nothing was recorded, in a few words; an unknown reason stands for itself."""
    return {
        "": _translate("not recorded since"),
        "engine_stopped": _translate("the recorder was stopped"),
        "camera_lost": _translate("camera lost"),
        "refused": _translate("camera refused the login"),
        "paused": _translate("camera was paused"),
        "storage": _translate("storage could not be written"),
        "unknown": _translate("reason not known"),
    }.get(reason, reason)


def gap_sentence(span: Span, zone: Zone) -> str:
    """Why a stretch is empty: no recording 10:02:00 to 10:07:10 (camera lost)."""
    start = clock_of(span.start_wall_us, zone)
    if not span.what:
        return _translate("no recording since {}").format(start)
    return _translate("no recording {start} to {end} ({reason})").format(
        start=start, end=clock_of(span.end_wall_us, zone), reason=reason_text(span.what)
    )


def lines_at(row: Row, wall_us: int, tolerance_us: int, zone: Zone) -> tuple[str, ...]:
    """What one camera's row has to tell of a moment, a line each."""
    lines = [gap_sentence(span, zone) for span in spans_at(row.of(Lane.GAP), wall_us, 0)]
    if not lines and not spans_at(row.of(Lane.RECORDED), wall_us, tolerance_us):
        lines.append(_translate("nothing recorded"))
    if any(span.what == "card" for span in spans_at(row.of(Lane.RECORDED), wall_us, tolerance_us)):
        lines.append(_translate("from the camera's card"))
    kinds = (
        (Lane.BOOKMARK, _translate("bookmark: {}")),
        (Lane.PROTECTED, _translate("protected: {}")),
        (Lane.ALERT, _translate("alert: {}")),
        (Lane.EVENT, "{}"),
    )
    for lane, template in kinds:
        found = spans_at(row.of(lane), wall_us, tolerance_us)
        names = list(dict.fromkeys(span.what for span in found if span.what))
        lines += [template.format(name) for name in names[:_MOST_NAMES]]
        if len(names) > _MOST_NAMES:
            lines.append(_translate("and {} more").format(len(names) - _MOST_NAMES))
    if spans_at(row.of(Lane.MOTION), wall_us, tolerance_us):
        lines.append(_translate("motion"))
    return tuple(lines)


def all_lines_at(
    rows: Sequence[Row],
    wall_us: int,
    tolerance_us: int,
    zone: Zone,
    name_of: Callable[[str], str],
) -> tuple[str, ...]:
    """The same of all cameras: how many record, and whose row has something to tell."""
    recording = [row for row in rows if spans_at(row.of(Lane.RECORDED), wall_us, tolerance_us)]
    lines = [_translate("{} of {} cameras recorded").format(len(recording), len(rows))]
    quiet = {_translate("nothing recorded"), _translate("motion")}
    for row in rows:
        told = [line for line in lines_at(row, wall_us, tolerance_us, zone) if line not in quiet]
        if told:
            lines.append(f"{name_of(row.camera_id)}: {', '.join(told)}")
    if len(lines) > _MOST_NAMES + 1:
        more = len(lines) - _MOST_NAMES - 1
        lines = [*lines[: _MOST_NAMES + 1], _translate("and {} more").format(more)]
    return tuple(lines)


def lane_names() -> tuple[tuple[Lane, str], ...]:
    """The legend."""
    return (
        (Lane.RECORDED, _translate("recorded")),
        (Lane.MOTION, _translate("motion")),
        (Lane.EVENT, _translate("event")),
        (Lane.ALERT, _translate("alert")),
        (Lane.BOOKMARK, _translate("bookmark")),
        (Lane.PROTECTED, _translate("protected")),
        (Lane.GAP, _translate("gap")),
    )


def _translate(text: str) -> str:
    return QCoreApplication.translate("Timeline", text)
