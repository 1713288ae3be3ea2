"""What `[[storage]]` may say: each root by itself, and beside the others."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from nvr_app.contract.config import Settings, StorageSettings
from nvr_app.paths import DataFolder

_T = TypeVar("_T")

Fault = tuple[str, str]
"""The key that is wrong, and what is wrong with it."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_MOST_BYTES = 2**60
# A folder of a dead server never answers: its path is then taken as it is written.
_PATIENCE_S = 2.0


def footage_roots(folder: DataFolder, settings: Settings) -> tuple[StorageSettings, ...]:
    """The roots in force, in order; the data folder's own where no other is hot."""
    if any(root.role == "hot" for root in settings.storage):
        return settings.storage
    taken = {root.name for root in settings.storage}
    name = "main" if "main" not in taken else "recordings"
    return (StorageSettings(name=name, path=str(folder.recordings)), *settings.storage)


def root_fault(root: StorageSettings) -> Fault | None:
    """What is wrong with a root by itself; looks at the disk for at most two seconds."""
    if not _NAME.fullmatch(root.name):
        return (
            "name",
            f"{root.name!r} is no name: use letters, digits, ., - and _, at most 32 of them",
        )
    if not Path(root.path).is_absolute():
        return "path", f"{root.path!r} is relative: write the whole path, from the top"
    for key, value in (
        ("quota_bytes", root.quota_bytes),
        ("floor_free_bytes", root.floor_free_bytes or 0),
    ):
        if not 0 <= value <= _MOST_BYTES:
            return key, f"{value} does not lie between 0 and {_MOST_BYTES}"
    if _within(lambda: _is_file(Path(root.path)), otherwise=False):
        return "path", f"{root.path} is a file: a storage root is a folder"
    return None


class RootNeighbours:
    """The roots seen so far. Symbolic links are followed: two names may mean one folder."""

    def __init__(self) -> None:
        self._seen: list[tuple[StorageSettings, Path]] = []

    def add(self, root: StorageSettings) -> None:
        """Remember a root that is good."""
        self._seen.append((root, _real(root)))

    def fault(self, root: StorageSettings) -> Fault | None:
        """What is wrong with it beside those added before."""
        real = _real(root)
        for other, folder in self._seen:
            if root.name == other.name:
                return "name", f"name {root.name!r} is taken by an earlier root"
            if real == folder:
                return "path", f"{root.path} is the same folder as that of root {other.name!r}"
            if folder in real.parents:
                return "path", f"{root.path} lies within root {other.name!r} ({other.path})"
            if real in folder.parents:
                return "path", f"{root.path} contains root {other.name!r} ({other.path})"
        return None


def _real(root: StorageSettings) -> Path:
    path = Path(root.path)
    return _within(path.resolve, otherwise=path)


def _is_file(path: Path) -> bool:
    return path.exists() and not path.is_dir()


def _within(look: Callable[[], _T], *, otherwise: _T) -> _T:
    found: list[_T] = []

    def work() -> None:
        with contextlib.suppress(OSError, RuntimeError):  # a loop of links is named elsewhere
            found.append(look())

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(_PATIENCE_S)
    return found[0] if found else otherwise
