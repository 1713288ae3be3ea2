"""A segment's bytes, wherever they lie: the one place that opens footage for reading."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from engine.base.errors import EngineError
from engine.storage_access.bucket import Bucket, BucketError, BucketFile


class SegmentUnreadableError(EngineError):
    """The footage cannot be read at present; the sentence says what was tried."""


class SegmentFile(Protocol):
    """An open segment. Use from one thread at a time; every call may block on its storage."""

    def size(self) -> int:
        """Bytes at this moment: a segment that is being written grows."""

    def read(self, offset: int, size: int) -> bytes:
        """So many bytes, fewer only at the end of the file. SegmentUnreadableError."""

    def close(self) -> None:
        """Idempotent."""


class SegmentOpener:
    """Opens segments by the name of their root and their path below it. Any thread."""

    def __init__(
        self,
        folder_of: Callable[[str], Path | None],
        bucket_of: Callable[[str], Bucket | None] = lambda _: None,
    ) -> None:
        self._folder_of = folder_of
        self._bucket_of = bucket_of

    def open(self, root: str, path: str) -> SegmentFile:
        """SegmentUnreadableError: an unknown root, one that is not mounted, no such file."""
        bucket = self._bucket_of(root)
        if bucket is not None:
            return BucketSegmentFile(bucket, path)
        folder = self._folder_of(root)
        if folder is None:
            raise SegmentUnreadableError(
                f"the footage lies on storage root {root!r}, which the settings do not name"
            )
        return LocalSegmentFile(root, folder, path)


class LocalSegmentFile:
    """A file on a disk or in a mounted network folder."""

    def __init__(self, root: str, folder: Path, path: str) -> None:
        self._what = f"{path} on storage root {root}"
        place = folder / path
        if ".." in Path(path).parts or Path(path).is_absolute():
            raise SegmentUnreadableError(f"{self._what} lies outside its root")
        try:
            # Unbuffered: whoever reads knows how much it wants, and the file may grow.
            self._file = place.open("rb", buffering=0)
        except OSError as error:
            raise SegmentUnreadableError(
                f"could not open {self._what}: {error.strerror or error}"
            ) from None

    def size(self) -> int:
        try:
            return os.fstat(self._file.fileno()).st_size
        except OSError as error:
            raise self._failed(error) from None

    def read(self, offset: int, size: int) -> bytes:
        try:
            self._file.seek(offset)
            first = self._file.read(size)
            if len(first) == size or not first:
                return first  # as always, and without a second copy
            parts = bytearray(first)
            while len(parts) < size and (part := self._file.read(size - len(parts))):
                parts += part
        except OSError as error:
            raise self._failed(error) from None
        return bytes(parts)

    def close(self) -> None:
        self._file.close()

    def _failed(self, error: OSError) -> SegmentUnreadableError:
        return SegmentUnreadableError(f"could not read {self._what}: {error.strerror or error}")


class BucketSegmentFile:
    """An object of a bucket; it no longer grows."""

    def __init__(self, bucket: Bucket, path: str) -> None:
        self._file = BucketFile(bucket, path)

    def size(self) -> int:
        try:
            return self._file.size()
        except BucketError as error:
            raise SegmentUnreadableError(str(error)) from None

    def read(self, offset: int, size: int) -> bytes:
        try:
            return self._file.read(offset, size)
        except BucketError as error:
            raise SegmentUnreadableError(str(error)) from None

    def close(self) -> None:
        self._file.close()
