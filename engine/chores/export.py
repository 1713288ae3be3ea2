"""Exports in the chores worker: what was asked for is cut, copied and signed; its end is a fact."""

from __future__ import annotations

from pathlib import Path

from engine.base.errors import EngineError
from engine.chores.bench import Bench
from engine.chores.errors import ChoreCancelledError, ChoreError
from engine.playback.export import ExportResult, ExportTools, discard_export, run_export
from engine.playback.segment_file import SegmentFile, SegmentOpener, SegmentUnreadableError
from engine.recording.storage_root import StorageError
from engine.storage_access.bucket import BucketError, BucketFile
from nvr_app.contract.audit_facts import ExportEnded, ExportState
from nvr_app.contract.chores import AnyChore, ExportFootage
from nvr_app.contract.timebase import NS_PER_S
from nvr_app.evidence.signing import Signer

_TELL_NS = NS_PER_S // 2


def export_footage(chore: AnyChore, bench: Bench) -> None:
    """Work of `ExportFootage`. A stop leaves what is finished for the next worker."""
    if not isinstance(chore, ExportFootage):
        raise TypeError(type(chore).__name__)
    try:
        result = run_export(chore.order, chore.password, _tools(bench))
    except ChoreCancelledError:
        if not bench.is_stopping:
            discard_export(chore.order)
            _end(chore, bench, "cancelled", "cancelled; nothing of it was kept")
        raise
    except (EngineError, OSError) as error:
        _end(chore, bench, "failed", str(error))
        raise
    _end(chore, bench, "done", result.sentence, result)
    size = result.size_bytes
    bench.progress(done=size, total=size, size_bytes=size, detail=result.sentence)


def _tools(bench: Bench) -> ExportTools:
    shop = bench.shop
    if not shop.signing_key:
        raise ChoreError(
            "the signing key cannot be read: see nvr secrets status; nothing was exported, "
            "for an export that nobody vouches for is no evidence"
        )
    told_ns = 0

    def on_progress(done: int, total: int, doing: str) -> None:
        nonlocal told_ns
        bench.count(done=done, total=total, size_bytes=done, detail=doing)
        now_ns = shop.clock.mono_ns()
        if now_ns - told_ns >= _TELL_NS:
            told_ns = now_ns
            bench.progress()

    return ExportTools(
        open_segment=lambda root, path: _open(bench, root, path),
        signer=Signer(bytes.fromhex(shop.signing_key)),
        clock=shop.clock,
        look_up=bench.look_up,
        on_progress=on_progress,
    )


def _open(bench: Bench, root: str, path: str) -> SegmentFile:
    """A segment where it lies: on a disk or in a bucket. SegmentUnreadableError."""
    bucket = bench.shop.buckets.get(root)
    if bucket is not None:
        return _Stored(BucketFile(bucket, path), f"{path} in bucket {root}")
    return SegmentOpener(lambda name: _folder_of(bench, name)).open(root, path)


class _Stored:
    """An object of a bucket as a segment's file."""

    def __init__(self, file: BucketFile, what: str) -> None:
        self._file = file
        self._what = what

    def size(self) -> int:
        try:
            return self._file.size()
        except BucketError as error:
            raise SegmentUnreadableError(f"could not open {self._what}: {error}") from None

    def read(self, offset: int, size: int) -> bytes:
        try:
            return self._file.read(offset, size)
        except BucketError as error:
            raise SegmentUnreadableError(f"could not read {self._what}: {error}") from None

    def close(self) -> None:
        pass


def _folder_of(bench: Bench, name: str) -> Path | None:
    """Where a root lies; a folder that does not show its identity is none of ours (S5)."""
    root = bench.shop.roots.get(name)
    if root is None:
        return None
    try:
        root.verify()
    except StorageError:
        return None
    return root.path


def _end(
    chore: ExportFootage,
    bench: Bench,
    state: ExportState,
    detail: str,
    result: ExportResult | None = None,
) -> None:
    bench.note(
        ExportEnded(
            wall_us=bench.shop.clock.wall_us(),
            export_id=chore.order.export_id,
            state=state,
            detail=detail,
            files=result.files if result else 0,
            size_bytes=result.size_bytes if result else 0,
            manifest_hash=result.manifest_hash if result else "",
        )
    )
