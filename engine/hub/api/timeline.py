"""The timeline: what is recorded, what is missing, what happened, as fine as it will be shown."""

from __future__ import annotations

from litestar import get
from litestar.types import ControllerRouterHandler

from engine.hub.api.errors import BadRequestError
from engine.hub.api.times import interval_us
from engine.hub.core import HubCore
from engine.store.timeline import TimelineQuestion, TimelineSpans
from nvr_app.contract.api import CameraTimeline, Timeline

_USUAL_WIDTH = 1_000
_MOST_WIDTH = 10_000
_LONGEST_US = 366 * 86_400 * 1_000_000


def timeline_routes(core: HubCore) -> list[ControllerRouterHandler]:
    """`/api/v1/timeline`."""

    @get("/api/v1/timeline")
    async def timeline(
        start: str, end: str, camera_id: str | None = None, width: int = _USUAL_WIDTH
    ) -> Timeline:
        """A row per camera; `width` pixels show the whole of it: nothing finer is told."""
        start_us, end_us = interval_us(start, end)
        if end_us - start_us > _LONGEST_US:
            raise BadRequestError("a timeline may be of at most 366 days")
        if not 1 <= width <= _MOST_WIDTH:
            raise BadRequestError(f"parameter width must lie between 1 and {_MOST_WIDTH}")
        # A camera that left the settings keeps its footage: it is told when asked for by name.
        chosen = (camera_id,) if camera_id else tuple(core.state.cameras)
        question = TimelineQuestion(
            camera_ids=chosen,
            start_us=start_us,
            end_us=end_us,
            step_us=max(1, (end_us - start_us) // width),
            now_us=core.clock.wall_us(),
        )
        found = await core.queries.run(lambda reader: reader.timeline(question)) if chosen else {}
        return Timeline(
            start_wall_us=start_us,
            end_wall_us=end_us,
            cameras=tuple(_row(name, spans) for name, spans in found.items()),
        )

    return [timeline]


def _row(camera_id: str, spans: TimelineSpans) -> CameraTimeline:
    return CameraTimeline(
        camera_id=camera_id,
        recorded=tuple(spans.recorded),
        gaps=tuple(spans.gaps),
        motion=tuple(spans.motion),
        events=tuple(spans.events),
        bookmarks=tuple(spans.bookmarks),
        protected=tuple(spans.protected),
    )
