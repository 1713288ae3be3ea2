"""Event clips: cut out of segments, synced, then told."""

from __future__ import annotations

import contextlib
from pathlib import PurePosixPath

from engine.chores.bench import Bench
from engine.chores.errors import ChoreError
from engine.chores.footage_places import reading, require_room
from engine.media.clip_cutter import CutSource, cut_clip
from engine.recording.durable_copy import settle, written_aside
from nvr_app.contract.chores import AnyChore, CutClip
from nvr_app.contract.custody_facts import ClipKept
from nvr_app.contract.timebase import utc_datetime


def cut_event_clip(chore: AnyChore, bench: Bench) -> None:
    """Work of `CutClip`. ClipCutError: no footage can be read; nothing is kept then.

    The segments are only read: one that is moved meanwhile makes this fail, and be tried again.
    """
    if not isinstance(chore, CutClip):
        raise TypeError(type(chore).__name__)
    bench.progress(total=1)
    path = clip_path(chore)
    target = bench.shop.data_dir / path
    with contextlib.ExitStack() as opened, written_aside(target) as part:
        require_room(bench.shop.data_dir, sum(f.place.size_bytes for f in chore.footage))
        sources = [
            CutSource(
                name=footage.place.path,
                file=opened.enter_context(reading(footage.place, bench)),
                start_wall_us=footage.start_wall_us,
            )
            for footage in chore.footage
        ]
        cut = cut_clip(sources, chore.start_wall_us, chore.end_wall_us, part, bench.look_up)
        size = part.stat().st_size
        target.unlink(missing_ok=True)  # of a worker that was killed before it could say so
        content_hash = settle(part, target)
    bench.note(
        ClipKept(
            wall_us=bench.shop.clock.wall_us(),
            clip_id=chore.clip_id,
            event_id=chore.event_id,
            camera_id=chore.camera_id,
            path=path,
            start_wall_us=cut.start_wall_us,
            end_wall_us=cut.end_wall_us,
            size_bytes=size,
            content_hash=content_hash,
        )
    )
    bench.shop.measures.count("surveillance_event_clips", chore.camera_id)
    bench.progress(done=1, size_bytes=size)


def clip_path(chore: CutClip) -> str:
    """Relative to the data folder. ChoreError: the ids do not make a name."""
    start = utc_datetime(chore.start_wall_us)
    path = f"clips/{chore.camera_id}/{start:%Y-%m-%d}/{chore.clip_id}.mp4"
    if len(PurePosixPath(path).parts) != 4 or ".." in path:
        raise ChoreError(f"{chore.clip_id!r} of {chore.camera_id!r} makes no file name")
    return path
