"""Clips of events: the footage that was kept of them."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from engine.hub.api.errors import NotFoundError
from engine.hub.api.footage import AnyRequest, media_answer
from engine.hub.core import HubCore
from engine.playback.segment_file import LocalSegmentFile, SegmentFile

_LANE = "data folder"


def clip_routes(core: HubCore) -> list[ControllerRouterHandler]:
    """Routes under `/api/v1/events/{event_id}`."""

    @get("/api/v1/events/{event_id:str}/clip.mp4", status_code=200)
    async def event_clip(request: AnyRequest, event_id: FromPath[str]) -> Response[Any]:
        """The event with what came before and after it, as one MP4; by Range where asked for."""
        clip = await core.queries.run(lambda reader: reader.ageing.clip_of(event_id))
        if clip is None:
            raise NotFoundError(
                f"no clip is kept of event {event_id!r}: it is not over yet, has no footage, or "
                "is none of those that [clips] names"
            )

        def open_file() -> tuple[SegmentFile, int]:
            file = LocalSegmentFile(_LANE, core.data_dir, clip.path)
            return file, file.size()

        file, total = await core.disks.run(_LANE, open_file)
        return media_answer(core, request, _LANE, file, total, clip.content_hash)

    return [event_clip]
