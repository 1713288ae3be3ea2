"""Deletion in the order of invariant S4: journal "garbage", unlink, sync folder, journal "gone"."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from engine.base.atomic_file import sync_folder
from engine.chores.bench import Bench
from engine.chores.errors import ChoreError
from engine.recording.segment_path import hour_of_folder
from engine.recording.storage_root import StorageError
from engine.storage_access.bucket import Bucket, BucketError
from nvr_app.contract.chores import AnyChore, DeleteFiles, DeletePlaces, Place
from nvr_app.contract.custody_facts import SegmentGarbage
from nvr_app.contract.events import SegmentGone

logger = logging.getLogger(__name__)

_BATCH = 500
"""Places in one go: few waits for the journal, and soon done when told to leave off."""
_HOURS_LEFT_ALONE = timedelta(hours=3)


def delete_places(chore: AnyChore, bench: Bench) -> None:
    """Work of `DeletePlaces`. A kill at any moment leaves garbage that the index knows."""
    if not isinstance(chore, DeletePlaces):
        raise TypeError(type(chore).__name__)
    bench.progress(total=len(chore.places))
    for begin in range(0, len(chore.places), _BATCH):
        bench.look_up()
        batch = chore.places[begin : begin + _BATCH]
        mine = [place for place in batch if bench.shop.claims.take(place.segment_id)]
        try:
            delete_batch(mine, chore.reason, bench)
        finally:
            for place in mine:
                bench.shop.claims.release(place.segment_id)
        if len(mine) < len(batch):
            busy = [place for place in batch if place not in mine]
            _tell_refused(busy, "they are being moved or encoded anew", bench)
            bench.progress(done=bench.moved.done + len(busy))


def delete_batch(places: Sequence[Place], reason: str, bench: Bench) -> None:
    """Take these files away (S4) and count them as done; the caller holds their claims.

    Blocks until the journal has acknowledged; ChoreCancelledError before anything is unlinked.
    """
    by_root: dict[str, list[Place]] = {}
    for place in places:
        by_root.setdefault(place.root, []).append(place)
    for name, of_root in by_root.items():
        _delete_of_root(name, of_root, reason, bench)


def _delete_of_root(name: str, places: Sequence[Place], reason: str, bench: Bench) -> None:
    number = 0
    for place in places:
        number = bench.note(
            SegmentGarbage(
                wall_us=bench.shop.clock.wall_us(),
                camera_id=place.camera_id,
                segment_id=place.segment_id,
                root=place.root,
                path=place.path,
                reason=reason,
            )
        )
    bench.until_journalled(number)  # invariant S4: never before the journal has it
    gone = _take_away(name, places, bench)
    for place in gone:
        bench.note(
            SegmentGone(
                wall_us=bench.shop.clock.wall_us(),
                camera_id=place.camera_id,
                segment_id=place.segment_id,
                reason=reason,
                root=place.root,
                path=place.path,
            )
        )
    moved = bench.moved
    bench.progress(
        done=moved.done + len(places),
        size_bytes=moved.size_bytes + sum(place.size_bytes for place in gone),
    )


def _take_away(name: str, places: Sequence[Place], bench: Bench) -> list[Place]:
    """Those that are gone now, and stay gone after a power cut; refusals are told."""
    bucket = bench.shop.buckets.get(name)
    if bucket is not None:
        return [place for place in places if _remove_object(bucket, place, bench)]
    try:
        folder = _root_folder(name, bench)
    except (ChoreError, StorageError) as error:
        _tell_refused(places, str(error), bench)
        return []
    gone = [place for place in places if _unlink(folder, place, bench)]
    touched = {PurePosixPath(place.path).parent for place in gone}
    _sync_folders(folder, touched, bench.shop.clock.wall_us())
    return gone


def _remove_object(bucket: Bucket, place: Place, bench: Bench) -> bool:
    """Whether the object is gone from its bucket; a refusal is told and counted."""
    try:
        bucket.remove(place.path)
    except BucketError as error:
        _tell_refused((place,), str(error), bench)
        return False
    return True


def _root_folder(name: str, bench: Bench) -> Path:
    """Where the root lies, having shown its identity: an empty mount point must not make files
    look as if they were gone (invariant S5).
    """
    root = bench.shop.roots.get(name)
    if root is None:
        raise ChoreError(f"storage root {name} is not in the settings any more: add it again")
    root.verify()
    return root.path


def _unlink(root: Path, place: Place, bench: Bench) -> bool:
    """Whether the file is gone now; a refusal is told and counted."""
    try:
        path = _below(root, place.path)
        path.unlink(missing_ok=True)
    except (ChoreError, OSError) as error:
        _tell_refused((place,), str(error), bench)
        return False
    return True


def _below(root: Path, relative: str) -> Path:
    parts = PurePosixPath(relative)
    if parts.is_absolute() or ".." in parts.parts or not parts.parts:
        raise ChoreError(f"{relative!r} does not lie below {root}: it is left alone")
    return root.joinpath(*parts.parts)


def _tell_refused(places: Sequence[Place], why: str, bench: Bench) -> None:
    logger.warning(
        "%s: %d files could not be deleted and stay garbage: %s",
        places[0].camera_id, len(places), why,
    )  # fmt: skip
    for place in places:
        bench.shop.measures.count("surveillance_cleanup_failures", place.root)
    moved = bench.moved
    bench.progress(failures=moved.failures + len(places), detail=why)


def _sync_folders(root: Path, folders: Iterable[PurePosixPath], now_us: int) -> None:
    """Make the unlinks last, and take away day and hour folders that are empty now."""
    for folder in folders:
        path = root.joinpath(*folder.parts)
        with contextlib.suppress(FileNotFoundError):
            sync_folder(path)
        if _is_past(folder, now_us):
            _remove_empty(path)


def _is_past(folder: PurePosixPath, now_us: int) -> bool:
    """Whether this is the folder of an hour in which no recorder begins a segment any more: one
    that has just made its folder must find it there when it creates its file.
    """
    hour = hour_of_folder(folder)
    return hour is not None and hour < datetime.fromtimestamp(now_us / 1e6, UTC) - _HOURS_LEFT_ALONE


def _remove_empty(hour: Path) -> None:
    with contextlib.suppress(OSError):  # what is not empty refuses, and shall
        hour.rmdir()
        hour.parent.rmdir()


def delete_files(chore: AnyChore, bench: Bench) -> None:
    """Work of `DeleteFiles`: a missing file is no fault, a refused one is told."""
    if not isinstance(chore, DeleteFiles):
        raise TypeError(type(chore).__name__)
    bench.progress(total=len(chore.paths))
    folders = set()
    for begin in range(0, len(chore.paths), _BATCH):
        bench.look_up()
        batch = chore.paths[begin : begin + _BATCH]
        for relative in batch:
            _delete_file(relative, bench)
            folders.add(PurePosixPath(relative).parent)
        bench.progress(done=bench.moved.done + len(batch))
    for folder in folders:
        with contextlib.suppress(FileNotFoundError):
            sync_folder(bench.shop.data_dir.joinpath(*folder.parts))


def _delete_file(relative: str, bench: Bench) -> None:
    try:
        path = _below(bench.shop.data_dir, relative)
        size = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return
    except (ChoreError, OSError) as error:
        logger.warning("%s could not be deleted: %s", relative, error)
        bench.shop.measures.count("surveillance_cleanup_failures", "data")
        bench.progress(failures=bench.moved.failures + 1, detail=str(error))
        return
    bench.count(size_bytes=bench.moved.size_bytes + size)
