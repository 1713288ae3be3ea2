"""Cutting footage out of segments that follow each other, without touching a picture. Pure.

A file begins with the last keyframe at or before the asked start, so nothing asked for is
missing; it ends before the first picture that is due after the asked end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.playback.plain_mp4 import TrackTable, mp4_beginning
from engine.playback.samples import I64, Samples, SegmentSamples, TrackSetup

_US = 1_000_000


@dataclass(frozen=True)
class Copy:
    """Bytes of one segment's file that go out, in ascending order."""

    offsets: I64
    lengths: I64


@dataclass(frozen=True)
class FileLayout:
    """A file before it is written: its beginning, and what to copy from each segment."""

    beginning: bytes
    copies: tuple[Copy, ...]
    media_bytes: int
    start_wall_us: int
    end_wall_us: int
    pictures: int

    @property
    def size_bytes(self) -> int:
        return len(self.beginning) + self.media_bytes


@dataclass
class _Lane:
    """One track on its way into the file."""

    setup: TrackSetup
    dts: list[I64]
    parts: list[Samples]
    chunk_samples: list[int]
    chunk_places: list[int]

    def table(self) -> TrackTable | None:
        if not self.parts:
            return None
        due = np.concatenate(self.dts)
        step = np.arange(len(due))
        # Wall time pulls segments together by parts of a millisecond: order comes first.
        due = np.maximum.accumulate(due - step) + step
        first = int(due[0])
        last = self.parts[-1]
        shift = np.concatenate([part.shift for part in self.parts])
        return TrackTable(
            setup=self.setup,
            dts=due - first,
            shift=shift,
            sizes=np.concatenate([part.sizes for part in self.parts]),
            is_sync=np.concatenate([part.is_sync for part in self.parts]),
            last_duration=max(last.end - int(last.dts[-1]), 1),
            chunk_samples=np.array(self.chunk_samples, np.int64),
            chunk_places=np.array(self.chunk_places, np.int64),
            delay=max(first, 0),
            skip=max(-first, 0),
        )


def fits_together(one: SegmentSamples, other: SegmentSamples) -> bool:
    """Whether both can be tracks of one file: the same codecs, sizes and parameters."""
    same_sound = (one.audio is None) == (other.audio is None)
    if one.audio is not None and other.audio is not None:
        same_sound = _is_same(one.audio, other.audio)
    return same_sound and _is_same(one.video, other.video)


def _is_same(one: TrackSetup, other: TrackSetup) -> bool:
    return one.entries == other.entries and one.timescale == other.timescale


def lay_out(
    parts: list[tuple[int, SegmentSamples]], start_wall_us: int, end_wall_us: int
) -> FileLayout | None:
    """The file of these segments, given with the wall time of their first pictures.

    They follow each other and fit together. None: no picture of theirs lies in the range.
    """
    lanes: dict[bool, _Lane] = {}
    copies: list[Copy] = []
    cursor = 0
    origin_us: int | None = None
    last_us = pictures = 0
    for wall_us, segment in parts:
        zero_us = wall_us - _us(segment.video, _pts(segment.pictures, 0))
        chosen = _choose_pictures(segment, zero_us, start_wall_us, end_wall_us)
        if not len(chosen):
            copies.append(Copy(np.empty(0, np.int64), np.empty(0, np.int64)))
            continue
        from_us = zero_us + _us(segment.video, _pts(chosen, 0))
        origin_us = from_us if origin_us is None else origin_us
        kept = [(segment.video, chosen)]
        if segment.audio is not None and segment.sound is not None:
            sound = _choose_sound(segment.audio, segment.sound, zero_us, from_us, end_wall_us)
            if len(sound):
                kept.append((segment.audio, sound))
        copy, cursor = _take(lanes, kept, zero_us - origin_us, cursor)
        copies.append(copy)
        last_us = zero_us + _us(segment.video, chosen.end + int(chosen.shift[-1]))
        pictures += len(chosen)
    if origin_us is None:
        return None
    tables = tuple(table for lane in lanes.values() if (table := lane.table()) is not None)
    beginning = mp4_beginning(tables, cursor, origin_us)
    return FileLayout(beginning, tuple(copies), cursor, origin_us, last_us, pictures)


def _choose_pictures(segment: SegmentSamples, zero_us: int, start_us: int, end_us: int) -> Samples:
    pictures, setup = segment.pictures, segment.video
    due = zero_us + (pictures.dts + pictures.shift) * _US // setup.timescale
    keys = np.flatnonzero(pictures.is_sync)
    ends_us = zero_us + _us(setup, pictures.end)
    if not len(keys) or ends_us <= start_us:
        return pictures.part(0, 0)
    before = keys[due[keys] <= start_us]
    first = int(before[-1]) if len(before) else int(keys[0])
    decoded = zero_us + pictures.dts * _US // setup.timescale
    stop = int(np.searchsorted(decoded, end_us))
    return pictures.part(first, max(first, stop))


def _choose_sound(
    setup: TrackSetup, sound: Samples, zero_us: int, from_us: int, end_us: int
) -> Samples:
    due = zero_us + sound.dts * _US // setup.timescale
    first, stop = np.searchsorted(due, (from_us, end_us))
    return sound.part(int(first), int(max(first, stop)))


def _take(
    lanes: dict[bool, _Lane],
    kept: list[tuple[TrackSetup, Samples]],
    shift_us: int,
    cursor: int,
) -> tuple[Copy, int]:
    """Put the samples of one segment behind what is there; what to copy, and the new end."""
    offsets: list[I64] = []
    lengths: list[I64] = []
    counts: list[I64] = []
    owners: list[I64] = []
    for setup, samples in kept:
        lane = lanes.setdefault(setup.is_video, _Lane(setup, [], [], [], []))
        lane.dts.append(samples.dts + round(shift_us * setup.timescale / _US))
        lane.parts.append(samples)
        ends = samples.offsets + samples.sizes
        starts = np.flatnonzero(np.append(True, samples.offsets[1:] != ends[:-1]))
        stops = np.append(starts[1:], len(samples))
        offsets.append(samples.offsets[starts])
        lengths.append(ends[stops - 1] - samples.offsets[starts])
        counts.append(stops - starts)
        owners.append(np.full(len(starts), setup.is_video, np.int64))
    order = np.argsort(np.concatenate(offsets), kind="stable")
    copy = Copy(np.concatenate(offsets)[order], np.concatenate(lengths)[order])
    all_counts, all_owners = np.concatenate(counts)[order], np.concatenate(owners)[order]
    for length, count, owner in zip(copy.lengths, all_counts, all_owners, strict=True):
        lane = lanes[bool(owner)]
        lane.chunk_samples.append(int(count))
        lane.chunk_places.append(cursor)
        cursor += int(length)
    return copy, cursor


def _pts(samples: Samples, index: int) -> int:
    return int(samples.dts[index] + samples.shift[index])


def _us(setup: TrackSetup, units: int) -> int:
    return units * _US // setup.timescale
