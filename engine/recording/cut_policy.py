"""When a segment begins and ends, and what counts as a discontinuity. Pure."""

from __future__ import annotations

import zlib
from typing import Literal

Cut = Literal["skip", "open", "append", "rotate"]

JUMP_LIMIT_US = 5_000_000
"""Media time that runs this far ahead of or behind the arrival is a new run."""


def boundary_offset_us(camera_id: str, segment_us: int) -> int:
    """Where in the minute this camera cuts: spread, so that files do not close all at once."""
    return zlib.crc32(camera_id.encode()) % max(segment_us, 1)


def next_boundary_us(start_wall_us: int, segment_us: int, offset_us: int) -> int:
    """The first cutting time after a segment's start.

    A segment that began shortly before a boundary runs on to the one after it, so that no
    segment is shorter than a quarter of the usual length without cause.
    """
    boundary = (start_wall_us - offset_us) // segment_us * segment_us + offset_us + segment_us
    if boundary - start_wall_us < segment_us // 4:
        boundary += segment_us
    return boundary


def choose_cut(*, is_open: bool, is_keyframe: bool, wall_us: int, boundary_us: int) -> Cut:
    """What to do with a video packet."""
    if not is_open:
        return "open" if is_keyframe else "skip"
    if is_keyframe and wall_us >= boundary_us:
        return "rotate"
    return "append"


def is_jump(last_pts_us: int, pts_us: int, last_mono_ns: int, mono_ns: int) -> bool:
    """Whether media time leapt against the time of arrival."""
    media_us = pts_us - last_pts_us
    arrival_us = (mono_ns - last_mono_ns) // 1_000
    return abs(media_us - arrival_us) > JUMP_LIMIT_US
