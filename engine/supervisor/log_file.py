"""The children's log lines in one file, rotated by size."""

from __future__ import annotations

import contextlib
import sys
import threading
from pathlib import Path
from typing import BinaryIO

_MOST_BYTES = 20 * 1024**2
_KEPT = 5


class LogFile:
    """Any thread may write whole lines; a full disk loses log lines, never anything else."""

    def __init__(self, path: Path, *, echo: bool) -> None:
        self._path = path
        self._echo = echo
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None

    def write(self, line: bytes) -> None:
        """Append one line."""
        with self._lock:
            if self._echo:
                with contextlib.suppress(OSError, ValueError):
                    sys.stderr.buffer.write(line)
                    sys.stderr.flush()
            with contextlib.suppress(OSError):
                self._append(line)

    def close(self) -> None:
        """Idempotent."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _append(self, line: bytes) -> None:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab")
        self._file.write(line)
        self._file.flush()
        if self._file.tell() > _MOST_BYTES:
            self._file.close()
            self._file = None
            self._rotate()

    def _rotate(self) -> None:
        for number in range(_KEPT - 1, 0, -1):
            older = self._path.with_name(f"{self._path.name}.{number}")
            if older.exists():
                older.replace(self._path.with_name(f"{self._path.name}.{number + 1}"))
        self._path.replace(self._path.with_name(f"{self._path.name}.1"))
