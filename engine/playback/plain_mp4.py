"""The beginning of a plain MP4 (ISO/IEC 14496-12) whose media follows as it is. Pure.

The index stands in front, so the file is written from its first byte to its last without ever
going back: it can be hashed while it is written, and go straight into an archive.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from engine.playback.samples import I64, Mask, TrackSetup

_MOVIE_SCALE = 90_000
_MAC_EPOCH_S = 2_082_844_800
"""Seconds from 1904, where MP4 counts from, to 1970."""
_IDENTITY = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


@dataclass(frozen=True)
class TrackTable:
    """One track's samples as the file will hold them."""

    setup: TrackSetup
    dts: I64
    """Strictly growing, from 0, in units of the track's time scale."""
    shift: I64
    sizes: I64
    is_sync: Mask
    last_duration: int
    chunk_samples: I64
    chunk_places: I64
    """Where each chunk begins, counted from the first byte of media."""
    delay: int = 0
    """How long after the file's beginning the track begins, in its own units."""
    skip: int = 0
    """What is not shown of its beginning: pictures that are decoded before they are due."""

    @property
    def duration(self) -> int:
        return int(self.dts[-1]) + self.last_duration


def mp4_beginning(tables: tuple[TrackTable, ...], media_bytes: int, start_wall_us: int) -> bytes:
    """Everything before the first byte of media."""
    kind = b"isom\x00\x00\x02\x00isomiso2mp41"
    head = _box(b"ftyp", kind)
    wide = media_bytes + 16 > 0xFFFFFFFF
    mdat = struct.pack(">I4s", 1 if wide else media_bytes + 8, b"mdat")
    if wide:
        mdat += struct.pack(">Q", media_bytes + 16)
    # The index' own length does not depend on where the media lies: all places have 64 bits.
    length = len(_moov(tables, 0, start_wall_us))
    return head + _moov(tables, len(head) + length + len(mdat), start_wall_us) + mdat


def _moov(tables: tuple[TrackTable, ...], media_at: int, start_wall_us: int) -> bytes:
    made_s = start_wall_us // 1_000_000 + _MAC_EPOCH_S
    longest = max(_movie(table, table.delay + table.duration) for table in tables)
    header = _full(
        b"mvhd", 1, 0,
        struct.pack(">QQIQ", made_s, made_s, _MOVIE_SCALE, longest)
        + struct.pack(">IHHII", 0x10000, 0x100, 0, 0, 0) + _IDENTITY
        + bytes(24) + struct.pack(">I", len(tables) + 1),
    )  # fmt: skip
    tracks = [
        _trak(number, table, media_at, made_s) for number, table in enumerate(tables, start=1)
    ]
    return _box(b"moov", header, *tracks)


def _trak(number: int, table: TrackTable, media_at: int, made_s: int) -> bytes:
    setup = table.setup
    shown = _movie(table, table.duration - table.skip)
    head = _full(
        b"tkhd", 1, 3,
        struct.pack(">QQIIQ", made_s, made_s, number, 0, _movie(table, table.delay) + shown)
        + bytes(8) + struct.pack(">HHHH", 0, 0, 0 if setup.is_video else 0x100, 0) + _IDENTITY
        + struct.pack(">II", setup.width << 16, setup.height << 16),
    )  # fmt: skip
    media = _full(
        b"mdhd", 1, 0,
        struct.pack(">QQIQHH", made_s, made_s, setup.timescale, table.duration, 0x55C4, 0),
    )  # fmt: skip
    handler, name = (b"vide", b"video") if setup.is_video else (b"soun", b"sound")
    kind = _full(b"hdlr", 0, 0, bytes(4), handler, bytes(12), name, b"\0")
    sort = _full(b"vmhd", 0, 1, bytes(8)) if setup.is_video else _full(b"smhd", 0, 0, bytes(4))
    where = _box(b"dinf", _full(b"dref", 0, 0, struct.pack(">I", 1), _full(b"url ", 0, 1)))
    info = _box(b"minf", sort, where, _stbl(table, media_at))
    return _box(b"trak", head, _edits(table, shown), _box(b"mdia", media, kind, info))


def _edits(table: TrackTable, shown: int) -> bytes:
    rate = struct.pack(">I", 0x10000)
    entries = [struct.pack(">Qq", shown, table.skip) + rate]
    if table.delay:
        entries.insert(0, struct.pack(">Qq", _movie(table, table.delay), -1) + rate)
    edits = _full(b"elst", 1, 0, struct.pack(">I", len(entries)), *entries)
    return _box(b"edts", edits)


def _stbl(table: TrackTable, media_at: int) -> bytes:
    deltas = np.append(np.diff(table.dts), table.last_duration)
    parts = [table.setup.entries, _full(b"stts", 0, 0, _pairs(deltas))]
    if table.shift.any():
        parts.append(_full(b"ctts", 1, 0, _pairs(table.shift)))
    if not table.is_sync.all():
        keys = (np.flatnonzero(table.is_sync) + 1).astype(">u4")
        parts.append(_full(b"stss", 0, 0, struct.pack(">I", len(keys)), keys.tobytes()))
    sizes = table.sizes.astype(">u4")
    places = (table.chunk_places + media_at).astype(">u8")
    parts += [
        _full(b"stsc", 0, 0, _chunk_runs(table.chunk_samples)),
        _full(b"stsz", 0, 0, struct.pack(">II", 0, len(sizes)), sizes.tobytes()),
        _full(b"co64", 0, 0, struct.pack(">I", len(places)), places.tobytes()),
    ]
    return _box(b"stbl", *parts)


def _runs(values: I64) -> tuple[I64, I64, I64]:
    """(where each run of equal values begins, how long it is, its value)."""
    starts = np.concatenate(([0], np.flatnonzero(np.diff(values)) + 1)).astype(np.int64)
    lengths = np.diff(np.append(starts, len(values)))
    return starts, lengths, values[starts]


def _pairs(values: I64) -> bytes:
    _, lengths, heads = _runs(values)
    table = np.stack((lengths, heads), axis=1).astype(">i4")
    return struct.pack(">I", len(table)) + table.tobytes()


def _chunk_runs(samples: I64) -> bytes:
    starts, _, counts = _runs(samples)
    table = np.stack((starts + 1, counts, np.ones_like(starts)), axis=1).astype(">u4")
    return struct.pack(">I", len(table)) + table.tobytes()


def _movie(table: TrackTable, units: int) -> int:
    return units * _MOVIE_SCALE // table.setup.timescale


def _box(kind: bytes, *parts: bytes) -> bytes:
    size = 8 + sum(map(len, parts))
    return b"".join((struct.pack(">I4s", size, kind), *parts))


def _full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *parts)
