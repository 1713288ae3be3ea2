"""Copies that last: written aside, synced, read back and compared, and only then given a name."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.base.atomic_file import sync_folder
from engine.base.errors import EngineError
from engine.recording.content_hash import hash_file, new_content_hash

_CHUNK_BYTES = 1 << 20
_LEVELS = 4
"""Camera, day and hour folders may all be new; and the root's own entry of the first of them."""


class CopyError(EngineError):
    """The copy is not what was asked for; the original is untouched."""


@contextlib.contextmanager
def written_aside(target: Path) -> Iterator[Path]:
    """A new file beside `target` to write into; whatever of it is left at the end goes.

    Its name is no segment's, so that nothing takes half a file for footage. OSError.
    """
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    part = aside_of(target)
    part.unlink(missing_ok=True)  # of a process that was killed here
    try:
        yield part
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def aside_of(target: Path) -> Path:
    """Where a file is written before it has its name."""
    return target.with_name(f".{target.name}.part")


def settle(part: Path, target: Path) -> str:
    """Sync a file, read it back from the disk, and give it its name; its hash. OSError.

    CopyError: there is something else under that name already.
    """
    with part.open("rb") as file:
        os.fsync(file.fileno())
        _forget_cached(file.fileno())
    found = hash_file(part)
    if target.exists():
        if hash_file(target) != found:
            raise CopyError(f"there is another file at {target}: it is left alone")
        part.unlink()
    else:
        part.rename(target)
    for folder in list(target.parents)[:_LEVELS]:
        sync_folder(folder)
    return found


def copy_verified(
    source: Path, target: Path, content_hash: str, look_up: Callable[[], None]
) -> tuple[int, str]:
    """Copy a file durably; its size and hash. Doing it again after a kill does no harm.

    `look_up` is called between pieces and may raise. CopyError: the source is not what was
    journalled of it (`content_hash`, unless empty), or the copy is not like the source. OSError.
    """
    if target.exists() and content_hash and hash_file(target) == content_hash:
        return target.stat().st_size, content_hash
    with written_aside(target) as part:
        digest, size = new_content_hash(), 0
        with source.open("rb") as original, part.open("xb") as copy:
            while chunk := original.read(_CHUNK_BYTES):
                look_up()
                digest.update(chunk)
                copy.write(chunk)
                size += len(chunk)
        read = digest.hexdigest()
        if content_hash and read != content_hash:
            raise CopyError(
                f"{source} is not as it was recorded (its content has another hash): it stays "
                "where it is; nvr check --hash names all such files"
            )
        if settle(part, target) != read:
            target.unlink(missing_ok=True)
            raise CopyError(f"{target} does not read back as it was written: is its disk sound?")
    return size, read


def _forget_cached(descriptor: int) -> None:
    """What is read next comes from the disk, where the system can be told so."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
