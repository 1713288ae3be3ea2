"""The key that opens the secrets file, and where it is kept: never beside a password.

Looked for in this order: a systemd credential `nvr-key`, the environment variable
NVR_SECRETS_KEY, the file `config/secrets.key` (mode 0600), the desktop's keyring.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from engine.base.atomic_file import write_atomic
from nvr_app.errors import UserError
from nvr_app.paths import DataFolder

_T = TypeVar("_T")
KEY_BYTES = 32
_SERVICE = "nvr"
# A keyring that waits for somebody to unlock it must not hold up a recorder.
_KEYRING_LIMIT_S = 5.0


@dataclass(frozen=True, repr=False)
class WrappingKey:
    """The key's bytes and the name of the place they came from."""

    key: bytes
    place: str


def find_key(folder: DataFolder) -> WrappingKey | None:
    """The key, from the first place that has one. UserError: a place holds something else."""
    credential = _credential()
    if credential is not None:
        return WrappingKey(_decoded(credential, "systemd credential nvr-key"), "systemd credential")
    text = os.environ.get("NVR_SECRETS_KEY")
    if text:
        return WrappingKey(_decoded(text, "NVR_SECRETS_KEY"), "environment variable")
    path = _key_file(folder)
    if path.exists():
        try:
            return WrappingKey(_decoded(path.read_text("ascii"), str(path)), "key file")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"the key file {path} cannot be read ({error})") from None
    kept = _from_keyring(folder)
    return WrappingKey(_decoded(kept, "the keyring"), "keyring") if kept else None


def make_key(folder: DataFolder) -> WrappingKey:
    """Mint a key where none is given from outside, and keep it. UserError: nowhere to keep it."""
    key = secrets.token_bytes(KEY_BYTES)
    text = base64.urlsafe_b64encode(key).decode()
    if _to_keyring(folder, text):
        return WrappingKey(key, "keyring")
    try:
        write_atomic(_key_file(folder), text.encode(), mode=0o600)
    except OSError as error:
        raise UserError(f"the key file {_key_file(folder)} cannot be written ({error})") from None
    return WrappingKey(key, "key file")


def _key_file(folder: DataFolder) -> Path:
    return folder.config / "secrets.key"


def _credential() -> str | None:
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        return None
    try:
        return (Path(directory) / "nvr-key").read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return None


def _decoded(text: str, place: str) -> bytes:
    try:
        key = base64.urlsafe_b64decode(text.strip())
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise UserError(f"{place} holds no key: 32 bytes in URL-safe base64 are expected")
    return key


def _has_desktop() -> bool:
    if sys.platform in {"win32", "darwin"}:
        return True
    has_screen = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return has_screen and bool(os.environ.get("DBUS_SESSION_BUS_ADDRESS"))


def _from_keyring(folder: DataFolder) -> str | None:
    if not _has_desktop():
        return None

    def read() -> str | None:
        import keyring  # noqa: PLC0415  slow to import, and only desktops have one

        return keyring.get_password(_SERVICE, str(folder.root))

    return _bounded(read)


def _to_keyring(folder: DataFolder, text: str) -> bool:
    if not _has_desktop():
        return False

    def write() -> bool:
        import keyring  # noqa: PLC0415

        keyring.set_password(_SERVICE, str(folder.root), text)
        return keyring.get_password(_SERVICE, str(folder.root)) == text

    return _bounded(write) is True


def _bounded(call: Callable[[], _T]) -> _T | None:
    """The result, or None when the keyring is missing, locked or too slow."""
    found: list[_T] = []

    def run() -> None:
        try:
            found.append(call())
        except Exception:  # noqa: BLE001  every backend has its own errors; none of them may stop us
            found.clear()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(_KEYRING_LIMIT_S)
    return found[0] if found else None
