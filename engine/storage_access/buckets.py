"""The buckets of the settings, by name; a client is made when one is first used."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from engine.storage_access.bucket import Bucket
from engine.storage_access.bucket_start import BucketStart


class Buckets:
    """Any thread. Construct: no I/O."""

    def __init__(self, starts: Iterable[BucketStart] = ()) -> None:
        self._starts = {start.settings.name: start for start in starts}
        self._made: dict[str, Bucket] = {}
        self._lock = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """In the order of the settings."""
        return tuple(self._starts)

    def get(self, name: str) -> Bucket | None:
        """The bucket of that name, or None: it is a folder, or nothing of the settings."""
        start = self._starts.get(name)
        if start is None:
            return None
        with self._lock:
            if name not in self._made:
                self._made[name] = Bucket(start.settings, start.login)
            return self._made[name]
