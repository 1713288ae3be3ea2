"""Recorded footage itself: files by range, and where in them which moment lies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from engine.hub.api.errors import NotFoundError
from engine.hub.core import HubCore
from engine.playback.byte_range import ByteRange, UnsatisfiableRangeError, choose_range
from engine.playback.fragment_index import FragmentScan
from engine.playback.segment_file import SegmentFile, SegmentUnreadableError
from engine.store.rows import SegmentRow
from nvr_app.contract.api import ErrorAnswer
from nvr_app.contract.footage import DamageView, FragmentView, SegmentIndex, TrackView

_CHUNK_BYTES = 256 * 1024
_T = TypeVar("_T")

AnyRequest = Request[Any, Any, Any]


def footage_routes(core: HubCore) -> list[ControllerRouterHandler]:
    """Routes under `/api/v1/segments`."""

    @get("/api/v1/segments/{segment_id:str}/index")
    async def segment_index(segment_id: FromPath[str]) -> SegmentIndex:
        """Which moment lies at which bytes; of an open segment, as far as it is written."""
        row, scan = await with_segment(core, segment_id, lambda row, scan, _: (row, scan))
        return _index_view(row, scan)

    @get("/api/v1/segments/{segment_id:str}/media", status_code=200)
    async def segment_media(request: AnyRequest, segment_id: FromPath[str]) -> Response[Any]:
        """The file, or the range of it that the `Range` header names."""
        row, file, total = await _open(core, segment_id)
        content_hash = row.content_hash if row.state == "closed" else ""
        return media_answer(core, request, row.root, file, total, content_hash)

    return [segment_index, segment_media]


def media_answer(
    core: HubCore, request: AnyRequest, root: str, file: SegmentFile, total: int, content_hash: str
) -> Response[Any]:
    """The file or the wanted range of it, read in the root's threads; it is closed at the end.

    `content_hash` makes the answer cacheable; empty while the file grows.
    """
    tag = f'"{content_hash}"' if content_hash else ""
    headers = {"Accept-Ranges": "bytes"} | ({"ETag": tag} if tag else {})
    if tag and request.headers.get("if-none-match") == tag:
        core.disks.forget(root, file.close)
        return Response(b"", status_code=304, headers=headers)
    wanted = request.headers.get("range", "")
    if request.headers.get("if-range", tag) != tag:
        wanted = ""
    try:
        part = choose_range(wanted, total)
    except UnsatisfiableRangeError as error:
        core.disks.forget(root, file.close)
        return Response(
            ErrorAnswer(error=f"the range cannot be had: {error}"),
            status_code=416,
            headers=headers | {"Content-Range": f"bytes */{total}"},
            media_type="application/json",
        )
    span = part or ByteRange(0, total)
    headers["Content-Length"] = str(span.size)
    if part is not None:
        headers["Content-Range"] = part.content_range(total)
    return Stream(
        _chunks(core, root, file, span),
        status_code=206 if part is not None else 200,
        headers=headers,
        media_type="video/mp4",
    )


async def _chunks(
    core: HubCore, root: str, file: SegmentFile, span: ByteRange
) -> AsyncIterator[bytes]:
    """The bytes in pieces, each read in a thread; the file is closed at the end in any case."""
    try:
        position, end = span.start, span.start + span.size
        while position < end:
            at, size = position, min(_CHUNK_BYTES, end - position)
            data = await core.disks.run(root, lambda at=at, size=size: file.read(at, size))  # type: ignore[misc]  # defaults bind the loop's values
            if not data:
                raise SegmentUnreadableError("the file became shorter while it was read")
            yield data
            position += len(data)
    finally:
        core.disks.forget(root, file.close)


async def with_segment(
    core: HubCore, segment_id: str, work: Callable[[SegmentRow, FragmentScan, SegmentFile], _T]
) -> _T:
    """Do something with a segment's file and index, in a thread of its storage root."""
    row, file, _ = await _open(core, segment_id)

    def index_and_work() -> _T:
        place = row.segment_id, row.root, row.path
        scan = core.fragments.index(place, file, is_closed=row.state != "open")
        return work(row, scan, file)

    try:
        return await core.disks.run(row.root, index_and_work)
    finally:
        core.disks.forget(row.root, file.close)


async def _open(core: HubCore, segment_id: str) -> tuple[SegmentRow, SegmentFile, int]:
    """The segment's file where it lies now, and its size. NotFoundError: there is none (left)."""
    row = await _row(core, segment_id)
    try:
        return await _open_at(core, row)
    except SegmentUnreadableError:
        moved = await _row(core, segment_id)
        if (moved.root, moved.path) == (row.root, row.path):
            raise
        return await _open_at(core, moved)  # it went to another root between the two looks


async def _open_at(core: HubCore, row: SegmentRow) -> tuple[SegmentRow, SegmentFile, int]:
    def open_file() -> tuple[SegmentFile, int]:
        file = core.footage.open(row.root, row.path)
        return file, file.size()

    file, total = await core.disks.run(row.root, open_file)
    return row, file, total


async def _row(core: HubCore, segment_id: str) -> SegmentRow:
    row = await core.queries.run(lambda reader: reader.segment(segment_id))
    if row is None:
        raise NotFoundError(f"no segment has the id {segment_id!r}")
    if row.state in {"gone", "garbage"}:
        raise NotFoundError(f"the footage of segment {segment_id!r} has been deleted")
    return row


def _index_view(row: SegmentRow, scan: FragmentScan) -> SegmentIndex:
    return SegmentIndex(
        segment_id=row.segment_id,
        camera_id=row.camera_id,
        run_id=row.run_id,
        start_wall_us=row.start_wall_us,
        end_wall_us=row.end_wall_us,
        state=row.state,
        content_hash=row.content_hash if row.state == "closed" else "",
        init_size=scan.init_size,
        indexed_bytes=scan.scanned,
        tracks=tuple(TrackView(kind=track.kind, codec=track.codec) for track in scan.tracks),
        fragments=tuple(
            FragmentView(f.start_us, f.duration_us, f.offset, f.size_bytes, f.has_keyframe)
            for f in scan.fragments
        ),
        damages=tuple(DamageView(offset=d.offset, size_bytes=d.size_bytes) for d in scan.damages),
    )
