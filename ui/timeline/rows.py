"""What the timeline's two rows show, from what the engine tells of each camera. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from nvr_app.contract.api import CameraTimeline, Span
from nvr_app.contract.timebase import US_PER_S
from ui.timeline.axis import Axis

_SILENT_US = 5 * US_PER_S
"""So long after the last recorded moment a camera counts as not recording."""


class Lane(Enum):
    """A kind of interval; the order is the order of painting. Values: what tells it in words."""

    RECORDED = "recorded"
    MOTION = "motion"
    EVENT = "event"
    ALERT = "alert"
    GAP = "gap"
    PROTECTED = "protected"
    BOOKMARK = "bookmark"


@dataclass(frozen=True, eq=False)  # thousands of spans would take long to compare
class Row:
    """Intervals of one camera by kind, each in order of their begin."""

    camera_id: str
    lanes: dict[Lane, tuple[Span, ...]]

    def of(self, lane: Lane) -> tuple[Span, ...]:
        return self.lanes.get(lane, ())


def row_of(told: CameraTimeline, *, end_us: int, now_us: int) -> Row:
    """`end_us` is the end of what was asked for; an event that lasts goes on until now."""
    motion = [_span_of(e.start_wall_us, e.end_wall_us, e.label, now_us) for e in told.events
              if e.kind == "motion"]  # fmt: skip
    events = [_span_of(e.start_wall_us, e.end_wall_us, e.label, now_us) for e in told.events
              if e.kind != "motion"]  # fmt: skip
    gaps = [*told.gaps, *_silence(told, min(end_us, now_us))]
    return Row(
        told.camera_id,
        {
            Lane.RECORDED: told.recorded,
            Lane.MOTION: _ordered(motion),
            Lane.EVENT: _ordered(events),
            Lane.GAP: _ordered(gaps),
        },
    )


def spans_at(spans: Sequence[Span], wall_us: int, tolerance_us: int) -> list[Span]:
    """Those that lie there, or nearer than the tolerance (what is shorter than a pixel)."""
    return [
        span
        for span in spans
        if span.start_wall_us - tolerance_us <= wall_us <= span.end_wall_us + tolerance_us
    ]


def pixel_runs(spans: Iterable[Span], axis: Axis, *, least: int = 1) -> list[tuple[int, int]]:
    """Pixels (first, end) to fill: clipped, at least so wide, neighbours put together.

    The result has at most one run for every two pixels, however many spans there are.
    """
    start_us, width = axis.start_us, axis.width
    scale = width / axis.span_us
    runs: list[tuple[int, int]] = []
    first, end = 0, -1
    for span in spans:
        left = int((span.start_wall_us - start_us) * scale)
        right = max(int((span.end_wall_us - start_us) * scale), left + least)
        if right <= 0 or left >= width:
            continue
        if left > end:
            if end > first:
                runs.append((first, end))
            first, end = max(left, 0), min(right, width)
        elif right > end:
            end = min(right, width)
    if end > first:
        runs.append((first, end))
    return runs


def merged_rows(rows: Sequence[Row]) -> Row:
    """All cameras as one row. A gap of some is a gap though others record: it is shown as one."""
    return Row(
        "",
        {lane: _ordered(span for row in rows for span in row.of(lane)) for lane in Lane},
    )


def next_moment(starts: Iterable[int], wall_us: int, *, forward: bool, slack_us: int) -> int | None:
    """The nearest of the moments after (or before) one; None where there is none."""
    if forward:
        return min((start for start in starts if start > wall_us + slack_us), default=None)
    return max((start for start in starts if start < wall_us - slack_us), default=None)


def _silence(told: CameraTimeline, until_us: int) -> Iterator[Span]:
    """A gap is told when it is over: what lasts is seen by what is not recorded."""
    last = max((span.end_wall_us for span in (*told.recorded, *told.gaps)), default=None)
    if last is not None and until_us - last > _SILENT_US:
        yield Span(last, until_us, "")


def _span_of(start_us: int, end_us: int | None, what: str, now_us: int) -> Span:
    return Span(start_us, max(start_us, now_us) if end_us is None else end_us, what)


def _ordered(spans: Iterable[Span]) -> tuple[Span, ...]:
    return tuple(sorted(spans, key=lambda span: span.start_wall_us))
