"""Storage roots and their identity (invariant S5).

A root carries `.nvr-root.json`. What identity a root must have is kept on the engine's own
disk, so a network folder that is not mounted (its mount point is an empty folder of another
disk), or a disk of another installation, is recognised and not written to.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from engine.base.atomic_file import write_atomic
from engine.base.errors import EngineError
from nvr_app.contract.ids import new_id

logger = logging.getLogger(__name__)

IDENTITY_FILE = ".nvr-root.json"


class StorageError(EngineError):
    """A root that may not or cannot be written to."""


@dataclass(frozen=True, kw_only=True)
class StorageRoot:
    """A folder that takes recordings, and the identity that it must show."""

    name: str
    path: Path
    identity: str

    def verify(self) -> None:
        """StorageError unless the folder shows its identity right now. Blocks on the disk."""
        try:
            shown = json.loads((self.path / IDENTITY_FILE).read_bytes())["root_id"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"storage root {self.name} at {self.path} shows no identity ({error}): "
                "is the disk or network folder mounted? Nothing is written there"
            ) from None
        if shown != self.identity:
            raise StorageError(
                f"storage root {self.name} at {self.path} belongs to another installation "
                f"(identity {shown}, expected {self.identity}): nothing is written there"
            )

    def require_space(self, floor_free_bytes: int) -> None:
        """StorageError when less than the floor is free."""
        free = shutil.disk_usage(self.path).free
        if free < floor_free_bytes:
            raise StorageError(
                f"storage root {self.name} at {self.path} has {free // 1024**2} MiB free, "
                f"below its floor of {floor_free_bytes // 1024**2} MiB: free some space"
            )


def prepare_roots(paths: dict[str, Path], register: Path) -> tuple[StorageRoot, ...]:
    """Roots by name, with the identities registered for them; new ones get one now.

    `register` is a file on the engine's own disk. A root that is already registered is never
    given a new identity: if it does not show its old one, `verify` will refuse it. A root that
    cannot be prepared now is refused until a later call can.
    """
    known = _read_register(register)
    roots = []
    for name, path in paths.items():
        entry = known.get(name)
        if entry is None or entry["path"] != str(path):
            try:
                entry = {"path": str(path), "root_id": _claim(name, path)}
                known[name] = entry
            except StorageError as error:
                logger.error("%s", error)
                entry = {"path": str(path), "root_id": "none yet"}
        roots.append(StorageRoot(name=name, path=path, identity=entry["root_id"]))
    write_atomic(register, json.dumps(known, indent=1).encode())
    return tuple(roots)


def _read_register(register: Path) -> dict[str, dict[str, str]]:
    try:
        content = json.loads(register.read_bytes())
    except FileNotFoundError:
        return {}
    return {str(name): dict(entry) for name, entry in content.items()}


def _claim(name: str, path: Path) -> str:
    """Give a folder its identity, or take over the one it has (a database was lost, say)."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o750)
        mark = path / IDENTITY_FILE
        if mark.exists():
            return str(json.loads(mark.read_bytes())["root_id"])
        identity = new_id()
        write_atomic(mark, json.dumps({"root_id": identity, "name": name}).encode(), mode=0o640)
    except (OSError, ValueError, KeyError) as error:
        raise StorageError(
            f"could not prepare storage root {name} at {path}: {error}; "
            "check that the folder exists and may be written by this user"
        ) from None
    return identity


def choose_root(roots: tuple[StorageRoot, ...], floor_free_bytes: int) -> StorageRoot:
    """The first root that may be written to; StorageError names what is wrong with each."""
    faults = []
    for root in roots:
        try:
            root.verify()
            root.require_space(floor_free_bytes)
        except (StorageError, OSError) as error:
            faults.append(str(error))
        else:
            return root
    raise StorageError("; ".join(faults) or "no storage root is configured")


def is_writable(path: Path) -> bool:
    """Whether this user may write there (a cheap look, not a promise)."""
    return os.access(path, os.W_OK)
