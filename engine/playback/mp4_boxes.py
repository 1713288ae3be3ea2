"""The boxes of a fragmented MP4 that say where pictures lie: pure functions of bytes.

Fields are those of ISO/IEC 14496-12. ValueError (also struct.error's) means a box that lies.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

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
    default_flags: int = _NO_FLAGS


@dataclass(frozen=True)
class TrackRun:
    """What one fragment holds of one track, in units of the track's time scale."""

    track_id: int
    start: int
    duration: int
    samples: int
    has_keyframe: bool


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
    extends: dict[int, tuple[int, int]] = {}
    (root,) = boxes(moov, 0, len(moov))
    for box in boxes(moov, root.body, root.end):
        if box.kind == b"trak":
            tracks.append(_track(moov, box))
        elif box.kind == b"mvex":
            for extend in boxes(moov, box.body, box.end):
                if extend.kind == b"trex":
                    track_id, _, duration, _, flags = struct.unpack_from(
                        ">5I", moov, extend.body + 4
                    )
                    extends[track_id] = duration, flags
    return tuple(
        Track(t.track_id, t.kind, t.codec, t.timescale, *extends.get(t.track_id, (0, _NO_FLAGS)))
        for t in tracks
    )


def runs_of(moof: bytes, tracks: tuple[Track, ...]) -> tuple[TrackRun, ...]:
    """What a whole `moof` box holds, track by track."""
    known = {track.track_id: track for track in tracks}
    (root,) = boxes(moof, 0, len(moof))
    return tuple(
        _run(moof, box, known) for box in boxes(moof, root.body, root.end) if box.kind == b"traf"
    )


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


def _run(data: bytes, traf: Box, known: dict[int, Track]) -> TrackRun:
    track = Track(0, "other", "", 1)
    start = duration = samples = 0
    has_keyframe = False
    each, flags = 0, _NO_FLAGS
    for box in boxes(data, traf.body, traf.end):
        if box.kind == b"tfhd":
            track, each, flags = _track_header(data, box, known)
        elif box.kind == b"tfdt":
            start = struct.unpack_from(">Q" if data[box.body] else ">I", data, box.body + 4)[0]
        elif box.kind == b"trun":
            count, length, has_key = _samples(data, box, each, flags)
            samples, duration = samples + count, duration + length
            has_keyframe = has_keyframe or has_key
    return TrackRun(track.track_id, start, duration, samples, has_keyframe)


def _track_header(data: bytes, box: Box, known: dict[int, Track]) -> tuple[Track, int, int]:
    marks = int.from_bytes(data[box.body + 1 : box.body + 4])
    track_id = struct.unpack_from(">I", data, box.body + 4)[0]
    track = known.get(track_id, Track(track_id, "other", "", 1))
    at = box.body + 8
    values = {}
    for mark, size in ((0x1, 8), (0x2, 4), (0x8, 4), (0x10, 4), (0x20, 4)):
        if marks & mark:
            values[mark] = int.from_bytes(data[at : at + size])
            at += size
    if at > box.end:
        raise ValueError("a track header is cut off")
    return track, values.get(0x8, track.default_duration), values.get(0x20, track.default_flags)


def _samples(data: bytes, box: Box, each: int, flags: int) -> tuple[int, int, bool]:
    """(number, duration together, whether one of them is a keyframe)."""
    marks = int.from_bytes(data[box.body + 1 : box.body + 4])
    count = struct.unpack_from(">I", data, box.body + 4)[0]
    at = box.body + 8 + (4 if marks & 0x1 else 0)
    first = flags
    if marks & 0x4:
        first = struct.unpack_from(">I", data, at)[0]
        at += 4
    fields = [mark for mark in (0x100, 0x200, 0x400, 0x800) if marks & mark]
    stride = 4 * len(fields)
    if at + count * stride > box.end:
        raise ValueError("a list of samples is cut off")
    duration = each * count
    if 0x100 in fields:
        duration = sum(struct.unpack_from(">I", data, at + n * stride)[0] for n in range(count))
    if 0x400 not in fields:
        later = flags if count > 1 else first
        return count, duration, count > 0 and not (first & later & _SAMPLE_IS_NON_SYNC)
    place = at + 4 * fields.index(0x400)
    every = [struct.unpack_from(">I", data, place + n * stride)[0] for n in range(count)]
    if marks & 0x4 and every:
        every[0] = first
    return count, duration, any(not value & _SAMPLE_IS_NON_SYNC for value in every)
