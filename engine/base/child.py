"""A child process's line to its supervisor.

Standard input brings JSON lines from the supervisor (first the start message, later `stop` and
news); its end means that the supervisor died, which is a stop as well. Standard output carries
the child's JSON lines (heartbeats, requests); nothing else may print there. Standard error is
the child's log.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import IO

logger = logging.getLogger(__name__)

# After a stop request the process must be gone by then, whatever hangs: a child that survives
# its supervisor would hold files and cameras that the next one wants.
_LAST_RESORT_S = 20.0


class ChildControl:
    """Heartbeat out, stop and news in. Any thread may call any method."""

    def __init__(self, lines_in: IO[str], lines_out: IO[str]) -> None:
        self._in = lines_in
        self._out = lines_out
        self._lock = threading.Lock()
        self._stop_callbacks: list[Callable[[], None]] = []
        self._message_callbacks: list[Callable[[Mapping[str, object]], None]] = []
        self.stop_requested = threading.Event()

    def read_start(self) -> dict[str, object]:
        """Block for the first line, which says what this process is to be."""
        message = json.loads(self._in.readline())
        if not isinstance(message, dict):
            raise TypeError("the start message is no JSON object")
        return message

    def start(self) -> None:
        """Begin to listen for stop and news in a thread of its own."""
        threading.Thread(target=self._listen, name="control", daemon=True).start()

    def heartbeat(self) -> None:
        """Say that this process is alive and moving; call from the loop that must not hang."""
        self.tell({"type": "heartbeat"})

    def tell(self, message: Mapping[str, object]) -> None:
        """Send one line to the supervisor; silently nothing once it is gone."""
        try:
            with self._lock:
                self._out.write(json.dumps(message) + "\n")
                self._out.flush()
        except (OSError, ValueError):
            self._stop("the supervisor no longer reads")

    def on_stop(self, callback: Callable[[], None]) -> None:
        """Call this (from the listening thread) when a stop is requested."""
        self._stop_callbacks.append(callback)
        if self.stop_requested.is_set():
            callback()

    def on_message(self, callback: Callable[[Mapping[str, object]], None]) -> None:
        """Call this (from the listening thread) for every line that is no stop."""
        self._message_callbacks.append(callback)

    def _listen(self) -> None:
        try:
            for line in self._in:
                message = json.loads(line)
                if message.get("type") == "stop":
                    self._stop("the supervisor asked for it")
                else:
                    for callback in self._message_callbacks:
                        callback(message)
        except (OSError, ValueError) as error:
            logger.warning("The supervisor's line broke: %s", error)
        self._stop("the supervisor is gone")

    def _stop(self, why: str) -> None:
        if self.stop_requested.is_set():
            return
        logger.info("Stopping: %s", why)
        self.stop_requested.set()
        watchdog = threading.Timer(_LAST_RESORT_S, os._exit, args=(70,))
        watchdog.daemon = True
        watchdog.start()
        for callback in self._stop_callbacks:
            callback()


def standard_control() -> ChildControl:
    """The control line of this process; standard output is then closed to `print`."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    # Stray prints of libraries would break the protocol: send them to the log instead.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return ChildControl(sys.stdin, out)
