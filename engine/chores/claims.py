"""Which segments are being worked on: lanes of one worker must not meet at the same file."""

from __future__ import annotations

import threading


class Claims:
    """Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: set[str] = set()

    def take(self, segment_id: str) -> bool:
        """Whether it is now the caller's, who must release it."""
        with self._lock:
            if segment_id in self._taken:
                return False
            self._taken.add(segment_id)
            return True

    def release(self, segment_id: str) -> None:
        """Idempotent."""
        with self._lock:
            self._taken.discard(segment_id)
