"""From detections on single pictures to tracks: one object, one identity.

Association in two rounds, after ByteTrack (Zhang et al., 2022): sure detections first, then the
doubtful ones, which may continue a track but never begin one. At five pictures a second a walker
may leave his old box altogether, so boxes near to where the motion model expects them count too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.vision.assignment import assign
from engine.vision.detection import Detection
from engine.vision.labels import group_of
from engine.vision.motion_model import MotionModel, motion_from
from nvr_app.contract.events import PathPoint
from nvr_app.contract.geometry import Box, intersection_over_union
from nvr_app.contract.ids import new_id
from nvr_app.contract.timebase import NS_PER_S, US_PER_MS

_SURE_AT_ONCE = 0.6
"""A score from which a single detection makes an event."""
_HITS_TO_CONFIRM = 2
_TENTATIVE_S = 1.0
_LOST_S = 2.5
_LOST_PICTURES = 3
_SHOWN_S = 0.7
"""A box that was not seen for longer is not drawn: it would hang in the air."""
_MOST_TRACKS = 64
_MOST_POINTS = 200
_LEAST_STEP = 0.01
"""Foot points nearer to each other than this share of the picture are one."""
_LONGEST_STEP_S = 5.0
_FORBIDDEN = 1e6
_MOST_COST = 1.6
_REACH = 1.0
"""How far a box may jump, in its own half perimeters, and still be the same object."""
_MOST_SIZE_RATIO = 2.5


@dataclass
class Track:
    """One object; owned by its tracker, read by others between two updates."""

    event_id: str
    group: str
    motion: MotionModel
    start_wall_us: int
    last_wall_us: int
    last_mono_ns: int
    box: Box
    score: float
    """Best score so far."""
    best_box: Box
    best_wall_us: int
    hits: int = 1
    missed: int = 0
    is_confirmed: bool = False
    path: list[PathPoint] = field(default_factory=list)
    votes: dict[str, float] = field(default_factory=dict)
    step: float = _LEAST_STEP

    @property
    def label(self) -> str:
        """What it was taken for most, weighted by score."""
        return max(self.votes, key=lambda label: self.votes[label])


@dataclass(frozen=True)
class TrackUpdate:
    """What one picture changed; unconfirmed tracks are in none of these."""

    started: tuple[Track, ...]
    seen: tuple[Track, ...]
    """Confirmed tracks seen on this picture, new ones included."""
    shown: tuple[Track, ...]
    """Those worth a box: seen on this picture or a moment ago."""
    ended: tuple[Track, ...]


class Tracker:
    """Tracks of one camera. Pure: no clock, no I/O. Use from one thread."""

    def __init__(self, sure_score: float) -> None:
        """Detections below `sure_score` only continue tracks."""
        self._sure_score = sure_score
        self._tracks: list[Track] = []
        self._last_mono_ns = 0

    @property
    def has_live_tracks(self) -> bool:
        return bool(self._tracks)

    def update(self, detections: Sequence[Detection], wall_us: int, mono_ns: int) -> TrackUpdate:
        """Take the detections of the next picture; times are those of its arrival."""
        elapsed_s = max(0, mono_ns - self._last_mono_ns) / NS_PER_S if self._last_mono_ns else 0.0
        self._last_mono_ns = mono_ns
        for track in self._tracks:
            track.motion = track.motion.predicted(min(elapsed_s, _LONGEST_STEP_S))
        sure = [found for found in detections if found.score >= self._sure_score]
        doubtful = [found for found in detections if found.score < self._sure_score]
        left, new = self._match(self._tracks, sure, wall_us, mono_ns)
        left, _ = self._match(left, doubtful, wall_us, mono_ns)
        for track in left:
            track.missed += 1
        room = _MOST_TRACKS - len(self._tracks)
        self._tracks += [_begin(found, wall_us, mono_ns) for found in new[:room]]
        started = tuple(track for track in self._tracks if _confirm(track))
        ended = self._drop_lost(mono_ns)
        confirmed = [track for track in self._tracks if track.is_confirmed]
        return TrackUpdate(
            started=started,
            seen=tuple(track for track in confirmed if track.missed == 0),
            shown=tuple(t for t in confirmed if mono_ns - t.last_mono_ns <= _SHOWN_S * NS_PER_S),
            ended=ended,
        )

    def end_all(self) -> tuple[Track, ...]:
        """Forget everything; the confirmed tracks, each ended where it was seen last."""
        ended = tuple(track for track in self._tracks if track.is_confirmed)
        self._tracks = []
        return ended

    def _match(
        self, tracks: list[Track], detections: list[Detection], wall_us: int, mono_ns: int
    ) -> tuple[list[Track], list[Detection]]:
        """Give detections to tracks; what is left of both."""
        costs = [[_cost(track, found) for found in detections] for track in tracks]
        pairs = assign(costs, _MOST_COST)
        for row, column in pairs:
            _continue(tracks[row], detections[column], wall_us, mono_ns)
        rows = {row for row, _ in pairs}
        columns = {column for _, column in pairs}
        return (
            [track for row, track in enumerate(tracks) if row not in rows],
            [found for column, found in enumerate(detections) if column not in columns],
        )

    def _drop_lost(self, mono_ns: int) -> tuple[Track, ...]:
        lost = [track for track in self._tracks if _is_lost(track, mono_ns)]
        if lost:
            gone = {track.event_id for track in lost}
            self._tracks = [track for track in self._tracks if track.event_id not in gone]
        return tuple(track for track in lost if track.is_confirmed)


def _is_lost(track: Track, mono_ns: int) -> bool:
    """Pictures count as well as seconds: a quiet scene is looked at rarely."""
    away_s = (mono_ns - track.last_mono_ns) / NS_PER_S
    if not track.is_confirmed:
        return track.missed > 0 and away_s > _TENTATIVE_S
    return track.missed >= _LOST_PICTURES and away_s > _LOST_S


def _cost(track: Track, found: Detection) -> float:
    """0 for the very same box; more than `_MOST_COST` where it cannot be the same object."""
    if group_of(found.label) != track.group:
        return _FORBIDDEN
    expected, box = track.motion.box, found.box
    reach = (expected.width + expected.height + box.width + box.height) / 4 * _REACH
    if reach <= 0.0:
        return _FORBIDDEN
    away_x = (expected.x0 + expected.x1 - box.x0 - box.x1) / 2
    away_y = (expected.y0 + expected.y1 - box.y0 - box.y1) / 2
    distance = math.hypot(away_x, away_y) / reach
    overlap = intersection_over_union(expected, box) if box.area > 0.0 else 0.0
    if overlap == 0.0 and (distance > 1.0 or _size_ratio(expected, box) > _MOST_SIZE_RATIO):
        return _FORBIDDEN
    return 1.0 - overlap + 0.5 * min(distance, 1.0)


def _size_ratio(first: Box, second: Box) -> float:
    small, large = sorted((max(first.area, 1e-9), max(second.area, 1e-9)))
    return math.sqrt(large / small)


def _begin(found: Detection, wall_us: int, mono_ns: int) -> Track:
    x, y = found.box.foot
    return Track(
        event_id=new_id(),
        group=group_of(found.label),
        motion=motion_from(found.box),
        start_wall_us=wall_us,
        last_wall_us=wall_us,
        last_mono_ns=mono_ns,
        box=found.box,
        score=found.score,
        best_box=found.box,
        best_wall_us=wall_us,
        path=[PathPoint(0, round(x, 4), round(y, 4))],
        votes={found.label: found.score},
    )


def _continue(track: Track, found: Detection, wall_us: int, mono_ns: int) -> None:
    track.motion = track.motion.corrected(found.box)
    track.box = found.box
    track.last_wall_us, track.last_mono_ns = wall_us, mono_ns
    track.hits += 1
    track.missed = 0
    track.votes[found.label] = track.votes.get(found.label, 0.0) + found.score
    if found.score * found.box.area > track.score * track.best_box.area:
        track.best_box, track.best_wall_us = found.box, wall_us
    track.score = max(track.score, found.score)
    _add_point(track, wall_us)


def _add_point(track: Track, wall_us: int) -> None:
    x, y = track.box.foot
    last = track.path[-1]
    if abs(x - last.x) < track.step and abs(y - last.y) < track.step:
        return
    offset_ms = max(last.offset_ms, (wall_us - track.start_wall_us) // US_PER_MS)
    track.path.append(PathPoint(offset_ms, round(x, 4), round(y, 4)))
    if len(track.path) > _MOST_POINTS:
        # Long paths get coarser as they grow, but keep their beginning and their end.
        track.path = [*track.path[:-1:2], track.path[-1]]
        track.step *= 1.5


def _confirm(track: Track) -> bool:
    """Whether this picture made it an event."""
    if track.is_confirmed or track.missed:
        return False
    track.is_confirmed = track.hits >= _HITS_TO_CONFIRM or track.score >= _SURE_AT_ONCE
    return track.is_confirmed
