"""What the timeline's two rows show, from what the engine tells of each camera. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

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


Moments = npt.NDArray[np.int64]


class Shape(NamedTuple):
    """What is painted of a kind: intervals in order that neither overlap nor nearly touch."""

    starts_us: Moments
    ends_us: Moments


NOTHING = Shape(np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass(frozen=True, eq=False)  # thousands of spans would take long to compare
class Row:
    """One camera's intervals by kind: in words each by itself, as shapes put together."""

    camera_id: str
    """Empty: all cameras."""
    lanes: dict[Lane, tuple[Span, ...]]
    shapes: dict[Lane, Shape]

    def of(self, lane: Lane) -> tuple[Span, ...]:
        """In order of their begin; of all cameras none: each has a row of its own."""
        return self.lanes.get(lane, ())

    def shape(self, lane: Lane) -> Shape:
        return self.shapes.get(lane, NOTHING)


def row_of(told: CameraTimeline, *, end_us: int, now_us: int, step_us: int) -> Row:
    """`end_us` is the end of what was asked for, `step_us` what a pixel shows."""
    lanes = {
        Lane.RECORDED: told.recorded,
        Lane.MOTION: told.motion,
        Lane.EVENT: told.events,
        Lane.ALERT: told.alerts,
        Lane.GAP: (*told.gaps, *_silence(told, min(end_us, now_us))),
        Lane.PROTECTED: told.protected,
        Lane.BOOKMARK: told.bookmarks,
    }
    return Row(
        told.camera_id, lanes, {lane: joined(spans, step_us) for lane, spans in lanes.items()}
    )


def merged_rows(rows: Sequence[Row], step_us: int) -> Row:
    """All cameras as one row. A gap of some is a gap though others record: it is shown as one."""
    shapes = {}
    for lane in Lane:
        parts = [row.shape(lane) for row in rows] or [NOTHING]
        starts = np.concatenate([part.starts_us for part in parts])
        ends = np.concatenate([part.ends_us for part in parts])
        shapes[lane] = Shape(*_islands(starts, ends, step_us))
    return Row("", {}, shapes)


def joined(spans: Sequence[Span], step_us: int) -> Shape:
    """Neighbours nearer than a step become one."""
    starts = np.array([span.start_wall_us for span in spans], np.int64)
    ends = np.array([span.end_wall_us for span in spans], np.int64)
    return Shape(*_islands(starts, ends, step_us))


def spans_at(spans: Sequence[Span], wall_us: int, tolerance_us: int) -> list[Span]:
    """Those that lie there, or nearer than the tolerance (what is shorter than a pixel)."""
    return [
        span
        for span in spans
        if span.start_wall_us - tolerance_us <= wall_us <= span.end_wall_us + tolerance_us
    ]


def pixel_runs(shape: Shape, axis: Axis, *, least: int = 1) -> list[tuple[int, int]]:
    """Pixels (first, end) to fill: clipped, at least so wide, neighbours put together."""
    scale = axis.width / axis.span_us
    begin = int(np.searchsorted(shape.ends_us, axis.start_us - round(least / scale)))
    end = int(np.searchsorted(shape.starts_us, axis.end_us, side="right"))
    lefts = ((shape.starts_us[begin:end] - axis.start_us) * scale).astype(np.int64)
    rights = ((shape.ends_us[begin:end] - axis.start_us) * scale).astype(np.int64)
    firsts, lasts = _islands(lefts, np.maximum(rights, lefts + least), 0)
    firsts, lasts = np.clip(firsts, 0, axis.width), np.clip(lasts, 0, axis.width)
    runs = zip(firsts.tolist(), lasts.tolist(), strict=True)
    return [(first, last) for first, last in runs if last > first]


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


def _islands(starts: Moments, ends: Moments, slack: int) -> tuple[Moments, Moments]:
    """Intervals put together where the next begins at most `slack` after all before it ended."""
    if not starts.size:
        return starts, ends
    order = np.argsort(starts, kind="stable")
    starts, reached = starts[order], np.maximum.accumulate(ends[order])
    is_first = np.ones(starts.size, bool)
    is_first[1:] = starts[1:] - reached[:-1] > slack
    is_last = np.append(is_first[1:], np.True_)
    return starts[is_first], reached[is_last]
