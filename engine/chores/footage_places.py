"""Where a chore finds footage, and how an old place of it is given up."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from engine.chores.bench import Bench
from engine.chores.errors import ChoreError
from engine.recording.storage_root import StorageRoot
from engine.storage_access.reading import open_stream
from nvr_app.contract.chores import Place

_RESERVE_BYTES = 256 * 1024**2
"""The hub chooses with the root's floor; this is for what changed since."""


def require_room(folder: Path, size_bytes: int) -> None:
    """ChoreError unless so much can be written there and a reserve stays. OSError."""
    free = shutil.disk_usage(folder).free
    if free < size_bytes + _RESERVE_BYTES:
        raise ChoreError(
            f"{folder} has {free // 1024**2} MiB free, too few for {size_bytes // 1024**2} MiB "
            "more: it is tried again once there is room"
        )


def root_of(name: str, bench: Bench) -> StorageRoot:
    """A root that has just shown its identity (S5). ChoreError, StorageError."""
    root = bench.shop.roots.get(name)
    if root is None:
        raise ChoreError(f"storage root {name} is no folder of the settings: nothing is done there")
    root.verify()
    return root


def file_of(place: Place, bench: Bench) -> Path:
    """A segment's file on a disk. ChoreError, StorageError; FileNotFoundError: it is not there."""
    path = root_of(place.root, bench).path / place.path
    if not path.is_file():
        raise FileNotFoundError(f"{place.path} is not on storage root {place.root}")
    return path


@contextlib.contextmanager
def reading(place: Place, bench: Bench) -> Iterator[Path | IO[bytes]]:
    """A segment's bytes from wherever it lies: a file, or a stream out of a bucket."""
    bucket = bench.shop.buckets.get(place.root)
    if bucket is None:
        yield file_of(place, bench)
        return
    with open_stream(bucket, place.path) as stream:
        yield stream


@contextlib.contextmanager
def claimed(place: Place, bench: Bench) -> Iterator[None]:
    """Nothing else of this process works on the segment meanwhile. ChoreError: something does."""
    if not bench.shop.claims.take(place.segment_id):
        raise ChoreError(f"{place.path} is being worked on: it is looked at again later")
    try:
        yield
    finally:
        bench.shop.claims.release(place.segment_id)
