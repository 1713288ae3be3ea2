"""Footage to another root or bucket: copied, verified and journalled before the old file goes."""

from __future__ import annotations

import logging

from engine.ageing.manifest import ArchivedFile, write_manifest
from engine.base.errors import EngineError
from engine.chores.bench import Bench
from engine.chores.delete import delete_batch
from engine.chores.errors import ChoreCancelledError, ChoreError
from engine.chores.footage_places import claimed, file_of, require_room, root_of
from engine.recording.content_hash import hash_file
from engine.recording.durable_copy import copy_verified
from engine.storage_access.bucket import Bucket
from nvr_app.contract.chores import AnyChore, Footage, MoveFootage
from nvr_app.contract.custody_facts import SegmentMoved

logger = logging.getLogger(__name__)

_WORDS = {
    "returned": "moved back to its root",
    "tier": "moved to another tier",
    "archived": "archived",
    "reencoded": "encoded anew",
}


def move_footage(chore: AnyChore, bench: Bench) -> None:
    """Work of `MoveFootage`. A kill at any moment leaves the segment whole at one place that the
    index knows; a finished copy of which the journal does not know is used by the next try.
    """
    if not isinstance(chore, MoveFootage):
        raise TypeError(type(chore).__name__)
    bench.progress(total=len(chore.footage))
    moved: list[ArchivedFile] = []
    try:
        for footage in chore.footage:
            bench.look_up()
            done = _try(chore, footage, bench)
            if done is not None:
                moved.append(done)
    finally:
        # Also for what a stop left half done: every file of an archive stands in a manifest.
        if chore.with_manifest and moved:
            _leave_manifest(chore, moved, bench)


def _try(chore: MoveFootage, footage: Footage, bench: Bench) -> ArchivedFile | None:
    place = footage.place
    try:
        with claimed(place, bench):
            return _move(chore, footage, bench)
    except ChoreCancelledError:
        raise
    except (EngineError, OSError) as error:
        logger.warning("%s: could not move %s: %s", place.camera_id, place.path, error)
        bench.shop.measures.count("surveillance_footage_move_failures", chore.to_root)
        bench.progress(
            done=bench.moved.done + 1, failures=bench.moved.failures + 1, detail=str(error)
        )
        return None


def _move(chore: MoveFootage, footage: Footage, bench: Bench) -> ArchivedFile:
    place = footage.place
    bucket = bench.shop.buckets.get(chore.to_root)
    if bucket is not None:
        size, content_hash = _to_bucket(bucket, footage, chore.storage_class, bench)
    else:
        size, content_hash = _to_folder(chore.to_root, footage, bench)
    bench.look_up()
    bench.note(
        SegmentMoved(
            wall_us=bench.shop.clock.wall_us(),
            camera_id=place.camera_id,
            segment_id=place.segment_id,
            root=chore.to_root,
            path=place.path,
            size_bytes=size,
            content_hash=content_hash,
            reason=chore.reason,
        )
    )
    # Waits until the journal has both, unlinks, and says so (invariant S4).
    delete_batch((place,), _WORDS[chore.reason], bench)
    bench.shop.measures.count("surveillance_footage_moved_bytes", chore.to_root, amount=size)
    return ArchivedFile(
        camera_id=place.camera_id,
        segment_id=place.segment_id,
        path=place.path,
        start_wall_us=footage.start_wall_us,
        end_wall_us=footage.end_wall_us,
        size_bytes=size,
        blake2b=content_hash,
    )


def _to_folder(to_root: str, footage: Footage, bench: Bench) -> tuple[int, str]:
    source = file_of(footage.place, bench)
    root = root_of(to_root, bench)
    require_room(root.path, footage.place.size_bytes)
    target = root.path / footage.place.path
    return copy_verified(source, target, footage.content_hash, bench.look_up)


def _to_bucket(
    bucket: Bucket, footage: Footage, storage_class: str, bench: Bench
) -> tuple[int, str]:
    source = file_of(footage.place, bench)
    found = hash_file(source)
    if footage.content_hash and found != footage.content_hash:
        raise ChoreError(
            f"{source} is not as it was recorded (its content has another hash): it stays where "
            "it is; nvr check --hash names all such files"
        )
    return bucket.put(footage.place.path, source, found, storage_class), found


def _leave_manifest(chore: MoveFootage, moved: list[ArchivedFile], bench: Bench) -> None:
    bucket = bench.shop.buckets.get(chore.to_root)
    target = bucket if bucket is not None else root_of(chore.to_root, bench).path
    name = write_manifest(
        target, chore.chore_id, chore.to_root, chore.reason, moved, bench.shop.clock.wall_us()
    )
    logger.info("%d segments archived to %s: %s", len(moved), chore.to_root, name)
