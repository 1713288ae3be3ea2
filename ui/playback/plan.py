"""What a lane decodes for one goal, step by step: generators that the lane's thread runs.

Each yields a picture, or None when there is nothing to do at the moment (the caller waits a
little and goes on). They end when their goal is no longer the one in force.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from ui.live.footage_media import FootageDecoder, Unit
from ui.live.media import Converter, Frame
from ui.playback.finder import DAMAGED, Finder, Surroundings
from ui.playback.footage_http import FootageHttp
from ui.playback.goal import Goal, LaneKind, LaneState, Picture
from ui.playback.segment_reader import ReadSegment, Stretch
from ui.playback.shots import Shots, fitted

_BATCH = 4
"""Fragments fetched at once, two seconds of them: what is not reached was fetched for nothing."""
_KEYS_SHOWN_FPS = 15
_BEHIND_US = 700_000
"""So late that catching up picture by picture is given up."""

Step = Picture | None


class Plans:
    """Makes plans; keeps what outlives one: lists, indexes, a decoder. One thread."""

    def __init__(self, camera_id: str, http: FootageHttp, around: Surroundings) -> None:
        self._around = around
        self._finder = Finder(camera_id, http, around)
        self._reader = self._finder.reader
        self._converter = Converter()
        self._decoder: FootageDecoder | None = None
        self._begin_us = 0
        self._fed: tuple[str, int] | None = None
        """Segment and fragment that the decoder would go on with."""
        self.cost_us = 0.0
        """Mean time that decoding one picture takes."""
        self.fps = 0.0

    def forget(self) -> None:
        """Something could not be had: look anew where the footage lies."""
        self._finder.forget()

    def plan(self, goal: Goal) -> Iterator[Step]:
        """Pictures from the goal's moment on, in the order in which they are to be shown."""
        self._fed = None
        if goal.is_scrub or (goal.keys_only and not goal.is_backward):
            return self._keys_forward(goal)
        if goal.keys_only:
            return self._keys_backward(goal)
        return self._backward(goal) if goal.is_backward else self._forward(goal)

    # --- forwards

    def _forward(self, goal: Goal) -> Iterator[Step]:
        at_us = goal.at_us
        shots = Shots(goal, self._converter)
        while self._around.is_current(goal):
            segment = yield from self._finder.find(goal, at_us)
            at_us = max(at_us, segment.view.start_wall_us)
            for number in range(segment.stretch_at(at_us), len(segment.stretches)):
                stretch = segment.stretches[number]
                position_us = self._around.position_us()
                if position_us > stretch.end_us > at_us:
                    at_us = position_us  # too late for all of it
                    break
                if position_us - max(at_us, stretch.start_us) > _BEHIND_US:
                    # Decoding does not keep up: a keyframe of the moment, and a fresh start.
                    yield self._key(shots, segment, number)
                    at_us = max(at_us, stretch.end_us)
                    continue
                is_growing = segment.is_open and number == len(segment.stretches) - 1
                yield from self._stretch(goal, shots, segment, stretch, at_us, is_growing)
                at_us = max(at_us, stretch.end_us)
            else:
                at_us = _after(segment, at_us)

    def _stretch(
        self,
        goal: Goal,
        shots: Shots,
        segment: ReadSegment,
        stretch: Stretch,
        from_us: int,
        is_growing: bool,
    ) -> Iterator[Step]:
        """The pictures of a stretch that are shown at `from_us` or later."""
        decoder = self._decoder_for(segment)
        first = stretch.first
        segment_id = segment.view.segment_id
        if self._fed and self._fed[0] == segment_id and first < self._fed[1] <= stretch.end:
            first = self._fed[1]  # it grew behind what was decoded already
        else:
            decoder.restart()
        begin_us = segment.view.start_wall_us
        for start, end in _batches(segment, first, stretch.end, from_us):
            units = self._units(segment, start, end)
            shots.expect(units)
            for frame in self._decoded(goal, decoder, units):
                yield from self._shot(shots, frame, begin_us, from_us)
                if self._around.position_us() > stretch.end_us + _BEHIND_US:
                    break
            if not self._around.is_current(goal):
                return
            if self._around.position_us() > stretch.end_us + _BEHIND_US:
                self._fed = None
                return  # nothing in it will be seen any more
            self._fed = segment_id, end
        if not is_growing:
            for frame in decoder.drain():
                yield from self._shot(shots, frame, begin_us, from_us)
            self._fed = None

    def _shot(self, shots: Shots, frame: Frame, begin_us: int, from_us: int) -> Iterator[Step]:
        wall_us, until_us = begin_us + (frame.pts or 0), shots.until_us(frame, begin_us)
        if until_us > from_us and shots.is_worth(wall_us, until_us, self._around.position_us()):
            yield shots.picture(frame, wall_us, until_us)

    # --- keyframes alone

    def _keys_forward(self, goal: Goal) -> Iterator[Step]:
        at_us = goal.at_us
        shots = Shots(goal, self._converter)
        apart_us = int(abs(goal.rate) * 1_000_000 / _KEYS_SHOWN_FPS)
        while self._around.is_current(goal):
            segment = yield from self._finder.find(goal, at_us)
            number = segment.stretch_at(max(at_us, segment.view.start_wall_us))
            yield self._key(shots, segment, number)
            if goal.is_scrub:
                return
            wanted_us = max(segment.stretches[number].start_us + apart_us,
                            self._around.position_us())  # fmt: skip
            later = [s.start_us for s in segment.stretches if s.start_us >= wanted_us]
            at_us = later[0] if later else max(_after(segment, segment.end_us), wanted_us)

    def _keys_backward(self, goal: Goal) -> Iterator[Step]:
        at_us = goal.at_us + 1
        shots = Shots(goal, self._converter)
        apart_us = int(abs(goal.rate) * 1_000_000 / _KEYS_SHOWN_FPS)
        while self._around.is_current(goal):
            segment = yield from self._finder.find_before(goal, at_us)
            number = segment.stretch_at(at_us - 1)
            yield self._key(shots, segment, number)
            stretch = segment.stretches[number]
            # The next key lies far enough before this one, and not behind the clock.
            at_us = min(stretch.start_us - apart_us + 1, self._around.position_us() + 1)
            if number == 0:
                at_us = min(at_us, segment.view.start_wall_us)

    def _key(self, shots: Shots, segment: ReadSegment, number: int) -> Step:
        stretch = segment.stretches[number]
        decoder = self._decoder_for(segment)
        decoder.restart()
        units = self._units(segment, stretch.first, stretch.first + 1)
        key = next((unit for unit in units if unit.is_keyframe), None)
        self._fed = None
        if key is None:
            return None
        frames = [*decoder.decode(key), *decoder.drain()]
        if not frames:
            return None
        return shots.picture(frames[0], stretch.start_us, stretch.end_us)

    # --- backwards

    def _backward(self, goal: Goal) -> Iterator[Step]:
        at_us = goal.at_us + 1
        shots = Shots(goal, self._converter)
        while self._around.is_current(goal):
            segment = yield from self._finder.find_before(goal, at_us)
            number = segment.stretch_at(at_us - 1)
            stretch = segment.stretches[number]
            units = self._units(segment, stretch.first, stretch.end)
            while at_us > stretch.start_us and self._around.is_current(goal):
                block = self._block(goal, shots, segment, units, at_us)
                if not block:
                    break
                yield from reversed(block)
                at_us = block[0].wall_us
            at_us = min(at_us, stretch.start_us)
            if number == 0:
                at_us = min(at_us, segment.view.start_wall_us)

    def _block(
        self, goal: Goal, shots: Shots, segment: ReadSegment, units: list[Unit], before_us: int
    ) -> list[Picture]:
        """The last pictures that begin before a moment, as many as memory is for, in order."""
        begin_us = segment.view.start_wall_us
        earlier = sorted(u.pts_us for u in units if begin_us + u.pts_us < before_us)
        step = max(1, round(abs(goal.rate)))  # twice as fast: every other one
        wanted = set(earlier[::-step][: self._most_pictures(goal, segment)])
        if not wanted:
            return []
        shots.expect(units)
        decoder = self._decoder_for(segment)
        decoder.restart()
        pictures: list[Picture] = []
        needed = [unit for unit in units if unit.pts_us <= max(wanted)]
        frames = self._decoded(goal, decoder, needed)
        for frame in (*frames, *decoder.drain()):
            if frame.pts in wanted:
                until_us = shots.until_us(frame, begin_us)
                pictures.append(shots.picture(frame, begin_us + frame.pts, until_us))
        return pictures

    def _most_pictures(self, goal: Goal, segment: ReadSegment) -> int:
        codec = segment.head.video
        width, height = fitted(codec.width or 1920, codec.height or 1080, goal.width, goal.height)
        return max(4, self._around.block_bytes // (width * height * 4))

    # --- decoding

    def _units(self, segment: ReadSegment, first: int, end: int) -> list[Unit]:
        units = self._reader.units(segment, first, end)
        begin_us = segment.view.start_wall_us
        for lost in self._reader.lost:
            start_us = begin_us + lost.start_us
            end_us = start_us + lost.duration_us
            self._around.tell(LaneState(LaneKind.DAMAGED, start_us, end_us, DAMAGED))
        if len(units) > 1:
            span_us = max(u.pts_us for u in units) - min(u.pts_us for u in units)
            self.fps = (len(units) - 1) * 1e6 / span_us if span_us else self.fps
        return units

    def _decoded(self, goal: Goal, decoder: FootageDecoder, units: list[Unit]) -> Iterator[Frame]:
        """Frames as they come out; ends early when the goal is no longer in force."""
        for unit in units:
            if not self._around.is_current(goal):
                return
            damaged, started_ns = decoder.damaged, time.perf_counter_ns()
            frames = decoder.decode(unit)
            took_us = (time.perf_counter_ns() - started_ns) / 1_000
            self.cost_us += (took_us - self.cost_us) / 20
            if decoder.damaged > damaged:
                self._note_damage(unit)
            yield from frames

    def _note_damage(self, unit: Unit) -> None:
        begin_us = self._begin_us + unit.pts_us
        self._around.tell(
            LaneState(LaneKind.DAMAGED, begin_us, begin_us + max(unit.duration_us, 1_000_000),
                      DAMAGED)
        )  # fmt: skip

    def _decoder_for(self, segment: ReadSegment) -> FootageDecoder:
        self._begin_us = segment.view.start_wall_us
        threads = self._around.threads()
        known = self._decoder
        if known is None or known.codec != segment.head.video or known.threads != threads:
            self._decoder = known = FootageDecoder(segment.head.video, threads)
            self._fed = None
        return known


def _after(segment: ReadSegment, at_us: int) -> int:
    """Where to go on after all of a segment; what is still written is waited for there."""
    end_us = segment.view.end_wall_us
    if segment.is_open or end_us is None:
        return max(at_us, segment.end_us)
    return max(at_us, segment.end_us, end_us)


def _batches(segment: ReadSegment, first: int, end: int, from_us: int) -> Iterator[tuple[int, int]]:
    """Fragments to fetch at once: first up to the moment wanted, then two seconds each."""
    wanted_us = from_us - segment.view.start_wall_us
    reach = first + 1
    while reach < end and segment.index.fragments[reach].start_us <= wanted_us:
        reach += 1
    yield first, reach
    while reach < end:
        yield reach, min(reach + _BATCH, end)
        reach = min(reach + _BATCH, end)
