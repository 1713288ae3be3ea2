"""Tracks whose events have begun and not ended, so that a successor can end those of a dead worker.

Written without waiting for the disk: it is to survive the process; after a power cut an event that
never ended is the smaller harm.
"""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from nvr_app.contract.events import TrackEnded

logger = logging.getLogger(__name__)


class OpenTracks:
    """The book of one worker. Use from its loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: dict[str, TrackEnded] = {}
        self._is_changed = False

    def inherited(self) -> list[TrackEnded]:
        """The ends, as far as known, of what an earlier process left open; asked once, at start."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=list[TrackEnded])
        except (OSError, msgspec.MsgspecError):
            return []

    def note(self, so_far: TrackEnded) -> None:
        """A track goes on: what its end would say if it were now."""
        self._open[so_far.event_id] = so_far
        self._is_changed = True

    def close(self, event_id: str) -> None:
        """A track has ended in order."""
        if self._open.pop(event_id, None) is not None:
            self._is_changed = True

    def write(self) -> None:
        """Bring the book to its file if it has changed; call once a second."""
        if not self._is_changed:
            return
        temp = self._path.with_name(f".{self._path.name}.tmp")
        try:
            temp.write_bytes(msgspec.json.encode(list(self._open.values())))
            temp.replace(self._path)
        except OSError as error:
            logger.warning("the book of open tracks was not written: %s", error)
            return
        self._is_changed = False
