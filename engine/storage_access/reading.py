"""Objects of a bucket as files that libraries read and seek in."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

from engine.storage_access.bucket import Bucket, BucketError, BucketFile

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def open_stream(bucket: Bucket, path: str) -> io.BufferedReader:
    """A readable, seekable file over an object; its reads raise OSError where the store fails."""
    return io.BufferedReader(_ObjectStream(BucketFile(bucket, path)))


class _ObjectStream(io.RawIOBase):
    def __init__(self, file: BucketFile) -> None:
        super().__init__()
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._file.read(self._at, len(view))
        except BucketError as error:
            raise OSError(str(error)) from None
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        if base is None:
            try:
                base = self._file.size()
            except BucketError as error:
                raise OSError(str(error)) from None
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at
