"""Stills of the past: what a camera saw at a moment, as a JPEG."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from engine.hub.api.errors import BadRequestError, NotFoundError
from engine.hub.api.footage import with_segment
from engine.hub.api.times import moment_us
from engine.hub.core import HubCore
from engine.hub.still_shelf import StillShelf, moment_of
from engine.hub.worker_link import WorkerLink, WorkerUnavailableError
from engine.playback.fragment_index import Fragment, FragmentScan
from engine.playback.segment_file import SegmentFile
from engine.store.rows import SegmentRow
from nvr_app.contract.commands import MakeStill
from nvr_app.contract.timebase import iso_utc

_COMMAND_TIMEOUT_S = 5.0
_USUAL_WIDTH, _MOST_WIDTH = 320, 4_096
_MOST_BYTES = 48 * 1024**2
"""Of a group of pictures that is sent to be decoded; a message holds 64 MiB."""


def still_routes(core: HubCore) -> list[ControllerRouterHandler]:
    """`/api/v1/cameras/{camera_id}/frame.jpg`."""
    shelf = StillShelf()

    @get("/api/v1/cameras/{camera_id:str}/frame.jpg")
    async def frame(
        camera_id: FromPath[str], at: str, width: int = _USUAL_WIDTH, exact: bool = False
    ) -> Response[bytes]:
        """The keyframe shown at a moment or last before it; `exact`: the very picture."""
        wall_us = moment_us(at, "at", 0)
        if not 0 <= width <= _MOST_WIDTH:
            raise BadRequestError(f"parameter width must lie between 0 and {_MOST_WIDTH}")
        rows = await core.queries.run(
            lambda reader: reader.segments(wall_us, wall_us + 1, camera_id=camera_id, limit=2)
        )
        found = [row for row in rows if row.state in {"open", "closed"}]
        if not found:
            raise NotFoundError(f"camera {camera_id!r} has no footage of {iso_utc(wall_us)}")
        at_us = wall_us - found[-1].start_wall_us
        segment_id = found[-1].segment_id
        row, fragments = await with_segment(
            core, segment_id, lambda row, scan, _: (row, _chosen(row, scan, at_us, exact=exact))
        )
        if not exact:
            at_us = fragments[0].start_us
        key = row.segment_id, at_us, width
        still = shelf.find(key)
        if still is None:
            media = await with_segment(
                core, segment_id, lambda _, scan, file: _read(scan, file, fragments)
            )
            async with shelf.turn:
                still = await _worker(core, camera_id).ask(
                    lambda request_id: MakeStill(
                        request_id=request_id, media=media, at_us=at_us, width=width
                    ),
                    _COMMAND_TIMEOUT_S,
                )
            shelf.keep(key, still)
        return Response(
            still,
            media_type="image/jpeg",
            headers={
                "Cache-Control": "private, max-age=3600",
                "X-Moment": moment_of(row.start_wall_us, at_us),
            },
        )

    return [frame]


def _chosen(row: SegmentRow, scan: FragmentScan, at_us: int, *, exact: bool) -> list[Fragment]:
    """The fragments from the keyframe on that a still needs."""
    earlier = [
        number
        for number, one in enumerate(scan.fragments)
        if one.has_keyframe and one.start_us <= max(at_us, 0)
    ]
    if not earlier:
        raise NotFoundError(f"segment {row.segment_id!r} holds no picture of that moment (yet)")
    first = earlier[-1]
    chosen = [scan.fragments[first]]
    if exact:
        chosen += [one for one in scan.fragments[first + 1 :] if one.start_us <= at_us]
    if sum(one.size_bytes for one in chosen) > _MOST_BYTES:
        raise BadRequestError("its group of pictures is too long; ask without exact")
    return chosen


def _read(scan: FragmentScan, file: SegmentFile, fragments: list[Fragment]) -> bytes:
    parts = [file.read(0, scan.init_size)]
    parts += [file.read(one.offset, one.size_bytes) for one in fragments]
    return b"".join(parts)


def _worker(core: HubCore, camera_id: str) -> WorkerLink:
    """The camera's own worker, or any: a camera that was removed has its past still."""
    try:
        return core.channels.get(core.state.producers.get(camera_id))
    except WorkerUnavailableError:
        links = core.channels.with_role("camera")
        if not links:
            raise WorkerUnavailableError(
                "no camera worker is connected, and these decode stills"
            ) from None
        return links[0]
