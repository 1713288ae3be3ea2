"""Free space and presence of the storage roots, looked at in a thread: a hung NAS hangs only it."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path

from engine.base.registry import MetricsRegistry
from nvr_app.contract.api import RootUsage

logger = logging.getLogger(__name__)

_PERIOD_S = 5.0
_IDENTITY_FILE = ".nvr-root.json"


class StorageWatch:
    """`usages` is what the last look found; any thread may read it."""

    def __init__(
        self, roots: Mapping[str, Path], floor_free_bytes: int, registry: MetricsRegistry
    ) -> None:
        self._roots = dict(roots)
        self._floor = floor_free_bytes
        self._registry = registry
        self._stopping = threading.Event()
        self.usages: tuple[RootUsage, ...] = ()
        self._looking: dict[str, threading.Thread] = {}
        self._found: dict[str, RootUsage] = {}

    def start(self) -> None:
        threading.Thread(target=self._run, name="storage", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def write_test(self, name: str) -> str:
        """Write, read back and remove a small file; empty, or what failed. Slow: in a thread."""
        path = self._roots[name] / f".nvr-health-{secrets.token_hex(4)}"
        content = secrets.token_bytes(64)
        try:
            path.write_bytes(content)
            back = path.read_bytes()
            path.unlink()
        except OSError as error:
            return f"storage root {name}: {error.strerror or error}"
        return "" if back == content else f"storage root {name} returns other bytes than written"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._roots)

    def _run(self) -> None:
        while not self._stopping.is_set():
            for name in self._roots:
                looking = self._looking.get(name)
                if looking is not None and looking.is_alive():
                    self._found[name] = RootUsage(
                        name=name,
                        total_bytes=0,
                        free_bytes=0,
                        fault=f"storage root {name} does not answer; is its server there?",
                    )
                    continue
                look = threading.Thread(target=self._look, args=(name,), daemon=True)
                self._looking[name] = look
                look.start()
                look.join(1.0)
            self.usages = tuple(self._found[name] for name in self._roots if name in self._found)
            for usage in self.usages:
                self._registry.level(
                    "surveillance_storage_free_bytes", usage.name, value=usage.free_bytes
                )
                self._registry.level(
                    "surveillance_storage_size_bytes", usage.name, value=usage.total_bytes
                )
            self._stopping.wait(_PERIOD_S)

    def _look(self, name: str) -> None:
        path = self._roots[name]
        fault, total, free = "", 0, 0
        try:
            disk = shutil.disk_usage(path)
            total, free = disk.total, disk.free
            if not (path / _IDENTITY_FILE).is_file():
                fault = f"storage root {name} has lost its identity file: is its disk mounted?"
            elif not os.access(path, os.W_OK):
                fault = f"storage root {name} is not writable"
            elif free < self._floor:
                fault = (
                    f"storage root {name} has {free // 1024**2} MiB left, less than its floor of "
                    f"{self._floor // 1024**2} MiB: free some, or add a root"
                )
        except OSError as error:
            fault = f"storage root {name}: {error.strerror or error}"
        self._found[name] = RootUsage(name=name, total_bytes=total, free_bytes=free, fault=fault)
