"""How much footage lies on each root, as the hub last counted it and this worker went on."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec

from engine.base.atomic_file import write_atomic
from engine.base.clock import Clock

logger = logging.getLogger(__name__)

USAGE_FILE = "root-usage.json"
_LOOK_NS = 2_000_000_000


class RootUsages(msgspec.Struct, frozen=True, kw_only=True):
    """Content of `spool/root-usage.json`: bytes of footage by root at that time."""

    wall_us: int
    used_bytes: dict[str, int]


def write_usages(spool_dir: Path, usages: RootUsages) -> None:
    """Tell the workers. OSError."""
    write_atomic(spool_dir / USAGE_FILE, msgspec.json.encode(usages))


class UsageBook:
    """One worker's knowledge; works on with the last count while the hub is away. Any thread."""

    def __init__(self, spool_dir: Path, clock: Clock) -> None:
        self._path = spool_dir / USAGE_FILE
        self._clock = clock
        self._lock = threading.Lock()
        self._told = RootUsages(wall_us=0, used_bytes={})
        self._written: Counter[str] = Counter()
        self._next_look_ns = 0

    def note(self, root: str, size_bytes: int) -> None:
        """This worker has written so much there."""
        with self._lock:
            self._written[root] += size_bytes

    def usages(self) -> Mapping[str, int]:
        """Bytes by root. Reads a small file of the engine's own disk every two seconds."""
        with self._lock:
            now_ns = self._clock.mono_ns()
            if now_ns >= self._next_look_ns:
                self._next_look_ns = now_ns + _LOOK_NS
                self._look()
            return Counter(self._told.used_bytes) + self._written

    def _look(self) -> None:
        try:
            told = msgspec.json.decode(self._path.read_bytes(), type=RootUsages)
        except FileNotFoundError:
            return
        except (OSError, msgspec.MsgspecError) as error:
            logger.warning("Could not read %s: %s", self._path, error)
            return
        if told.wall_us != self._told.wall_us:
            self._told = told
            self._written.clear()
