"""Every sample of a segment: where its bytes lie, when it is due, whether it is a keyframe.

Read from the boxes alone: pictures and sound are never touched, so they can leave as they are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.playback.fragment_index import Damage, FragmentScan, NotIndexableError, Read
from nvr_app.contract.mp4_boxes import Box, boxes

I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_US = 1_000_000
_NON_SYNC = 0x10000
_BASE_GIVEN, _DESCRIPTION, _DURATION, _SIZE, _FLAGS = 0x1, 0x2, 0x8, 0x10, 0x20


@dataclass(frozen=True)
class TrackSetup:
    """What a decoder must know of a track before its first sample."""

    track_id: int
    is_video: bool
    codec: str
    timescale: int
    width: int
    height: int
    entries: bytes
    """The whole `stsd` box, as the recorder wrote it."""
    defaults: tuple[int, int, int] = (0, 0, 0)
    """Duration, size and flags of samples that say nothing themselves."""


@dataclass(frozen=True)
class Samples:
    """Samples of one track in decoding order; times in units of the track's time scale."""

    dts: I64
    shift: I64
    """PTS minus DTS."""
    sizes: I64
    offsets: I64
    """In the segment's file."""
    is_sync: Mask
    end: int
    """Where the last sample ends."""

    def __len__(self) -> int:
        return len(self.dts)

    def part(self, start: int, stop: int) -> Samples:
        """Those from index `start` up to `stop`."""
        end = self.end if stop >= len(self) else int(self.dts[stop])
        return Samples(
            self.dts[start:stop],
            self.shift[start:stop],
            self.sizes[start:stop],
            self.offsets[start:stop],
            self.is_sync[start:stop],
            end,
        )


@dataclass
class SegmentSamples:
    """What can be taken out of one segment."""

    video: TrackSetup
    audio: TrackSetup | None
    pictures: Samples
    sound: Samples | None
    size_bytes: int
    damages: list[Damage] = field(default_factory=list)
    holes_us: list[tuple[int, int]] = field(default_factory=list)
    """Where pictures are missing between others: media time from the first picture on."""


