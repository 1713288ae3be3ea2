"""One engine per data folder, and no survivors of a dead one."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import IO

logger = logging.getLogger(__name__)


# On Windows the first byte is what is locked: nobody else may read it.
_HOLDER_AT = 1 if sys.platform == "win32" else 0


class AlreadyRunningError(Exception):
    """Another engine holds this data folder; the message names it."""


class InstanceLock:
    """An advisory lock on a file; the system frees it with the process, whatever its death."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def acquire(self, pid: int, started_s: int) -> None:
        """Take the lock and write who holds it, since which second of UNIX time.

        AlreadyRunningError names the other one.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self._path.open("a+b")
        try:
            _lock(file)
        except OSError:
            file.seek(_HOLDER_AT)
            other = _named(file.read())
            file.close()
            raise AlreadyRunningError(
                f"an engine already runs on {self._path.parent.parent}{other}; "
                "stop it first, or use another --data-dir"
            ) from None
        file.seek(_HOLDER_AT)
        file.truncate()
        file.write(json.dumps({"pid": pid, "started": started_s}).encode())
        file.flush()
        self._file = file

    def release(self) -> None:
        """Idempotent."""
        file, self._file = self._file, None
        if file is not None:
            file.close()


def _named(content: bytes) -> str:
    """Who holds the lock, for a sentence; empty where that cannot be read."""
    try:
        holder = json.loads(content.strip(b"\0 \n"))
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(holder["started"]))
        return f" (process {holder['pid']}, since {since})"
    except (ValueError, KeyError, TypeError, OverflowError):
        return ""


def _lock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415  exists on Windows alone

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415  does not exist on Windows

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


def process_started_ticks(pid: int) -> str | None:
    """The kernel's start time of a process: tells a survivor from a newcomer with its number."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[19]


def end_survivors(register: Path) -> list[int]:
    """Kill children of a dead supervisor that are still there (stopped or hung ones)."""
    try:
        entries = json.loads(register.read_bytes())
    except (OSError, ValueError):
        return []
    ended = []
    for pid, ticks in entries.items():
        if ticks is not None and process_started_ticks(int(pid)) == ticks:
            logger.warning("Ending process %s, left over from an engine that died", pid)
            os.kill(int(pid), signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
            ended.append(int(pid))
    deadline = time.monotonic() + 5.0
    while any(process_is_alive(pid) for pid in ended) and time.monotonic() < deadline:
        time.sleep(0.02)
    return ended


def process_is_alive(pid: int) -> bool:
    """Whether it still runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}
