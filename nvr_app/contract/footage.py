"""What players need of recorded footage: where in a segment's file which moment lies."""

from __future__ import annotations

from typing import Literal

import msgspec


class TrackView(msgspec.Struct, frozen=True, kw_only=True):
    """A media stream of the file; `codec` is the four letters of MP4 (avc1, hvc1, mp4a …)."""

    kind: Literal["video", "audio", "other"]
    codec: str


class FragmentView(msgspec.Struct, frozen=True, array_like=True):
    """A piece that can be fetched alone: [start_us, duration_us, offset, size_bytes, has_keyframe].

    Times are media time from the segment's beginning, of its video. Decoding begins at a fragment
    with a keyframe, which is then its first picture.
    """

    start_us: int
    duration_us: int
    offset: int
    size_bytes: int
    has_keyframe: bool


class DamageView(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of the file that are no media."""

    offset: int
    size_bytes: int


class SegmentIndex(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of `/api/v1/segments/{id}/index`; of an open segment, what is written so far.

    The first `init_size` bytes of the file and then any fragments in their order are a stream
    that can be decoded.
    """

    segment_id: str
    camera_id: str
    run_id: str
    start_wall_us: int
    end_wall_us: int | None
    state: str
    content_hash: str = ""
    """Of the whole file, once closed; the `ETag` of its media. Another one: index it anew."""
    init_size: int
    indexed_bytes: int
    tracks: tuple[TrackView, ...]
    fragments: tuple[FragmentView, ...]
    damages: tuple[DamageView, ...] = ()
