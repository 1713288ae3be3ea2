"""Which events are kept as clips, and which stretch of time each one is. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nvr_app.contract.config import ClipSettings

US = 1_000_000


@dataclass(frozen=True, kw_only=True)
class EndedEvent:
    """An event that is over."""

    event_id: str
    camera_id: str
    kind: str
    label: str
    score: float
    start_wall_us: int
    end_wall_us: int


@dataclass(frozen=True, kw_only=True)
class ClipSpan:
    """A clip to be cut: the event with what came before and after it."""

    event_id: str
    camera_id: str
    label: str
    start_wall_us: int
    end_wall_us: int


def is_wanted(event: EndedEvent, settings: ClipSettings) -> bool:
    """Whether the settings name this event."""
    return (
        settings.enabled
        and (not settings.cameras or event.camera_id in settings.cameras)
        and event.label in settings.labels
        and event.score >= settings.minimum_score
    )


def span_of(event: EndedEvent, settings: ClipSettings) -> ClipSpan:
    """From `pre_s` before the event to `post_s` after it, no longer than `longest_s` in all."""
    start = event.start_wall_us - round(settings.pre_s * US)
    end = event.end_wall_us + round(settings.post_s * US)
    return ClipSpan(
        event_id=event.event_id,
        camera_id=event.camera_id,
        label=event.label,
        start_wall_us=start,
        end_wall_us=min(end, start + round(settings.longest_s * US)),
    )


def choose_clips(
    events: Iterable[EndedEvent], settings: ClipSettings, now_wall_us: int, most: int
) -> list[ClipSpan]:
    """The next clips to cut, newest first; those whose post-roll is still to come are left out.

    Newest first: after a long pause the footage that people ask for is that of today.
    """
    due = [
        span
        for event in events
        if is_wanted(event, settings)
        and (span := span_of(event, settings)).end_wall_us + US <= now_wall_us
    ]
    due.sort(key=lambda span: (-span.start_wall_us, span.event_id))
    return due[:most]
