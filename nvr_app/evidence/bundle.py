"""Where an export lies: a folder, or a ZIP archive encrypted with AES-256. Reading only."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from nvr_app.errors import UserError
from nvr_app.evidence.manifest import MANIFEST

_MOST_SMALL_BYTES = 256 * 1024**2


class BundleError(UserError):
    """There is no export here, or it cannot be opened (a password is missing or wrong)."""


class BrokenFileError(UserError):
    """A file of the export cannot be read to its end; the sentence says why."""


class Bundle(Protocol):
    """An opened export. Every reading method may block on the disk."""

    def names(self) -> tuple[str, ...]:
        """Everything in it, folders below it as `name/`."""

    def open(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """BrokenFileError also while it is read."""

    def close(self) -> None:
        """Idempotent."""


def read_small(bundle: Bundle, name: str) -> bytes:
    """A file that is held in memory. BrokenFileError."""
    with bundle.open(name) as file:
        data = file.read(_MOST_SMALL_BYTES + 1)
    if len(data) > _MOST_SMALL_BYTES:
        raise BrokenFileError(f"{name} is larger than any of its kind")
    return data


def open_bundle(path: Path, password: str = "") -> Bundle:
    """The export at this place. BundleError: nothing that can be verified."""
    if path.is_dir():
        return FolderBundle(path)
    if not path.exists():
        raise BundleError(f"there is nothing at {path}")
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise BundleError(f"{path} cannot be read ({error.strerror or error})") from None
    if magic[:2] == b"PK" or path.suffix.lower() == ".zip":
        return ArchiveBundle(path, password)
    raise BundleError(
        f"{path} is neither the folder of an export nor its archive; a single file is verified "
        f"where its {MANIFEST} lies beside it"
    )


class FolderBundle:
    """An export as plain files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        try:
            found = [f"{p.name}/" if p.is_dir() else p.name for p in self._folder.iterdir()]
        except OSError as error:
            raise BundleError(
                f"{self._folder} cannot be read ({error.strerror or error})"
            ) from None
        return tuple(sorted(found))

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        path = self._folder / name
        try:
            # A link could lead anywhere: what is proven must lie here.
            if path.is_symlink():
                raise BrokenFileError(f"{name} is a link, not a file")
            with path.open("rb", buffering=0) as file:
                yield file
        except OSError as error:
            raise BrokenFileError(f"{name} cannot be read ({error.strerror or error})") from None

    def close(self) -> None:
        pass


class ArchiveBundle:
    """An export as one ZIP; BundleError when the password does not open it."""

    def __init__(self, path: Path, password: str) -> None:
        import pyzipper  # noqa: PLC0415  only encrypted exports need it

        try:
            self._zip = pyzipper.AESZipFile(path)
        except (zipfile.BadZipFile, pyzipper.BadZipFile, OSError, ValueError) as error:
            raise BrokenFileError(
                f"{path.name} is damaged: its directory cannot be read ({error})"
            ) from None
        self._errors: tuple[type[Exception], ...] = (
            pyzipper.BadZipFile, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError,
            NotImplementedError, ValueError,
        )  # fmt: skip
        self._infos = {info.filename: info for info in self._zip.infolist()}
        if password:
            self._zip.setpassword(password.encode())
        self._check_password(path, password)

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._infos))

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        if name not in self._infos:
            raise BrokenFileError(f"{name} is missing")
        try:
            with self._zip.open(self._infos[name]) as file:
                yield file
        except self._errors as error:
            raise BrokenFileError(f"{name} cannot be read from the archive ({error})") from None

    def close(self) -> None:
        self._zip.close()

    def _check_password(self, path: Path, password: str) -> None:
        encrypted = [info for info in self._infos.values() if info.flag_bits & 1]
        if not encrypted:
            return
        if not password:
            self.close()
            raise BundleError(f"{path.name} is encrypted: give its password with --password")
        try:
            with self._zip.open(encrypted[0]):
                pass
        except RuntimeError:
            self.close()
            raise BundleError(f"the password does not open {path.name}") from None
        except self._errors:
            return  # damaged there: reading it says so by name
