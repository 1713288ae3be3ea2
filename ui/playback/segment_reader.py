"""A segment's fragments as stretches that can be decoded, fetched by range. A lane's thread."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from nvr_app.contract.api import SegmentView
from nvr_app.contract.footage import FragmentView, SegmentIndex
from ui.live.footage_media import FootageHead, UndecodableError, Unit, read_head, units_of
from ui.playback.footage_http import FootageHttp

_LEAST_STRETCH_US = 900_000
"""Cameras whose every picture is a keyframe are not fetched picture by picture."""
_KEPT_SEGMENTS = 6


@dataclass(frozen=True)
class Stretch:
    """Fragments from one with a keyframe up to the next such one; times in wall µs."""

    first: int
    end: int
    start_us: int
    end_us: int


@dataclass(frozen=True)
class ReadSegment:
    """What is known of a segment's inside."""

    view: SegmentView
    index: SegmentIndex
    head: FootageHead
    stretches: tuple[Stretch, ...]
    damages: tuple[tuple[int, int], ...]
    """Begin and end in wall µs of what the file's damaged places would have shown."""

    @property
    def is_open(self) -> bool:
        return self.index.state == "open"

    @property
    def end_us(self) -> int:
        """End of what can be played of it now."""
        return self.stretches[-1].end_us if self.stretches else self.view.start_wall_us

    def stretch_at(self, wall_us: int) -> int:
        """Number of the stretch to begin with for a moment: the last that begins by then."""
        chosen = 0
        for number, stretch in enumerate(self.stretches):
            if stretch.start_us > wall_us:
                break
            chosen = number
        return chosen


class SegmentReader:
    """Keeps heads and indexes of the last few segments."""

    def __init__(self, http: FootageHttp) -> None:
        self._http = http
        self._kept: OrderedDict[str, ReadSegment] = OrderedDict()
        self.lost: list[FragmentView] = []

    def read(self, view: SegmentView, at_us: int) -> ReadSegment:
        """The inside of a segment, at least up to a moment if it is written so far.

        FootageUnavailableError, UndecodableError.
        """
        known = self._kept.get(view.segment_id)
        if known is not None and (not known.is_open or at_us < known.end_us):
            self._kept.move_to_end(view.segment_id)
            return known
        index = self._http.index(view.segment_id)
        head = known.head if known is not None and known.index.init_size else None
        if head is None:
            start = self._http.media(view.segment_id, 0, max(index.init_size, 1))
            try:
                head = read_head(start)
            except UndecodableError as error:
                raise UndecodableError(f"segment {view.segment_id}: {error}") from None
        read = ReadSegment(view, index, head, _stretches(index), _damages(index))
        self._kept[view.segment_id] = read
        self._kept.move_to_end(view.segment_id)
        while len(self._kept) > _KEPT_SEGMENTS:
            self._kept.popitem(last=False)
        return read

    def forget(self) -> None:
        """Something was not as its index said: look at every segment anew."""
        self._kept.clear()

    def units(self, segment: ReadSegment, first: int, end: int, kind: str = "video") -> list[Unit]:
        """Access units of the fragments [first, end). FootageUnavailableError.

        `lost` then names those of them that hold none any more.
        """
        data = memoryview(self.fetch(segment, first, end))
        units: list[Unit] = []
        self.lost.clear()
        at = 0
        for fragment in segment.index.fragments[first:end]:
            found = units_of(bytes(data[at : at + fragment.size_bytes]), segment.head, kind)
            if not found:
                self.lost.append(fragment)
            units += found
            at += fragment.size_bytes
        return units

    def fetch(self, segment: ReadSegment, first: int, end: int) -> bytes:
        """Bytes of the fragments [first, end); what lies damaged between them is left out."""
        parts = []
        for offset, size in _runs(segment.index.fragments[first:end]):
            parts.append(
                self._http.media(segment.view.segment_id, offset, size, segment.index.content_hash)
            )
        return b"".join(parts)


def _runs(fragments: Sequence[FragmentView]) -> list[tuple[int, int]]:
    """Places (offset, size) that lie behind one another, as one."""
    runs: list[tuple[int, int]] = []
    for fragment in fragments:
        if runs and sum(runs[-1]) == fragment.offset:
            runs[-1] = runs[-1][0], runs[-1][1] + fragment.size_bytes
        else:
            runs.append((fragment.offset, fragment.size_bytes))
    return runs


def _stretches(index: SegmentIndex) -> tuple[Stretch, ...]:
    """What comes before the first keyframe cannot be decoded and is in none."""
    begin_us = index.start_wall_us
    firsts: list[int] = []
    for number, fragment in enumerate(index.fragments):
        if not fragment.has_keyframe:
            continue
        if firsts and fragment.start_us - index.fragments[firsts[-1]].start_us < _LEAST_STRETCH_US:
            continue
        firsts.append(number)
    ends = [*firsts[1:], len(index.fragments)]
    return tuple(
        Stretch(
            first,
            end,
            begin_us + index.fragments[first].start_us,
            begin_us + index.fragments[end - 1].start_us + index.fragments[end - 1].duration_us,
        )
        for first, end in zip(firsts, ends, strict=True)
    )


def _damages(index: SegmentIndex) -> tuple[tuple[int, int], ...]:
    spans = []
    for damage in index.damages:
        before = [f for f in index.fragments if f.offset < damage.offset]
        after = [f for f in index.fragments if f.offset >= damage.offset + damage.size_bytes]
        start_us = before[-1].start_us + before[-1].duration_us if before else 0
        start_wall_us = index.start_wall_us + start_us
        if after:
            end_wall_us = index.start_wall_us + after[0].start_us
        else:
            end_wall_us = index.end_wall_us or start_wall_us
        if end_wall_us > start_wall_us:
            spans.append((start_wall_us, end_wall_us))
    return tuple(spans)
