"""A moment as a person types it. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from PySide6.QtCore import QCoreApplication

from ui.timeline.zone import Zone

_SHAPE = re.compile(
    r"(?:(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})[ T]+)?"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,3}))?)?"
    r"(?: +(?P<zone>[A-Za-z+\-0-9:]+))?"
)


def parse_when(text: str, zone: Zone, now_us: int) -> int:
    """Wall time of "10:02", "10:02:11.5", "2026-10-25 02:30 CET"; without a date the latest past.

    ValueError: a sentence for people. In an hour that comes twice the zone's letters choose;
    without them the earlier one is meant.
    """
    found = _SHAPE.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            _translate("“{}” is no time: write 10:02, 10:02:11 or 2026-10-25 10:02").format(text)
        )
    local = _local_of(found, text, zone, now_us)
    moments = zone.moments(local)
    if not moments and found["year"] is None:
        moments = zone.moments(local - timedelta(days=1))
    if not moments:
        raise ValueError(
            _translate("No clock showed {} here: clocks were put forward").format(
                local.strftime("%Y-%m-%d %H:%M:%S")
            )
        )
    moment = _chosen(moments, found["zone"], zone)
    if moment > now_us:
        raise ValueError(_translate("{} is still to come").format(text.strip()))
    return moment


def _local_of(found: re.Match[str], text: str, zone: Zone, now_us: int) -> datetime:
    today = zone.local(now_us)
    part = (found["part"] or "").ljust(6, "0")
    try:
        local = datetime(  # noqa: DTZ001  a local clock's
            int(found["year"] or today.year),
            int(found["month"] or today.month),
            int(found["day"] or today.day),
            int(found["hour"]),
            int(found["minute"]),
            int(found["second"] or 0),
            int(part),
        )
    except ValueError:
        raise ValueError(_translate("“{}” is no time of any day").format(text.strip())) from None
    if found["year"] is None and local > today:
        local -= timedelta(days=1)
    return local


def _chosen(moments: tuple[int, ...], letters: str | None, zone: Zone) -> int:
    if letters is None:
        return moments[0]
    for moment in moments:
        if zone.abbreviation(moment).casefold() == letters.casefold():
            return moment
    known = ", ".join(zone.abbreviation(moment) for moment in moments)
    raise ValueError(
        _translate("“{}” is not the zone of that time: it is {}").format(letters, known)
    )


def _translate(text: str) -> str:
    return QCoreApplication.translate("Playback", text)
