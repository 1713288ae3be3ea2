"""The boxes of a fragmented MP4 that say where pictures lie: pure functions of bytes.

The engine indexes segments with them, the desk takes fragments apart: both read the same file.

Fields are those of ISO/IEC 14496-12. ValueError (also struct.error's) means a box that lies.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

_SAMPLE_IS_NON_SYNC = 0x10000
_NO_FLAGS = 0


@dataclass(frozen=True)
class Box:
    """A box within a buffer: `body` is where its content begins, `end` where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True)
class Track:
    """A media stream of the file, with what fragments leave unsaid."""

    track_id: int
    kind: Literal["video", "audio", "other"]
    codec: str
    """Four letters of the sample entry: avc1, hvc1, mp4a …"""
    timescale: int
    default_duration: int = 0
    default_size: int = 0
    default_flags: int = _NO_FLAGS


class Sample(NamedTuple):
    """One access unit of a fragment. `offset` counts from the `moof`'s first byte; times are in
    units of the track's time scale, from the beginning of the file.
    """

    track_id: int
    offset: int
    size: int
    dts: int
    pts: int
    duration: int
    is_keyframe: bool


def box_header(data: bytes, at: int) -> tuple[bytes, int, int] | None:
    """(kind, size of the header, size of the whole box); None: more bytes are needed.

    A size of 0 (to the end of the file) is given as it is.
    """
    if len(data) - at < 8:
        return None
    size, kind = struct.unpack_from(">I4s", data, at)
    if size != 1:
        return kind, 8, size
    if len(data) - at < 16:
        return None
    return kind, 16, struct.unpack_from(">Q", data, at + 8)[0]


def boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes between two positions. ValueError: one reaches beyond the end."""
    while start < end:
        header = box_header(data, start)
        if header is None:
            raise ValueError("a box is cut off")
        kind, head, size = header
        if size < head or start + size > end:
            raise ValueError(f"box {kind!r} reaches beyond its place")
        yield Box(kind, start, start + head, start + size)
        start += size


def tracks_of(moov: bytes) -> tuple[Track, ...]:
    """The tracks that a whole `moov` box names."""
    tracks: list[Track] = []
    extends: dict[int, tuple[int, int, int]] = {}
    (root,) = boxes(moov, 0, len(moov))
    for box in boxes(moov, root.body, root.end):
        if box.kind == b"trak":
            tracks.append(_track(moov, box))
        elif box.kind == b"mvex":
            for extend in boxes(moov, box.body, box.end):
                if extend.kind == b"trex":
                    track_id, _, duration, size, flags = struct.unpack_from(
                        ">5I", moov, extend.body + 4
                    )
                    extends[track_id] = duration, size, flags
    return tuple(
        Track(t.track_id, t.kind, t.codec, t.timescale, *extends.get(t.track_id, (0, 0, _NO_FLAGS)))
        for t in tracks
    )


def samples_of(moof: bytes, tracks: tuple[Track, ...]) -> list[Sample]:
    """What a whole `moof` box says of its `mdat`, track by track in the order of decoding."""
    known = {track.track_id: track for track in tracks}
    (root,) = boxes(moof, 0, len(moof))
    samples: list[Sample] = []
    for box in boxes(moof, root.body, root.end):
        if box.kind == b"traf":
            _read_traf(moof, box, known, samples)
    return samples


def _track(data: bytes, trak: Box) -> Track:
    found = {box.kind: box for box in _all(data, trak, {b"mdia", b"minf", b"stbl"})}
    head = found[b"tkhd"].body
    track_id = struct.unpack_from(">I", data, head + (20 if data[head] else 12))[0]
    media = found[b"mdhd"].body
    timescale = struct.unpack_from(">I", data, media + (20 if data[media] else 12))[0]
    handler = data[found[b"hdlr"].body + 8 : found[b"hdlr"].body + 12]
    entry = found[b"stsd"].body + 12
    kind: Literal["video", "audio", "other"] = (
        "video" if handler == b"vide" else "audio" if handler == b"soun" else "other"
    )
    if timescale == 0:
        raise ValueError("a track without a time scale")
    return Track(track_id, kind, data[entry : entry + 4].decode("latin-1"), timescale)


def _all(data: bytes, parent: Box, into: set[bytes]) -> Iterator[Box]:
    for box in boxes(data, parent.body, parent.end):
        yield box
        if box.kind in into:
            yield from _all(data, box, into)


@dataclass
class _Defaults:
    """What a track's samples are unless they say otherwise."""

    track_id: int
    duration: int
    size: int
    flags: int


def _read_traf(data: bytes, traf: Box, known: dict[int, Track], out: list[Sample]) -> None:
    defaults = _Defaults(0, 0, 0, 0)
    time, place = 0, None
    for box in boxes(data, traf.body, traf.end):
        if box.kind == b"tfhd":
            defaults = _defaults(data, box, known)
        elif box.kind == b"tfdt":
            time = struct.unpack_from(">Q" if data[box.body] else ">I", data, box.body + 4)[0]
        elif box.kind == b"trun":
            time, place = _read_trun(data, box, defaults, time, place, out)


def _defaults(data: bytes, box: Box, known: dict[int, Track]) -> _Defaults:
    marks = int.from_bytes(data[box.body + 1 : box.body + 4])
    track_id = struct.unpack_from(">I", data, box.body + 4)[0]
    track = known[track_id]
    at = box.body + 8
    values = {}
    for mark, size in ((0x1, 8), (0x2, 4), (0x8, 4), (0x10, 4), (0x20, 4)):
        if marks & mark:
            values[mark] = int.from_bytes(data[at : at + size])
            at += size
    if at > box.end or 0x1 in values:  # an absolute place would not survive being cut out
        raise ValueError("a track header is cut off, or of a kind that is not written here")
    return _Defaults(
        track_id,
        values.get(0x8, track.default_duration),
        values.get(0x10, track.default_size),
        values.get(0x20, track.default_flags),
    )


def _read_trun(
    data: bytes, box: Box, defaults: _Defaults, time: int, place: int | None, out: list[Sample]
) -> tuple[int, int]:
    """Append its samples; where in time and in the file the next run would go on."""
    marks = int.from_bytes(data[box.body + 1 : box.body + 4])
    count = struct.unpack_from(">I", data, box.body + 4)[0]
    at = box.body + 8
    offset = place or 0
    if marks & 0x1:
        offset = struct.unpack_from(">i", data, at)[0]
        at += 4
    first_flags = None
    if marks & 0x4:
        first_flags = struct.unpack_from(">I", data, at)[0]
        at += 4
    fields = [mark for mark in (0x100, 0x200, 0x400, 0x800) if marks & mark]
    if at + 4 * count * len(fields) > box.end:
        raise ValueError("a list of samples is cut off")
    values = struct.unpack_from(f">{count * len(fields)}I", data, at)
    columns = {mark: values[n :: len(fields)] for n, mark in enumerate(fields)}
    durations = columns.get(0x100) or (defaults.duration,) * count
    sizes = columns.get(0x200) or (defaults.size,) * count
    flags = columns.get(0x400) or (defaults.flags,) * count
    shifts = columns.get(0x800) or (0,) * count
    for n in range(count):
        flag = first_flags if n == 0 and first_flags is not None else flags[n]
        shift = shifts[n] - (1 << 32) if shifts[n] >= 1 << 31 else shifts[n]
        out.append(
            Sample(
                defaults.track_id, offset, sizes[n], time, time + shift, durations[n],
                not flag & _SAMPLE_IS_NON_SYNC,
            )
        )  # fmt: skip
        offset += sizes[n]
        time += durations[n]
    return time, offset
