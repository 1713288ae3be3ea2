"""Fragment indexes that were read once and are kept: closed segments never change."""

from __future__ import annotations

import threading
from collections import OrderedDict

from engine.playback.fragment_index import FragmentScan
from engine.playback.segment_file import SegmentFile

_MOST_FRAGMENTS = 200_000
"""About 30 MB: some 1,500 minutes of half-second fragments."""

Place = tuple[str, str, str]
"""Segment, root and path: footage that moved or was encoded anew is indexed anew."""


class IndexCache:
    """Any thread; a thread that hangs in a file holds up only those who want that file."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[Place, _Entry] = OrderedDict()

    def index(self, place: Place, file: SegmentFile, *, is_closed: bool) -> FragmentScan:
        """What is in the file now. NotIndexableError, SegmentUnreadableError."""
        with self._lock:
            entry = self._entries.setdefault(place, _Entry())
            self._entries.move_to_end(place)
        with entry.lock:
            entry.renew(file, is_closed=is_closed)
            found = entry.copy()
        self._bound()
        return found

    def _bound(self) -> None:
        with self._lock:
            held = sum(len(entry.scan.fragments) for entry in self._entries.values())
            while held > _MOST_FRAGMENTS and len(self._entries) > 1:
                _, dropped = self._entries.popitem(last=False)
                held -= len(dropped.scan.fragments)


class _Entry:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.scan = FragmentScan()
        self._is_final = False

    def renew(self, file: SegmentFile, *, is_closed: bool) -> None:
        if self._is_final:
            return
        size = file.size()
        if size < self.scan.scanned:  # its torn end was cut off when it was adopted
            self.scan = FragmentScan()
        self.scan.scan(file.read, size)
        if is_closed:
            self.scan.finish(size)
            self._is_final = True

    def copy(self) -> FragmentScan:
        """For readers in other threads; a final one is shared as it is."""
        if self._is_final:
            return self.scan
        scan = self.scan
        return FragmentScan(
            scan.tracks, list(scan.fragments), list(scan.damages), scan.init_size, scan.scanned
        )
