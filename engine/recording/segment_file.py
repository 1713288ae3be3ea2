"""One segment on its way to the disk."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.recording.content_hash import new_content_hash
from engine.recording.storage_root import StorageRoot
from nvr_app.contract.events import SegmentOpened


@dataclass(frozen=True, kw_only=True)
class SegmentEnd:
    """What the media thread knows when it closes a segment."""

    end_wall_us: int
    frames: int
    keyframes: int


@dataclass(eq=False)
class SegmentFile:
    """`failure` is set once, by whoever notices: from then on it takes no more pictures."""

    opened: Callable[[StorageRoot], SegmentOpened]
    path: str
    failure: str = ""
    root: StorageRoot | None = None
    """Where it lies; None until its file exists."""
    trying: StorageRoot | None = None
    """Where it is being created at present."""
    attempt: int = 0
    """Grows when its creation is given to another lane: the former one then lets go of it."""
    descriptor: int = -1
    is_broken: bool = False
    """The disk refused: nothing more is written."""
    is_doubtful: bool = False
    """A sync failed: what was written since the last good one may not be on the disk."""
    is_closed: bool = False
    reach_wall_us: int = 0
    """Wall time up to which there are pictures in the file."""
    size_bytes: int = 0
    """Whole fragments that have reached the file: so far it can be read."""
    content: hashlib.blake2b = field(default_factory=new_content_hash)
    is_folder_synced: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while the descriptor is used for a sync, so that it is not closed meanwhile."""
    claim: threading.Lock = field(default_factory=threading.Lock)
    """Held for a moment to decide which lane has created the file."""