def read_samples(read: Read, size: int, *, is_closed: bool) -> SegmentSamples:
    """Index a segment as far as it is written. NotIndexableError: nothing can be taken from it."""
    scan = FragmentScan()
    scan.scan(read, size)
    if is_closed:
        scan.finish(size)
    if not scan.init_size:
        raise NotIndexableError("its beginning is no MP4 header")
    try:
        setups = _setups(read(0, scan.init_size))
        video = next(setup for setup in setups if setup.is_video)
    except (ValueError, KeyError, struct.error, StopIteration):
        raise NotIndexableError("its description of the streams is damaged") from None
    audio = next((setup for setup in setups if not setup.is_video), None)
    found: dict[int, list[Samples]] = {setup.track_id: [] for setup in setups}
    damages = list(scan.damages)
    for fragment in scan.fragments:
        try:
            for track_id, run in _runs(read, fragment.offset, setups, size):
                found[track_id].append(run)
        except (ValueError, KeyError, struct.error):
            damages.append(Damage(fragment.offset, fragment.size_bytes))
    runs, holes = _decodable(found[video.track_id])
    pictures = _joined(runs)
    if pictures is None:
        raise NotIndexableError("it holds no picture yet" if not is_closed else "it is empty")
    sound = _joined(found[audio.track_id]) if audio is not None else None
    zero = int(pictures.dts[0])
    scale = video.timescale
    holes_us = [((a - zero) * _US // scale, (b - zero) * _US // scale) for a, b in holes]
    return SegmentSamples(video, audio, pictures, sound, size, damages, holes_us)


def _decodable(runs: list[Samples]) -> tuple[list[Samples], list[tuple[int, int]]]:
    """Runs without what a hole makes undecodable, and those holes up to the next keyframe."""
    kept: list[Samples] = []
    holes: list[tuple[int, int]] = []
    since: int | None = None
    for run in runs:
        if kept and since is None and int(run.dts[0]) > kept[-1].end:
            since = kept[-1].end
        if since is None:
            kept.append(run)
            continue
        keys = np.flatnonzero(run.is_sync)
        if len(keys):
            holes.append((since, int(run.dts[keys[0]])))
            kept.append(run.part(int(keys[0]), len(run)))
            since = None
    return kept, holes


def _joined(parts: list[Samples]) -> Samples | None:
    if not parts:
        return None
    return Samples(
        np.concatenate([part.dts for part in parts]),
        np.concatenate([part.shift for part in parts]),
        np.concatenate([part.sizes for part in parts]),
        np.concatenate([part.offsets for part in parts]),
        np.concatenate([part.is_sync for part in parts]),
        parts[-1].end,
    )


def _setups(init: bytes) -> tuple[TrackSetup, ...]:
    """Tracks of video and sound that the file's beginning names."""
    moov = next(box for box in boxes(init, 0, len(init)) if box.kind == b"moov")
    defaults: dict[int, tuple[int, int, int]] = {}
    for box in _all(init, moov, {b"mvex"}):
        if box.kind == b"trex":
            track_id, _, *rest = struct.unpack_from(">5I", init, box.body + 4)
            defaults[track_id] = (rest[0], rest[1], rest[2])
    setups = []
    for trak in boxes(init, moov.body, moov.end):
        if trak.kind == b"trak":
            setup = _setup(init, trak, defaults)
            if setup is not None:
                setups.append(setup)
    return tuple(setups)


def _setup(init: bytes, trak: Box, defaults: dict[int, tuple[int, int, int]]) -> TrackSetup | None:
    found = {box.kind: box for box in _all(init, trak, {b"mdia", b"minf", b"stbl"})}
    head, media, entries = found[b"tkhd"], found[b"mdhd"].body, found[b"stsd"]
    handler = init[found[b"hdlr"].body + 8 : found[b"hdlr"].body + 12]
    if handler not in (b"vide", b"soun"):
        return None
    track_id = struct.unpack_from(">I", init, head.body + (20 if init[head.body] else 12))[0]
    timescale = struct.unpack_from(">I", init, media + (20 if init[media] else 12))[0]
    width, height = struct.unpack_from(">II", init, head.end - 8)
    if timescale == 0:
        raise ValueError("a track without a time scale")
    return TrackSetup(
        track_id=track_id,
        is_video=handler == b"vide",
        codec=init[entries.body + 12 : entries.body + 16].decode("latin-1"),
        timescale=timescale,
        width=width >> 16,
        height=height >> 16,
        entries=init[entries.start : entries.end],
        defaults=defaults.get(track_id, (0, 0, 0)),
    )


def _all(data: bytes, parent: Box, into: set[bytes]) -> Iterator[Box]:
    for box in boxes(data, parent.body, parent.end):
        yield box
        if box.kind in into:
            yield from _all(data, box, into)


def _runs(
    read: Read, at: int, setups: tuple[TrackSetup, ...], size: int
) -> Iterator[tuple[int, Samples]]:
    """The samples of one fragment, run by run. ValueError: its boxes lie."""
    length = int.from_bytes(read(at, 4))
    moof = read(at, length)
    known = {setup.track_id: setup for setup in setups}
    (root,) = boxes(moof, 0, len(moof))
    for traf in boxes(moof, root.body, root.end):
        if traf.kind != b"traf":
            continue
        inner = list(boxes(moof, traf.body, traf.end))
        header = next(box for box in inner if box.kind == b"tfhd")
        track_id = struct.unpack_from(">I", moof, header.body + 4)[0]
        if track_id not in known:
            continue
        base, defaults = _defaults(moof, header, known[track_id], at)
        due = 0
        for box in inner:
            if box.kind == b"tfdt":
                wide = moof[box.body]
                due = struct.unpack_from(">Q" if wide else ">I", moof, box.body + 4)[0]
            elif box.kind == b"trun":
                run = _run(moof, box, base, due, defaults)
                if run is None:
                    continue
                if int(run.offsets[-1] + run.sizes[-1]) > size:
                    raise ValueError("samples beyond the end of the file")
                due, base = run.end, int(run.offsets[-1] + run.sizes[-1])
                yield track_id, run


def _defaults(
    moof: bytes, box: Box, setup: TrackSetup, at: int
) -> tuple[int, tuple[int, int, int]]:
    """(where data offsets count from, defaults of this fragment)."""
    marks = int.from_bytes(moof[box.body + 1 : box.body + 4])
    place = box.body + 8
    values: dict[int, int] = {}
    for mark, width in (
        (_BASE_GIVEN, 8), (_DESCRIPTION, 4), (_DURATION, 4), (_SIZE, 4), (_FLAGS, 4),
    ):  # fmt: skip
        if marks & mark:
            values[mark] = int.from_bytes(moof[place : place + width])
            place += width
    if place > box.end:
        raise ValueError("a track header is cut off")
    duration, size, flags = setup.defaults
    return values.get(_BASE_GIVEN, at), (
        values.get(_DURATION, duration), values.get(_SIZE, size), values.get(_FLAGS, flags),
    )  # fmt: skip


def _run(
    moof: bytes, box: Box, base: int, due: int, defaults: tuple[int, int, int]
) -> Samples | None:
    marks = int.from_bytes(moof[box.body + 1 : box.body + 4])
    count = struct.unpack_from(">I", moof, box.body + 4)[0]
    place = box.body + 8
    if marks & 0x1:
        base += struct.unpack_from(">i", moof, place)[0]
        place += 4
    first_flags = None
    if marks & 0x4:
        first_flags = struct.unpack_from(">I", moof, place)[0]
        place += 4
    fields = [mark for mark in (0x100, 0x200, 0x400, 0x800) if marks & mark]
    if place + 4 * count * len(fields) > box.end:
        raise ValueError("a list of samples is cut off")
    if count == 0:
        return None
    table = np.frombuffer(moof, ">u4", count * len(fields), place).reshape(count, len(fields))

    def column(mark: int, otherwise: int) -> I64:
        if mark not in fields:
            return np.full(count, otherwise, np.int64)
        return table[:, fields.index(mark)].astype(np.int64)

    durations, sizes = column(0x100, defaults[0]), column(0x200, defaults[1])
    flags = column(0x400, defaults[2])
    if first_flags is not None:
        flags[0] = first_flags
    shift = column(0x800, 0)
    if moof[box.body]:  # version 1: signed
        shift = shift.astype(np.uint32).view(np.int32).astype(np.int64)
    dts = due + np.concatenate(([0], np.cumsum(durations)[:-1]))
    offsets = base + np.concatenate(([0], np.cumsum(sizes)[:-1]))
    end = int(dts[-1] + durations[-1])
    return Samples(dts, shift, sizes, offsets, (flags & _NON_SYNC) == 0, end)
