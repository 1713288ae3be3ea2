"""Files of an export whose pictures are drawn into: hashed while they are written, as others."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.media.burner import Burned, BurnSource, Drawing, burn
from engine.playback.export_target import Sink
from engine.playback.segment_file import SegmentFile, SegmentUnreadableError
from engine.recording.content_hash import new_content_hash
from nvr_app.contract.audit_facts import ExportOptions
from nvr_app.evidence.digest import FileDigest

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_READ_BYTES = 4 * 1024**2


@dataclass(frozen=True)
class BurnPart:
    """One segment on its way into a file."""

    name: str
    file: SegmentFile
    size_bytes: int
    start_wall_us: int
    content_hash: str


@dataclass(frozen=True)
class BurnedFile:
    """What came of it."""

    burned: Burned
    digest: FileDigest
    is_as_journalled: tuple[bool | None, ...]


def burn_file(
    parts: list[BurnPart],
    span_us: tuple[int, int],
    options: ExportOptions,
    sink: Sink,
    on_written: Callable[[int], None],
) -> BurnedFile:
    """Write a file of drawn pictures. BurnError, SegmentUnreadableError, TargetError."""
    digest = FileDigest()

    def write(data: bytes) -> None:
        sink.write(data)
        digest.update(data)
        on_written(len(data))

    checks = tuple(_is_as_journalled(part, on_written) for part in parts)
    burned = burn(
        (
            BurnSource(part.name, segment_stream(part.file, part.size_bytes), part.start_wall_us)
            for part in parts
        ),
        *span_us,
        Drawing(has_time=options.burn_time, masks=options.masks),
        write,
        lambda: on_written(0),
    )
    return BurnedFile(burned, digest, checks)


def _is_as_journalled(part: BurnPart, on_read: Callable[[int], None]) -> bool | None:
    if not part.content_hash:
        return None
    content = new_content_hash()
    for at in range(0, part.size_bytes, _READ_BYTES):
        on_read(0)
        content.update(part.file.read(at, min(_READ_BYTES, part.size_bytes - at)))
    return content.hexdigest() == part.content_hash


def segment_stream(file: SegmentFile, size_bytes: int) -> io.BufferedReader:
    """A segment's file as libraries read and seek in it, as far as it was when looked at.

    SegmentUnreadableError becomes OSError, which is what they understand.
    """
    return io.BufferedReader(_SegmentStream(file, size_bytes), _READ_BYTES)


class _SegmentStream(io.RawIOBase):
    def __init__(self, file: SegmentFile, size_bytes: int) -> None:
        super().__init__()
        self._file = file
        self._size = size_bytes
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), max(self._size - self._at, 0))
        try:
            data = self._file.read(self._at, wanted)
        except SegmentUnreadableError as error:
            raise OSError(str(error)) from None
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence, self._size)
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at
