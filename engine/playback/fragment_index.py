"""Where the fragments of a segment lie: read from the boxes alone, also while it is written.

A scan goes on where the last one stopped, so that a growing file is never read twice. A torn
last fragment does not count until the rest of it is there. What lies in the middle and is no
box is a damage: it is named and skipped to the next fragment.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.base.errors import EngineError
from nvr_app.contract.mp4_boxes import Sample, Track, box_header, samples_of, tracks_of

_LOOK_BYTES = 4_096
"""One read at a box's start brings a whole `moof` of usual size and the header behind it."""
_MOST_MOOF_BYTES = 4 * 1024**2
_SEARCH_BYTES = 256 * 1024
_US = 1_000_000

Read = Callable[[int, int], bytes]
"""(offset, size) → at most so many bytes, fewer only at the end of the file. OSError."""


class NotIndexableError(EngineError):
    """The file has no readable beginning: without it nothing in it can be decoded."""


@dataclass(frozen=True)
class Fragment:
    """A `moof` and its `mdat`; times are those of the video, in µs from the segment's start."""

    start_us: int
    duration_us: int
    offset: int
    size_bytes: int
    has_keyframe: bool


@dataclass(frozen=True)
class Damage:
    """Bytes between two fragments (or at the end of a closed file) that are no media."""

    offset: int
    size_bytes: int


@dataclass
class FragmentScan:
    """What is known of one file; `scan` makes it more. Use from one thread at a time."""

    tracks: tuple[Track, ...] = ()
    fragments: list[Fragment] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)
    init_size: int = 0
    """Bytes before the first fragment: what a decoder needs first."""
    scanned: int = 0
    """Everything before this byte is indexed."""
    _moof: tuple[int, bytes] | None = None

    def scan(self, read: Read, size: int) -> None:
        """Go on up to `size` bytes. NotIndexableError, OSError."""
        while self.scanned < size and self._step(read, size):
            pass

    def finish(self, size: int) -> None:
        """The file will not grow: what is left at its end is torn. NotIndexableError."""
        if not self.tracks:
            raise NotIndexableError("it ends before its description of the streams")
        if self.scanned < size:
            self.damages.append(Damage(self.scanned, size - self.scanned))
            self.scanned = size

    def _step(self, read: Read, size: int) -> bool:
        """Take one box; False: the rest of it has not been written yet."""
        at = self.scanned
        look = read(at, _LOOK_BYTES)
        header = box_header(look, 0)
        if header is None:
            return False
        kind, head, length = header
        is_plausible = _is_plausible(kind, head, length)
        if not self.tracks and not is_plausible:
            raise NotIndexableError("its beginning is no MP4 header")
        if not is_plausible or at + length > size:
            # Either still being written, or a lie; a fragment further on tells which.
            return bool(self.tracks) and self._skip_damage(read, size)
        if kind == b"moov":
            self._begin(look if len(look) >= length else read(at, length), length)
        elif kind == b"moof":
            if length > _MOST_MOOF_BYTES or not self.tracks:
                return self._skip_damage(read, size)
            whole = look[:length] if len(look) >= length else read(at, length)
            self._moof = at, whole
        elif kind == b"mdat":
            self._end_fragment(at + length)
        self.scanned = at + length
        return True

    def _begin(self, moov: bytes, length: int) -> None:
        try:
            self.tracks = tracks_of(moov[:length])
        except (ValueError, KeyError, struct.error) as error:
            raise NotIndexableError(f"its description of the streams is damaged: {error}") from None
        self.init_size = self.scanned + length

    def _end_fragment(self, end: int) -> None:
        if self._moof is None:
            return
        (offset, moof), self._moof = self._moof, None
        try:
            samples = samples_of(moof, self.tracks)
        except (ValueError, KeyError, struct.error):
            self.damages.append(Damage(offset, end - offset))
            return
        fragment = _fragment(samples, self.tracks, offset, end - offset)
        if fragment is None:
            self.damages.append(Damage(offset, end - offset))
        else:
            self.fragments.append(fragment)

    def _skip_damage(self, read: Read, size: int) -> bool:
        """Find the next fragment behind what is no box; False: there is none (yet)."""
        start = self._moof[0] if self._moof else self.scanned
        position = self.scanned + 8
        while position < size:
            block = read(position, _SEARCH_BYTES + 16)
            found = block.find(b"moof")
            while found >= 0:
                if block[found + 8 : found + 12] == b"mfhd":
                    self.damages.append(Damage(start, position + found - 4 - start))
                    self.scanned, self._moof = position + found - 4, None
                    return True
                found = block.find(b"moof", found + 4)
            position += _SEARCH_BYTES
        return False


def _is_plausible(kind: bytes, head: int, length: int) -> bool:
    return length >= head and all(32 <= letter < 127 for letter in kind)


def _fragment(
    samples: list[Sample], tracks: tuple[Track, ...], offset: int, size: int
) -> Fragment | None:
    video = {track.track_id for track in tracks if track.kind == "video"}
    # A fragment of sound alone still has its place in time; it holds no keyframe.
    pictures = [sample for sample in samples if sample.track_id in video]
    chosen = pictures or samples
    if not chosen:
        return None
    duration = sum(sample.duration for sample in chosen if sample.track_id == chosen[0].track_id)
    scale = next(t.timescale for t in tracks if t.track_id == chosen[0].track_id)
    return Fragment(
        chosen[0].dts * _US // scale,
        duration * _US // scale,
        offset,
        size,
        has_keyframe=any(sample.is_keyframe for sample in pictures),
    )
