"""Events and recordings, from the index."""

from __future__ import annotations

import asyncio
from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from engine.hub.api.errors import BadRequestError, NotFoundError
from engine.hub.api.times import interval_us
from engine.hub.core import HubCore
from engine.store.rows import EventRow, GapRow, SegmentRow
from nvr_app.contract.api import (
    EventDetail,
    EventPage,
    EventView,
    GapView,
    Recordings,
    SegmentView,
)
from nvr_app.contract.timebase import iso_utc

_MOST_ROWS = 1_000
_MOST_SEGMENTS = 5_000


def event_routes(core: HubCore) -> list[ControllerRouterHandler]:
    """Routes under `/api/v1/events`, and `/recordings`."""

    @get("/api/v1/events")
    async def events(  # the query's parameters are the API's contract
        start: str | None = None,
        end: str | None = None,
        camera_id: str | None = None,
        kind: str | None = None,
        label: str | None = None,
        limit: int = 100,
        before: str | None = None,
    ) -> EventPage:
        """Events that began in [start, end), newest first; `before` is the last page's `next`."""
        start_us, end_us = interval_us(start, end)
        count = _bounded(limit, _MOST_ROWS)
        cursor = _cursor(before)
        rows = await core.queries.run(
            lambda reader: reader.events(
                start_us, end_us, camera_id=camera_id, kind=kind, label=label,
                limit=count, before=cursor,
            )
        )  # fmt: skip
        is_last = len(rows) < count
        return EventPage(
            events=tuple(event_view(row) for row in rows),
            next=None if is_last else f"{rows[-1].start_wall_us}:{rows[-1].event_id}",
        )

    @get("/api/v1/events/{event_id:str}")
    async def event(event_id: FromPath[str]) -> EventDetail:
        """One event with its path."""
        row = await core.queries.run(lambda reader: reader.event(event_id))
        if row is None:
            raise NotFoundError(f"no event has the id {event_id!r}")
        path = await core.queries.run(lambda reader: reader.event_path(event_id))
        return EventDetail(event=event_view(row), path=tuple(path))

    @get("/api/v1/events/{event_id:str}/snapshot.jpg")
    async def event_snapshot(event_id: FromPath[str]) -> Response[bytes]:
        """The best picture of a track."""
        row = await core.queries.run(lambda reader: reader.event(event_id))
        if row is None or not row.snapshot:
            raise NotFoundError(f"event {event_id!r} has no picture")
        jpeg = await asyncio.get_running_loop().run_in_executor(
            None, _read_below, core.data_dir, row.snapshot
        )
        if jpeg is None:
            raise NotFoundError(f"the picture of event {event_id!r} is no longer there")
        return Response(
            jpeg,
            media_type="image/jpeg",
            headers={"Cache-Control": "private, max-age=86400, immutable"},
        )

    @get("/api/v1/recordings")
    async def recordings(
        camera_id: str | None = None,
        start: str | None = None,
        end: str | None = None,
        limit: int = _MOST_ROWS,
    ) -> Recordings:
        """Segments and gaps that touch [start, end)."""
        start_us, end_us = interval_us(start, end)
        count = _bounded(limit, _MOST_SEGMENTS)
        segments = await core.queries.run(
            lambda reader: reader.segments(start_us, end_us, camera_id=camera_id, limit=count)
        )
        gaps = await core.queries.run(
            lambda reader: reader.gaps(start_us, end_us, camera_id=camera_id, limit=count)
        )
        return Recordings(
            segments=tuple(_segment_view(row) for row in segments),
            gaps=tuple(_gap_view(row) for row in gaps),
        )

    return [events, event, event_snapshot, recordings]


def event_view(row: EventRow) -> EventView:
    """A row of the index as the API shows it."""
    return EventView(
        event_id=row.event_id,
        camera_id=row.camera_id,
        kind=row.kind,
        label=row.label,
        score=row.score,
        start_wall_us=row.start_wall_us,
        end_wall_us=row.end_wall_us,
        start=iso_utc(row.start_wall_us),
        end=iso_utc(row.end_wall_us) if row.end_wall_us is not None else None,
        snapshot=row.snapshot,
        model=row.model,
        best_box=row.best_box,
        site=row.site,
        node=row.node,
    )


def _segment_view(row: SegmentRow) -> SegmentView:
    return SegmentView(
        segment_id=row.segment_id,
        camera_id=row.camera_id,
        root=row.root,
        path=row.path,
        start_wall_us=row.start_wall_us,
        end_wall_us=row.end_wall_us,
        size_bytes=row.size_bytes,
        state=row.state,
        origin=row.origin,
    )


def _gap_view(row: GapRow) -> GapView:
    return GapView(
        camera_id=row.camera_id,
        start_wall_us=row.start_wall_us,
        end_wall_us=row.end_wall_us,
        reason=row.reason,
    )


def _bounded(limit: int, most: int) -> int:
    if not 1 <= limit <= most:
        raise BadRequestError(f"parameter limit must lie between 1 and {most}")
    return limit


def _cursor(before: str | None) -> tuple[int, str] | None:
    if not before:
        return None
    start, colon, event_id = before.partition(":")
    if not colon or not start.lstrip("-").isdigit():
        raise BadRequestError("parameter before is not the `next` of an earlier answer")
    return int(start), event_id


def _read_below(folder: Path, relative: str) -> bytes | None:
    path = (folder / relative).resolve()
    if not path.is_relative_to(folder.resolve()):
        return None
    try:
        return path.read_bytes()
    except OSError:
        return None
