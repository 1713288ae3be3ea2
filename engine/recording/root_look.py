"""One look at a storage root: is it the right one, is there room, can it be written to?

Blocks for as long as the disk does: call it in a thread that may hang.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from dataclasses import dataclass

from engine.recording.root_state import RootFault
from engine.recording.storage_root import ForeignRootError, StorageError, StorageRoot

_FAULTS: dict[int | None, RootFault] = {
    errno.EROFS: "read_only",
    errno.EACCES: "read_only",
    errno.EPERM: "read_only",
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.ENOENT: "missing",
    errno.ENODEV: "missing",
    errno.ENOTCONN: "missing",
    errno.ESTALE: "missing",
}
_PROBE_BYTES = 4096


@dataclass(frozen=True, kw_only=True)
class RootLook:
    """What was seen; `fault` empty: nothing is wrong."""

    fault: RootFault = ""
    detail: str = ""
    total_bytes: int = 0
    free_bytes: int = 0


def look_at(root: StorageRoot, *, probe: bool) -> RootLook:
    """Identity and space; with `probe` also whether a small file can be written and removed."""
    look = _identity(root)
    if look is not None:
        return look
    try:
        usage = shutil.disk_usage(root.path)
        if probe:
            _probe(root)
    except OSError as error:
        return failed(root, error)
    return RootLook(total_bytes=usage.total, free_bytes=usage.free)


def failed(root: StorageRoot, error: OSError) -> RootLook:
    """What an error of the disk says about its root."""
    fault = _FAULTS.get(error.errno, "failing")
    words = {
        "read_only": "is read-only; look at its disk and its rights",
        "full": "is full: free some, or add a root",
        "missing": "is not there: is its disk or network folder mounted?",
        "failing": "fails; look at its disk",
    }[fault]
    reason = error.strerror or str(error)
    return RootLook(
        fault=fault, detail=f"storage root {root.name} at {root.path} {words} ({reason})"
    )


def _identity(root: StorageRoot) -> RootLook | None:
    """None when it shows the right one (invariant S5)."""
    try:
        root.verify()
    except ForeignRootError as error:
        return RootLook(fault="foreign", detail=str(error))
    except StorageError as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and _FAULTS.get(cause.errno) != "missing":
            return failed(root, cause)
        return RootLook(fault="missing", detail=str(error))
    return None


def _probe(root: StorageRoot) -> None:
    path = root.path / f".nvr-probe-{secrets.token_hex(4)}"
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(descriptor, bytes(_PROBE_BYTES))
    finally:
        os.close(descriptor)
        path.unlink()
