"""Where the next event or the next footage lies, beyond what the timeline knows already."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject

from nvr_app.contract.api import CameraTimeline, Timeline
from nvr_app.contract.timebase import US_PER_S, iso_utc
from ui.client.http import EngineHttp
from ui.timeline.rows import next_moment

_REACH_US = 24 * 3600 * US_PER_S
_FINEST_WIDTH = 9_000
_SLACK_US = US_PER_S // 2

Found = Callable[[int | None], None]
"""Told the moment, or None where there is none within a day."""


class Search(QObject):
    """Asks the engine. Use from the GUI thread; a newer question drops the answer of an older."""

    def __init__(self, http: EngineHttp, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._http = http
        self._number = 0

    def find_event(
        self, camera_id: str, wall_us: int, *, forward: bool, found: Found,
        refused: Callable[[str], None],
    ) -> None:  # fmt: skip
        """The next (or previous) begin of an event or alert of that camera, "" for any."""
        self._ask(camera_id, wall_us, forward, _event_starts, found, refused)

    def find_footage(
        self, camera_id: str, wall_us: int, *, forward: bool, found: Found,
        refused: Callable[[str], None],
    ) -> None:  # fmt: skip
        """The next begin of recorded footage."""
        self._ask(camera_id, wall_us, forward, _footage_starts, found, refused)

    def _ask(
        self,
        camera_id: str,
        wall_us: int,
        forward: bool,
        starts: Callable[[CameraTimeline], list[int]],
        found: Found,
        refused: Callable[[str], None],
    ) -> None:
        self._number += 1
        begin, end = (wall_us, wall_us + _REACH_US) if forward else (wall_us - _REACH_US, wall_us)
        query: dict[str, object] = {
            "start": iso_utc(begin), "end": iso_utc(end), "width": _FINEST_WIDTH,
        }  # fmt: skip
        if camera_id:
            query["camera_id"] = camera_id
        answer = partial(self._take, self._number, wall_us, forward, starts, found)
        self._http.get("/api/v1/timeline", Timeline, answer, refused, query)

    def _take(
        self,
        number: int,
        wall_us: int,
        forward: bool,
        starts: Callable[[CameraTimeline], list[int]],
        found: Found,
        told: Timeline,
    ) -> None:
        if number == self._number:
            moments = [start for camera in told.cameras for start in starts(camera)]
            found(next_moment(moments, wall_us, forward=forward, slack_us=_SLACK_US))


def _event_starts(camera: CameraTimeline) -> list[int]:
    return [span.start_wall_us for span in (*camera.events, *camera.alerts)]


def _footage_starts(camera: CameraTimeline) -> list[int]:
    return [span.start_wall_us for span in camera.recorded]
