"""Where an export is written to: a folder of plain files, or one archive encrypted with AES-256.

A file is either there whole, under its name, or not at all: while it grows it ends in `.part`.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from engine.base.atomic_file import sync_folder, write_atomic
from engine.base.errors import EngineError

logger = logging.getLogger(__name__)

_PART = ".part"
_FLUSH_BYTES = 64 * 1024**2


class TargetError(EngineError):
    """The place of an export cannot be written to; the sentence says what to do."""


class Sink(Protocol):
    """Takes a file's bytes in order."""

    def write(self, data: memoryview | bytes, /) -> object: ...


class Target(Protocol):
    """Use from one thread. Every method may block on the disk. TargetError."""

    @property
    def place(self) -> Path:
        """The folder or archive that people get."""

    def begin(self) -> None:
        """Make it, or go on with what an earlier attempt has left; partial files go."""

    def file(self, name: str) -> contextlib.AbstractContextManager[Sink]:
        """Write one file: durable and under its name afterwards; removed if the block fails."""

    def small(self, name: str, data: bytes) -> None:
        """Write a small file as a whole."""

    def finish(self) -> None:
        """Everything is in: make it durable under its name."""

    def discard(self) -> None:
        """Remove everything that was written."""


class FolderTarget:
    """Plain files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def place(self) -> Path:
        return self._folder

    def begin(self) -> None:
        with _told(self._folder, "make the folder of the export"):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
            for part in self._folder.glob(f"*{_PART}"):
                part.unlink()

    @contextlib.contextmanager
    def file(self, name: str) -> Iterator[Sink]:
        part = self._folder / f"{name}{_PART}"
        with _told(part, "write"):
            try:
                with part.open("wb", buffering=0) as out:
                    flushing = _Flushing(out.fileno())
                    try:
                        yield flushing
                    finally:
                        flushing.settle()
                    os.fsync(out.fileno())
                part.replace(self._folder / name)
                sync_folder(self._folder)
            except BaseException:
                _remove(part)
                raise

    def small(self, name: str, data: bytes) -> None:
        with _told(self._folder / name, "write"):
            write_atomic(self._folder / name, data, mode=0o640)

    def finish(self) -> None:
        pass  # each file was made durable when it was complete

    def discard(self) -> None:
        with contextlib.suppress(OSError):
            shutil.rmtree(self._folder)


class ArchiveTarget:
    """One ZIP with AES-256 (WinZip AE-2), which 7-Zip and others open with the password."""

    def __init__(self, path: Path, password: str) -> None:
        self._path = path
        self._part = path.with_name(f"{path.name}{_PART}")
        self._password = password.encode()
        self._zip: object | None = None

    @property
    def place(self) -> Path:
        return self._path

    def begin(self) -> None:
        import pyzipper  # noqa: PLC0415  only encrypted exports need it

        with _told(self._path, "make the archive of the export"):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            self._part.unlink(missing_ok=True)
            archive = pyzipper.AESZipFile(
                self._part, "w", compression=pyzipper.ZIP_STORED, encryption=pyzipper.WZ_AES
            )
            archive.setpassword(self._password)
            archive.setencryption(pyzipper.WZ_AES, nbits=256)
            self._zip = archive

    @contextlib.contextmanager
    def file(self, name: str) -> Iterator[Sink]:
        with _told(self._part, "write"), self._zip.open(name, "w", force_zip64=True) as sink:  # type: ignore[union-attr]  # pyzipper has no types
            yield sink

    def small(self, name: str, data: bytes) -> None:
        with self.file(name) as sink:
            sink.write(data)

    def finish(self) -> None:
        with _told(self._part, "finish"):
            self._close()
            descriptor = os.open(self._part, os.O_RDWR)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            self._part.replace(self._path)
            sync_folder(self._path.parent)

    def discard(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._close()
        _remove(self._part)

    def _close(self) -> None:
        archive, self._zip = self._zip, None
        if archive is not None:
            archive.close()  # type: ignore[attr-defined]  # pyzipper has no types


class _Flushing:
    """A file whose pages go to the disk on the way: no burst at its end stops the recorders.

    A thread of its own waits for the disk; the writer only while a whole step is behind.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting = 0
        self._sync: threading.Thread | None = None
        self._error: OSError | None = None

    def write(self, data: memoryview | bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]
        self._waiting += len(data)
        if self._waiting >= _FLUSH_BYTES:
            self._waiting = 0
            self.settle()
            self._sync = threading.Thread(target=self._flush, name="export-sync", daemon=True)
            self._sync.start()

    def settle(self) -> None:
        """Wait for what is on its way. OSError: the disk did not take it."""
        if self._sync is not None:
            self._sync.join()
            self._sync = None
        if self._error is not None:
            raise self._error

    def _flush(self) -> None:
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            self._error = error


def require_space(folder: Path, need_bytes: int) -> None:
    """TargetError when what is to come does not fit; nothing has been written then."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    with _told(place, "look at"):
        free = shutil.disk_usage(place).free
    if free < need_bytes:
        raise TargetError(
            f"the export needs about {_mib(need_bytes)} MiB, and {place} has {_mib(free)} MiB "
            "left: nothing was written; free some space or choose another place"
        )


@contextlib.contextmanager
def _told(path: Path, doing: str) -> Iterator[None]:
    """OSError as a sentence with a remedy."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            remedy = "the disk is full: free some space, then resume the export"
        elif error.errno in {errno.ENOENT, errno.EIO, errno.ENODEV, errno.ENOTCONN, errno.ESTALE}:
            remedy = "the disk or network folder is gone: connect it again, then resume the export"
        else:
            remedy = "check the rights of the place, or choose another, then resume the export"
        raise TargetError(
            f"could not {doing} {path} ({error.strerror or error}): {remedy}"
        ) from None


def _remove(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("The partial file %s could not be removed: %s", part, error)


def _mib(count: int) -> int:
    return -(-count // 1024**2)
