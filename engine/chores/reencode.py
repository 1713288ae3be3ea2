"""Encoding a segment anew: within a CPU budget, verified, and only where it really pays."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.base.atomic_file import write_atomic
from engine.base.clock import process_cpu_ns
from engine.chores.bench import Bench
from engine.chores.cpu_budget import CpuBudget
from engine.chores.delete import delete_batch
from engine.chores.errors import ChoreError
from engine.chores.footage_places import claimed, file_of, require_room, root_of
from engine.media.reencoder import EncodeTarget, ReencodeError, encode_anew
from engine.media.same_footage import require_same_footage
from engine.recording.content_hash import hash_file
from engine.recording.durable_copy import settle, written_aside
from engine.recording.segment_path import path_encoded_anew
from nvr_app.contract.chores import AnyChore, ReencodeFootage
from nvr_app.contract.custody_facts import SegmentKept, SegmentMoved

logger = logging.getLogger(__name__)

_WORTH_IT = 0.95
"""Less saved than this is not worth another generation of loss."""
_MOST_DEATHS = 2


class _Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """Which segment is being encoded: an encoder that ends the process must not do so for ever."""

    segment_id: str
    codec: str
    deaths: int


def reencode_footage(chore: AnyChore, bench: Bench) -> None:
    """Work of `ReencodeFootage`: the segment is smaller afterwards, or said to be kept."""
    if not isinstance(chore, ReencodeFootage):
        raise TypeError(type(chore).__name__)
    place = chore.footage.place
    bench.progress(total=1)
    with claimed(place, bench), _counted(chore, bench) as deaths:
        if deaths >= _MOST_DEATHS:
            _keep(chore, f"encoding it ended the worker {deaths} times", "died", bench)
            return
        started_ns = bench.shop.clock.mono_ns()
        try:
            kept = _encode(chore, bench)
        except ReencodeError as error:
            _keep(chore, str(error), "encoder", bench)
        else:
            if kept:
                _keep(chore, kept, "", bench)
            seconds = (bench.shop.clock.mono_ns() - started_ns) / 1e9
            bench.shop.measures.count("surveillance_reencode_seconds", chore.codec, amount=seconds)


def _encode(chore: ReencodeFootage, bench: Bench) -> str:
    """Why the segment stays as it is; empty when it was replaced. ReencodeError: it cannot be."""
    place = chore.footage.place
    source = file_of(place, bench)
    if chore.footage.content_hash and hash_file(source) != chore.footage.content_hash:
        raise ReencodeError(f"{source} is not as it was recorded: it stays as it is")
    path = path_encoded_anew(place.path, chore.codec)
    root = root_of(place.root, bench)
    require_room(root.path, place.size_bytes)
    target = root.path / path
    wanted = EncodeTarget(codec=chore.codec, crf=chore.crf, preset=chore.preset)
    budget = CpuBudget(chore.cpu_share, bench.shop.clock, process_cpu_ns, bench.rest)
    with written_aside(target) as part:
        encode_anew(source, part, wanted, budget.pace)
        size = part.stat().st_size
        if size > place.size_bytes * _WORTH_IT:
            return f"as {chore.codec} it would take {size} bytes instead of {place.size_bytes}"
        require_same_footage(source, part, wanted, budget.pace)
        bench.look_up()
        target.unlink(missing_ok=True)  # of a worker that was killed before it could say so
        content_hash = settle(part, target)
    _replace(chore, path, size, content_hash, bench)
    return ""


def _replace(chore: ReencodeFootage, path: str, size: int, content_hash: str, bench: Bench) -> None:
    place = chore.footage.place
    bench.look_up()
    bench.note(
        SegmentMoved(
            wall_us=bench.shop.clock.wall_us(),
            camera_id=place.camera_id,
            segment_id=place.segment_id,
            root=place.root,
            path=path,
            size_bytes=size,
            content_hash=content_hash,
            reason="reencoded",
            codec=chore.codec,
        )
    )
    delete_batch((place,), f"encoded anew as {chore.codec}", bench)
    measures = bench.shop.measures
    measures.count("surveillance_reencoded_segments", chore.codec)
    measures.count("surveillance_reencoded_source_bytes", chore.codec, amount=place.size_bytes)
    measures.count("surveillance_reencode_saved_bytes", chore.codec, amount=place.size_bytes - size)
    logger.info(
        "%s: %s is %s now: %d of %d bytes",
        place.camera_id, place.path, chore.codec, size, place.size_bytes,
    )  # fmt: skip


def _keep(chore: ReencodeFootage, reason: str, failure: str, bench: Bench) -> None:
    """Remember that this segment stays as it is; `failure` names what went wrong, if anything."""
    place = chore.footage.place
    bench.note(
        SegmentKept(
            wall_us=bench.shop.clock.wall_us(),
            camera_id=place.camera_id,
            segment_id=place.segment_id,
            codec=chore.codec,
            reason=reason,
        )
    )
    if failure:
        logger.warning("%s: %s", place.camera_id, reason)
        bench.shop.measures.count("surveillance_reencode_failures", failure)
    else:
        bench.shop.measures.count("surveillance_reencode_kept_segments", chore.codec)
    bench.progress(done=1, failures=int(bool(failure)), detail=reason)


@contextlib.contextmanager
def _counted(chore: ReencodeFootage, bench: Bench) -> Iterator[int]:
    """How often this very work ended the process before; while it goes on, that it may again."""
    marker = bench.shop.data_dir / "spool" / "reencode-attempt.json"
    deaths = _deaths(marker, chore)
    attempt = _Attempt(
        segment_id=chore.footage.place.segment_id, codec=chore.codec, deaths=deaths + 1
    )
    try:
        write_atomic(marker, msgspec.json.encode(attempt))
    except OSError as error:
        raise ChoreError(
            f"nothing is encoded anew: {marker.name} cannot be written: {error}"
        ) from None
    try:
        yield deaths
    finally:
        with contextlib.suppress(OSError):
            marker.unlink(missing_ok=True)


def _deaths(marker: Path, chore: ReencodeFootage) -> int:
    try:
        last = msgspec.json.decode(marker.read_bytes(), type=_Attempt)
    except (OSError, msgspec.MsgspecError):
        return 0
    is_same = (last.segment_id, last.codec) == (chore.footage.place.segment_id, chore.codec)
    return last.deaths if is_same else 0
