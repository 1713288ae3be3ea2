"""How an event is told to people."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QCoreApplication

from nvr_app.contract.api import EventView
from nvr_app.contract.events import MotionEnded, TrackEnded, TrackStarted
from nvr_app.contract.timebase import US_PER_S, iso_utc

_MINUTE_S, _HOUR_S = 60, 3600


def title_of(event: EventView) -> str:
    """Person, Motion …"""
    return event.label[:1].upper() + event.label[1:]


def time_of(wall_us: int) -> str:
    """Local time of day."""
    return datetime.fromtimestamp(wall_us / US_PER_S).astimezone().strftime("%H:%M:%S")


def date_time_of(wall_us: int) -> str:
    """Local date and time."""
    return datetime.fromtimestamp(wall_us / US_PER_S).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def length_of(event: EventView) -> str:
    """12 s, 3:04 min; "now" while it lasts."""
    if event.end_wall_us is None:
        return QCoreApplication.translate("Events", "now")
    seconds = max(0, event.end_wall_us - event.start_wall_us) // US_PER_S
    if seconds < _MINUTE_S:
        return QCoreApplication.translate("Events", "{} s").format(max(seconds, 1))
    if seconds < _HOUR_S:
        minutes, rest = divmod(seconds, _MINUTE_S)
        return QCoreApplication.translate("Events", "{}:{:02d} min").format(minutes, rest)
    hours, rest = divmod(seconds, _HOUR_S)
    return QCoreApplication.translate("Events", "{}:{:02d} h").format(hours, rest // _MINUTE_S)


def event_of_fact(fact: object) -> EventView | None:
    """The event that a fact begins or ends; None for other facts."""
    if isinstance(fact, TrackStarted):
        return _view(fact, "track", fact.label, fact.score, None, fact.snapshot)
    if isinstance(fact, TrackEnded):
        return _view(fact, "track", fact.label, fact.score, fact.end_wall_us, fact.snapshot)
    if isinstance(fact, MotionEnded):
        return _view(fact, "motion", "motion", fact.peak, fact.end_wall_us, "")
    return None


def _view(  # the fields in which the three kinds differ
    fact: TrackStarted | TrackEnded | MotionEnded,
    kind: str,
    label: str,
    score: float,
    end_wall_us: int | None,
    snapshot: str,
) -> EventView:
    return EventView(
        event_id=fact.event_id,
        camera_id=fact.camera_id,
        kind="track" if kind == "track" else "motion",
        label=label,
        score=score,
        start_wall_us=fact.start_wall_us,
        end_wall_us=end_wall_us,
        start=iso_utc(fact.start_wall_us),
        end=iso_utc(end_wall_us) if end_wall_us is not None else None,
        snapshot=snapshot,
    )
