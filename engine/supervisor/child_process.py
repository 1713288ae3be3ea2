"""One child process: its pipes, its heartbeat, its end."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from engine.supervisor.log_file import LogFile
from engine.supervisor.table import ProcessRow

logger = logging.getLogger(__name__)

OnLine = Callable[["ChildProcess", Mapping[str, object]], None]
OnEnd = Callable[[], None]
"""Called in a thread when the child's output has ended, which mostly means its death."""


class ChildProcess:
    """Started at construction. The supervisor's loop calls and never waits: three threads serve
    the child's pipes, for a frozen child reads nothing and must be ended all the same.
    """

    def __init__(
        self, row: ProcessRow, argv: Sequence[str], log: LogFile, on_line: OnLine, on_end: OnEnd
    ) -> None:
        self.row = row
        self.started_s = time.monotonic()
        self.last_heartbeat_s: float | None = None
        self.stop_asked_s: float | None = None
        self.memory_bytes = 0
        """Resident memory when `measure` was last called."""
        self._on_line = on_line
        self._on_end = on_end
        self._log = log
        self._to_tell: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            close_fds=True,
            env=_child_environment(),
            # A terminal's Ctrl+C is the supervisor's to handle: it stops children in order.
            start_new_session=sys.platform != "win32",
            creationflags=_creation_flags(row),
        )
        self.tell(row.start_message())
        threading.Thread(target=self._write_lines, name=f"in {row.name}", daemon=True).start()
        threading.Thread(target=self._read_lines, name=f"out {row.name}", daemon=True).start()
        threading.Thread(target=self._read_log, name=f"err {row.name}", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def tell(self, message: Mapping[str, object]) -> None:
        """Send a JSON line in its turn; nothing happens when the child is gone."""
        self._to_tell.put(json.dumps(message).encode() + b"\n")

    def ask_to_stop(self) -> None:
        """Request an orderly stop; idempotent."""
        if self.stop_asked_s is None:
            self.stop_asked_s = time.monotonic()
            self.tell({"type": "stop"})

    def kill(self) -> None:
        """End it now."""
        self._process.kill()

    def await_end(self, limit_s: float) -> None:
        """Block until a killed one is gone; the kernel may hold it longer, on a dead disk."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(limit_s)

    def overdue_s(self, now_s: float) -> float:
        """By how much the heartbeat is late; negative while in time."""
        if self.last_heartbeat_s is None:
            return now_s - self.started_s - self.row.startup_limit_s
        return now_s - self.last_heartbeat_s - self.row.heartbeat_limit_s

    def measure(self) -> None:
        """Read its memory; stays 0 where the system does not tell (Windows)."""
        try:
            fields = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()
        except (OSError, ValueError):
            return
        self.memory_bytes = (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")

    def _write_lines(self) -> None:
        stdin = self._process.stdin
        if stdin is None:
            return
        try:
            with stdin:
                while (line := self._to_tell.get()) is not None:
                    stdin.write(line)
                    stdin.flush()
        except (OSError, ValueError):
            logger.debug("%s no longer reads", self.row.name)

    def _read_lines(self) -> None:
        stdout = self._process.stdout
        if stdout is None:
            return
        with stdout:
            for line in stdout:
                self._take_line(line)
        self._to_tell.put(None)
        self._on_end()

    def _take_line(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            logger.warning("%s said something that is no JSON", self.row.name)
            return
        if message.get("type") == "heartbeat":
            self.last_heartbeat_s = time.monotonic()
        else:
            self._on_line(self, message)

    def _read_log(self) -> None:
        stderr = self._process.stderr
        if stderr is None:
            return
        with stderr:
            for line in stderr:
                self._log.write(line)


def _creation_flags(row: ProcessRow) -> int:
    """Windows' flags by name: other systems do not have them."""
    names = ["CREATE_NO_WINDOW", "CREATE_NEW_PROCESS_GROUP"]
    if row.is_background:
        names.append("BELOW_NORMAL_PRIORITY_CLASS")
    return sum(int(getattr(subprocess, name, 0)) for name in names)


def _child_environment() -> dict[str, str]:
    # Numeric libraries otherwise start a thread per core in every child.
    pinned = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return {**os.environ, **pinned, "PYTHONUNBUFFERED": "1"}
