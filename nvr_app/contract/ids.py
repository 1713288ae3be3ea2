"""Identifiers: opaque strings, minted once, safe as folder names on every system."""

from __future__ import annotations

import re
import secrets
import time

_CAMERA_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
# Windows refuses these as folder names, whatever the extension.
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{stem}{n}" for stem in ("com", "lpt") for n in range(1, 10)}
)


def camera_id_fault(camera_id: str) -> str | None:
    """Say what is wrong with a camera id, or None when it is usable everywhere."""
    if not _CAMERA_ID.fullmatch(camera_id):
        return (
            f"camera id {camera_id!r} may hold only a-z, 0-9, '-' and '_', "
            "must start with a letter or digit and be at most 63 characters long"
        )
    if camera_id in _RESERVED:
        return f"camera id {camera_id!r} is a reserved name on Windows; choose another"
    return None


def new_id() -> str:
    """Mint an id: 32 hex digits, unique without any coordination.

    The first twelve are milliseconds since the epoch (as in RFC 9562's version 7): ids that were
    minted together lie together in an index that is kept in order of time.
    """
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"
