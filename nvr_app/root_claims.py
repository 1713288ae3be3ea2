"""Storage roots that could not be given their identity in time: tried again until they have one.

A new root whose disk is busy, or whose server is away, is refused at first (nobody waits for it);
without a second try it would stay so until the settings are read anew.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from engine.recording.storage_root import identities, registered
from nvr_app.paths import DataFolder
from nvr_app.root_settings import footage_roots
from nvr_app.settings_file import load_settings

logger = logging.getLogger(__name__)

_RETRY_S = 5.0


class RootClaims:
    """Construct: no I/O. `look` from any thread; `claimed` is called in a thread of its own."""

    def __init__(
        self, folder: DataFolder, claimed: Callable[[], None], *, retry_s: float = _RETRY_S
    ) -> None:
        self._folder = folder
        self._claimed = claimed
        self._retry_s = retry_s
        self._look = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="root claims", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Idempotent."""
        self._stopping.set()
        self._look.set()

    def join(self, timeout_s: float) -> None:
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def look(self) -> None:
        """The table was built anew: see whether a root of it has no identity."""
        self._look.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._look.wait()
            self._look.clear()
            self._claim_all()

    def _claim_all(self) -> None:
        register = self._folder.config / "roots.json"
        while not self._stopping.is_set():
            paths = {
                root.name: Path(root.path)
                for root in footage_roots(self._folder, load_settings(self._folder).settings)
            }
            missing = set(paths) - registered(paths, register)
            if not missing or self._stopping.wait(self._retry_s):
                return
            identities(paths, register)
            if missing & registered(paths, register):
                logger.info("Storage roots that were refused at first can be used now")
                self._claimed()
