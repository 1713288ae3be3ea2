"""Copying footage into a file of an export, hashed on both sides while it passes."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from engine.playback.cut import Copy, FileLayout
from engine.playback.export_target import Sink
from engine.playback.segment_file import SegmentFile, SegmentUnreadableError
from engine.recording.content_hash import new_content_hash
from nvr_app.evidence.digest import FileDigest

Hash: TypeAlias = hashlib.blake2b

_WINDOW_BYTES = 8 * 1024**2
_MOST_WAITING = 4
"""Windows on their way to a hash: what an export holds in memory at most, twice."""

OnCopied = Callable[[int], None]
"""Bytes written since the last call; may raise to leave off."""


class HashLine:
    """A thread that hashes pieces in the order in which they are given."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Callable[[], None] | None] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name="export-hash", daemon=True)
        self._thread.start()

    def add(self, work: Callable[[], None]) -> None:
        """Waits while the line is full."""
        self._queue.put(work)

    def close(self) -> None:
        """After everything that was given; idempotent."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            work()


@dataclass(frozen=True)
class SourceCopy:
    """One segment's part in a file."""

    file: SegmentFile
    size_bytes: int
    copy: Copy
    content_hash: str
    """What the journal says of its content; empty: nothing to compare with."""


@dataclass(frozen=True)
class Copied:
    """What came of a file."""

    digest: FileDigest
    is_as_journalled: tuple[bool | None, ...]
    """Of each source; None where nothing is journalled."""


def copy_file(
    layout: FileLayout, sources: list[SourceCopy], sink: Sink, on_copied: OnCopied
) -> Copied:
    """Write a file from its beginning to its end. SegmentUnreadableError, TargetError."""
    digest = FileDigest()
    found: list[Hash | None] = []
    out_line, in_line = HashLine(), HashLine()
    try:
        sink.write(layout.beginning)
        out_line.add(lambda: digest.update(layout.beginning))
        on_copied(len(layout.beginning))
        for source in sources:
            content = new_content_hash() if source.content_hash else None
            found.append(content)
            for window, pieces in _windows(source):
                if content is not None:
                    in_line.add(partial(content.update, window))
                if pieces:
                    out_line.add(partial(_update, digest, pieces))
                    for piece in pieces:
                        sink.write(piece)
                    on_copied(sum(map(len, pieces)))
    finally:
        in_line.close()
        out_line.close()
    return Copied(
        digest,
        tuple(
            None if content is None else content.hexdigest() == source.content_hash
            for content, source in zip(found, sources, strict=True)
        ),
    )


def _update(digest: FileDigest, pieces: list[memoryview]) -> None:
    for piece in pieces:
        digest.update(piece)


def _windows(source: SourceCopy) -> Iterator[tuple[memoryview, list[memoryview]]]:
    """The source's bytes in order, and what of them goes out.

    All of them where the content can be compared with the journal, else what goes out alone.
    """
    offsets = source.copy.offsets
    ends = offsets + source.copy.lengths
    first, last = 0, source.size_bytes
    if not source.content_hash:
        first, last = (int(offsets[0]), int(ends[-1])) if len(offsets) else (0, 0)
    index = 0
    for at in range(first, last, _WINDOW_BYTES):
        size = min(_WINDOW_BYTES, last - at)
        window = memoryview(source.file.read(at, size))
        if len(window) < size:
            raise SegmentUnreadableError(f"a segment ends at byte {at + len(window)} all at once")
        pieces = []
        while index < len(offsets) and offsets[index] < at + size:
            pieces.append(window[max(int(offsets[index]) - at, 0) : int(ends[index]) - at])
            if ends[index] > at + size:
                break  # the rest of it is in the next window
            index += 1
        yield window, pieces
