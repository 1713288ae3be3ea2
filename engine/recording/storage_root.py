"""Storage roots and their identity (invariant S5).

A root carries `.nvr-root.json`. What identity a root must have is kept on the engine's own
disk, so a network folder that is not mounted (its mount point is an empty folder of another
disk), or a disk of another installation, is recognised and not written to.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.base.atomic_file import sync_folder, write_atomic
from engine.base.errors import EngineError
from engine.recording.root_start import RootStart
from nvr_app.contract.config import RootRole
from nvr_app.contract.ids import new_id

logger = logging.getLogger(__name__)

IDENTITY_FILE = ".nvr-root.json"
_NO_IDENTITY = "none yet"
# A new root on a server that does not answer is refused for now, not waited for.
_CLAIM_PATIENCE_S = 3.0


class StorageError(EngineError):
    """A root that may not or cannot be written to; the sentence says which and why."""


class ForeignRootError(StorageError):
    """A root of another installation."""


@dataclass(frozen=True, kw_only=True)
class StorageRoot:
    """A folder that takes recordings, and the identity that it must show."""

    name: str
    path: Path
    identity: str
    role: RootRole = "hot"
    quota_bytes: int = 0
    """Most bytes of footage; 0 = no bound but the floor."""
    floor_free_bytes: int = 0
    """Free space that must stay."""

    def verify(self) -> None:
        """StorageError unless the folder shows its identity right now. Blocks on the disk."""
        place = f"storage root {self.name} at {self.path}"
        try:
            shown = json.loads((self.path / IDENTITY_FILE).read_bytes())["root_id"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise StorageError(
                f"{place} shows no identity ({reason}): is the disk or network folder mounted? "
                "Nothing is written there"
            ) from error
        if shown != self.identity:
            raise ForeignRootError(
                f"{place} belongs to another installation (identity {shown}, expected "
                f"{self.identity}): nothing is written there"
            )


def root_of(start: RootStart) -> StorageRoot:
    """The root that a start message names."""
    return StorageRoot(
        name=start.name,
        path=Path(start.path),
        identity=start.identity,
        role=start.role,
        quota_bytes=start.quota_bytes,
        floor_free_bytes=start.floor_free_bytes,
    )


def identities(paths: Mapping[str, Path], register: Path) -> dict[str, str]:
    """The identity that each root must show; a new root is given one now.

    `register` is a file on the engine's own disk. A root that is already registered is never
    given a new identity: if it does not show its old one, it will be refused. A root that
    cannot be prepared now is refused until a later call can. Waits for no dead server.
    """
    known = _read_register(register)
    found = {}
    for name, path in paths.items():
        entry = known.get(name)
        if entry is None or entry["path"] != str(path):
            identity = _claim_in_time(name, path)
            if identity is None:
                found[name] = _NO_IDENTITY
                continue
            entry = {"path": str(path), "root_id": identity}
            known[name] = entry
        found[name] = entry["root_id"]
    write_atomic(register, json.dumps(known, indent=1).encode())
    return found


def registered(paths: Mapping[str, Path], register: Path) -> set[str]:
    """Names of those roots that have had their identity."""
    known = _read_register(register)
    return {name for name, path in paths.items() if known.get(name, {}).get("path") == str(path)}


def prepare_roots(starts: Iterable[RootStart], register: Path) -> tuple[RootStart, ...]:
    """The same roots, each with the identity that it must show."""
    starts = tuple(starts)
    found = identities({one.name: Path(one.path) for one in starts}, register)
    return tuple(msgspec.structs.replace(one, identity=found[one.name]) for one in starts)


def registered_fault(name: str, path: Path, register: Path) -> str:
    """Why this folder is not the root that was registered; empty where it is, or none was."""
    entry = _read_register(register).get(name)
    if entry is None or entry["path"] != str(path):
        return ""
    try:
        StorageRoot(name=name, path=path, identity=entry["root_id"]).verify()
    except StorageError as error:
        return str(error)
    return ""


def _read_register(register: Path) -> dict[str, dict[str, str]]:
    try:
        content = json.loads(register.read_bytes())
    except FileNotFoundError:
        return {}
    return {str(name): dict(entry) for name, entry in content.items()}


def _claim_in_time(name: str, path: Path) -> str | None:
    """The folder's identity; None when it cannot be prepared now, which is logged."""
    found: list[str] = []
    faults = ["it does not answer; is its server there?"]

    def work() -> None:
        try:
            found.append(_claim(name, path))
        except (OSError, ValueError, KeyError) as error:
            faults[0] = f"{error}; check that the folder exists and may be written by this user"

    thread = threading.Thread(target=work, name=f"claim {name}", daemon=True)
    thread.start()
    thread.join(_CLAIM_PATIENCE_S)
    if found:
        return found[0]
    logger.error("could not prepare storage root %s at %s: %s", name, path, faults[0])
    return None


def _claim(name: str, path: Path) -> str:
    """Give a folder its identity, or take over the one it has (a database was lost, say)."""
    path.mkdir(parents=True, exist_ok=True, mode=0o750)
    mark = path / IDENTITY_FILE
    if not mark.exists():
        _put_if_absent(mark, json.dumps({"root_id": new_id(), "name": name}).encode())
    return str(json.loads(mark.read_bytes())["root_id"])


def _put_if_absent(mark: Path, content: bytes) -> None:
    """Whole or not at all, and never over another's: two may claim a slow server's folder."""
    temp = mark.with_name(f"{mark.name}.{secrets.token_hex(4)}")
    write_atomic(temp, content, mode=0o640)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(temp, mark)
    except OSError:  # a file system without hard links
        with contextlib.suppress(FileExistsError), mark.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    finally:
        temp.unlink()
    sync_folder(mark.parent)
