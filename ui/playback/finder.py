"""Which segment a lane goes on with: over seams, gaps and what cannot be had. A lane's thread."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from ui.live.footage_media import UndecodableError
from ui.playback.catalogue import FootageCatalogue
from ui.playback.footage_http import FootageHttp, FootageUnavailableError
from ui.playback.footage_map import Hole, is_worth_telling
from ui.playback.goal import Goal, LaneKind, LaneState
from ui.playback.segment_reader import ReadSegment, SegmentReader

DAMAGED = "damaged"
"""Reason of a stretch whose bytes are not those that were recorded."""

Finding = Generator[None, None, ReadSegment]
"""Yields while there is nothing to do but wait; its value is what was found."""


@dataclass(frozen=True)
class Surroundings:
    """What a plan asks of its lane; called in the lane's thread."""

    position_us: Callable[[], int]
    is_current: Callable[[Goal], bool]
    tell: Callable[[LaneState], None]
    threads: Callable[[], int]
    block_bytes: int
    """Memory for one block of pictures decoded to be shown backwards."""


class OutdatedError(Exception):
    """Another goal is in force: the plan ends."""


class Finder:
    """Finds and reads segments, and tells what lies between them. One thread."""

    def __init__(self, camera_id: str, http: FootageHttp, around: Surroundings) -> None:
        self._around = around
        self._catalogue = FootageCatalogue(camera_id, http)
        self.reader = SegmentReader(http)

    def forget(self) -> None:
        """Something could not be had: look anew where the footage lies."""
        self._catalogue.forget()
        self.reader.forget()

    def find(self, goal: Goal, at_us: int) -> Finding:
        """The segment to go on with at a moment or after it; yields while there is none."""
        while True:
            try:
                found = self._catalogue.at(at_us)
                if isinstance(found, Hole):
                    if found.end_us is not None:
                        self._tell_hole(found)
                        at_us = found.end_us
                        continue
                    self._around.tell(LaneState(LaneKind.EDGE, start_us=at_us))
                else:
                    segment = self.reader.read(found, anew=True)
                    if at_us < segment.end_us:
                        self._tell_damages(segment)
                        return segment
                    if found.end_wall_us is not None:
                        at_us = max(at_us + 1, found.end_wall_us)
                        continue
                    self._around.tell(LaneState(LaneKind.EDGE, start_us=segment.end_us))
            except (FootageUnavailableError, UndecodableError) as error:
                at_us = self._failed(error, at_us, is_backward=False)
            yield None
            if not self._around.is_current(goal):
                raise OutdatedError

    def find_before(self, goal: Goal, at_us: int) -> Finding:
        """The segment that a moment is in, or the last one before it."""
        while True:
            try:
                found = self._catalogue.at(at_us - 1)
                if not isinstance(found, Hole):
                    segment = self.reader.read(found, anew=True)
                    if segment.stretches and segment.stretches[0].start_us < at_us:
                        self._tell_damages(segment)
                        return segment
                    at_us = found.start_wall_us
                    continue
                earlier = self._catalogue.before(at_us)
                if earlier is not None and earlier.end_wall_us is not None:
                    self._tell_hole(found)
                    at_us = min(at_us, earlier.end_wall_us)
                    continue
                self._around.tell(LaneState(LaneKind.EDGE, end_us=at_us))
            except (FootageUnavailableError, UndecodableError) as error:
                at_us = self._failed(error, at_us, is_backward=True)
            yield None
            if not self._around.is_current(goal):
                raise OutdatedError

    def _tell_hole(self, hole: Hole) -> None:
        if is_worth_telling(hole):
            self._around.tell(LaneState(LaneKind.GAP, hole.start_us, hole.end_us, hole.reason))

    def _tell_damages(self, segment: ReadSegment) -> None:
        for start_us, end_us in segment.damages:
            self._around.tell(LaneState(LaneKind.DAMAGED, start_us, end_us, DAMAGED))

    def _failed(self, error: Exception, at_us: int, *, is_backward: bool) -> int:
        """Where to go on: behind a segment that will never be had, else the same moment again."""
        is_lost = isinstance(error, UndecodableError) or getattr(error, "is_gone", False)
        if not is_lost:
            self._around.tell(LaneState(LaneKind.FAILED, at_us, reason=str(error)))
            return at_us
        found = self._catalogue.at(at_us - 1 if is_backward else at_us)
        self._catalogue.forget()
        if isinstance(found, Hole) or found.end_wall_us is None:
            self._around.tell(LaneState(LaneKind.FAILED, at_us, reason=str(error)))
            return at_us
        self._around.tell(
            LaneState(LaneKind.DAMAGED, found.start_wall_us, found.end_wall_us, str(error))
        )
        return found.start_wall_us if is_backward else found.end_wall_us
