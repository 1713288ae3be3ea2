"""Passwords of cameras and the engine's signing key, encrypted in `config/secrets.enc`.

A random data key encrypts the entries (AES-256-GCM, each bound to its name); the data key is
wrapped twice: by the wrapping key (see `wrapping_key`) and by a recovery key for people. Where
the engine made the file by itself, people get their recovery key with the first password.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass

import msgspec

from engine.base.atomic_file import write_atomic
from nvr_app.contract.config import Credentials
from nvr_app.errors import UserError
from nvr_app.paths import DataFolder
from nvr_app.wrapping_key import KEY_BYTES, WrappingKey, find_key, make_key

_NONCE_BYTES = 12
_RECOVERY_BYTES = 20
_GROUP = 4
_SIGNING = "signing/ed25519"


class SecretsError(UserError):
    """The secrets file cannot be opened; it is left as it is."""


class _File(msgspec.Struct, kw_only=True):
    """Layout of the file; all values in base64."""

    version: int
    wrapped: str
    recovery: str
    """Empty: no person has been given a recovery key yet."""
    entries: dict[str, str]


@dataclass(frozen=True)
class SecretsStatus:
    """For `nvr secrets status`."""

    exists: bool
    key_place: str
    entries: tuple[str, ...]


class Secrets:
    """Constructing reads nothing. Every method: SecretsError."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self._path = folder.config / "secrets.enc"
        self.new_recovery_key = ""
        """Set when this object minted it: to be shown once, and written down."""

    def camera(self, camera_id: str) -> Credentials | None:
        """The login of a camera, or None where it has none."""
        if not self._path.exists():
            return None
        file = self._read()
        sealed = file.entries.get(f"camera/{camera_id}")
        if sealed is None:
            return None
        name = f"camera/{camera_id}"
        data = _open(self._data_key(file), sealed, name.encode(), f"the entry {name}")
        return msgspec.msgpack.decode(data, type=Credentials)

    def set_camera(self, camera_id: str, credentials: Credentials) -> None:
        """Keep a login; the file is made when there is none."""
        file = self._read() if self._path.exists() else self._create()
        name = f"camera/{camera_id}"
        data = msgspec.msgpack.encode(credentials)
        data_key = self._data_key(file)
        file.entries[name] = _seal(data_key, data, name.encode())
        if not file.recovery:
            self._mint_recovery_key(file, data_key)
        self._write(file)

    def signing_seed(self) -> bytes:
        """The 32 secret bytes of the engine's Ed25519 key; made, and kept, when first asked for.

        May wait some seconds for a keyring: not for a thread that records or serves.
        """
        file = self._read() if self._path.exists() else self._create()
        data_key = self._data_key(file)
        sealed = file.entries.get(_SIGNING)
        if sealed is not None:
            return _open(data_key, sealed, _SIGNING.encode(), f"the entry {_SIGNING}")
        seed = secrets.token_bytes(KEY_BYTES)
        file.entries[_SIGNING] = _seal(data_key, seed, _SIGNING.encode())
        self._write(file)
        return seed

    def remove_camera(self, camera_id: str) -> bool:
        """Forget a login; whether there was one."""
        if not self._path.exists():
            return False
        file = self._read()
        was_there = file.entries.pop(f"camera/{camera_id}", None) is not None
        if was_there:
            self._write(file)
        return was_there

    def status(self) -> SecretsStatus:
        """What is there, without opening any entry."""
        if not self._path.exists():
            return SecretsStatus(exists=False, key_place="", entries=())
        key = find_key(self._folder)
        file = self._read()
        return SecretsStatus(
            exists=True, key_place=key.place if key else "", entries=tuple(sorted(file.entries))
        )

    def recover(self, recovery_key: str) -> str:
        """Open by the recovery key and wrap anew by a fresh wrapping key; where that is kept."""
        file = self._read()
        if not file.recovery:
            raise SecretsError(
                f"no recovery key was ever given out for {self._path}: there is none to recover by"
            )
        data_key = _open(_recovery_bytes(recovery_key), file.recovery, b"recovery", "the file")
        key = find_key(self._folder) or make_key(self._folder)
        file.wrapped = _seal(key.key, data_key, b"wrapped")
        self._write(file)
        return key.place

    def _create(self) -> _File:
        key = find_key(self._folder) or make_key(self._folder)
        return _File(
            version=1,
            wrapped=_seal(key.key, secrets.token_bytes(KEY_BYTES), b"wrapped"),
            recovery="",
            entries={},
        )

    def _mint_recovery_key(self, file: _File, data_key: bytes) -> None:
        text = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()
        self.new_recovery_key = "-".join(text[n : n + _GROUP] for n in range(0, len(text), _GROUP))
        file.recovery = _seal(_recovery_bytes(self.new_recovery_key), data_key, b"recovery")

    def _data_key(self, file: _File) -> bytes:
        key: WrappingKey | None = find_key(self._folder)
        if key is None:
            raise SecretsError(
                f"the key of {self._path.name} is missing: no systemd credential, no "
                "NVR_SECRETS_KEY, no config/secrets.key and no keyring has it; "
                "run nvr secrets recover with the recovery key"
            )
        return _open(key.key, file.wrapped, b"wrapped", f"the file (key from: {key.place})")

    def _read(self) -> _File:
        try:
            file = msgspec.json.decode(self._path.read_bytes(), type=_File)
        except (OSError, msgspec.MsgspecError) as error:
            raise SecretsError(
                f"{self._path} cannot be read ({error}); it is left as it is: "
                "restore it from a backup, or move it away and enter the passwords anew"
            ) from None
        if file.version != 1:
            raise SecretsError(f"{self._path} is of a newer program (version {file.version})")
        return file

    def _write(self, file: _File) -> None:
        try:
            self._folder.config.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomic(self._path, msgspec.json.encode(file), mode=0o600)
        except OSError as error:
            raise SecretsError(
                f"{self._path} cannot be written ({error.strerror or error}); nothing was changed"
            ) from None


def _seal(key: bytes, data: bytes, bound_to: bytes) -> str:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  slow to import

    nonce = secrets.token_bytes(_NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, data, bound_to)).decode()


def _open(key: bytes, sealed: str, bound_to: bytes, what: str) -> bytes:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    try:
        data = base64.b64decode(sealed, validate=True)
        return AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], bound_to)
    except (InvalidTag, binascii.Error, ValueError):
        raise SecretsError(
            f"{what} in the secrets cannot be opened: it was changed, or the key is another one; "
            "try nvr secrets recover with the recovery key"
        ) from None


def _recovery_bytes(text: str) -> bytes:
    plain = "".join(text.upper().split()).replace("-", "")
    try:
        raw = base64.b32decode(plain)
    except binascii.Error:
        raw = b""
    if len(raw) != _RECOVERY_BYTES:
        raise SecretsError("that is no recovery key: eight groups of four letters and digits")
    # 160 random bits need no slow hash, only the cipher's length.
    return hashlib.sha256(b"nvr recovery key 1" + raw).digest()
