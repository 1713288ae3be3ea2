"""One camera's footage in time, fetched as it is needed. Use from the lane's thread; may wait."""

from __future__ import annotations

import time
from dataclasses import replace

from nvr_app.contract.api import SegmentView
from nvr_app.contract.timebase import NS_PER_US, US_PER_S
from ui.playback.footage_http import FootageHttp
from ui.playback.footage_map import FootageMap, Hole

_AROUND_US = 10 * 60 * US_PER_S
_MOST_SEGMENTS = 5_000
_FRESH_NS = 1_000_000_000
_FAR_US = 366 * 86_400 * US_PER_S
_END_OF_TIME_US = 4_000_000_000 * US_PER_S


class FootageCatalogue:
    """Knows ten minutes around the moment last asked for. FootageUnavailableError everywhere."""

    def __init__(self, camera_id: str, http: FootageHttp) -> None:
        self._camera_id = camera_id
        self._http = http
        self._map: FootageMap | None = None
        self._fetched_ns = 0
        self._fetched_wall_us = 0

    def at(self, wall_us: int) -> SegmentView | Hole:
        """The segment that covers a moment, or the hole it lies in."""
        if self._map is not None and self._map.covers(wall_us):
            segment = self._map.at(wall_us)
            if segment is not None and segment.end_wall_us is not None:
                return segment  # what is closed stays as it is listed
        known = self._around(wall_us)
        segment = known.at(wall_us)
        if segment is not None:
            return segment
        hole = known.hole(wall_us)
        if hole.end_us is None:
            hole = replace(hole, end_us=self._next_start_us(wall_us))
        return hole

    def before(self, wall_us: int) -> SegmentView | None:
        """The last segment that begins before a moment."""
        found = self._around(wall_us).before(wall_us)
        if found is not None:
            return found
        told = self._http.timeline(self._camera_id, wall_us - _FAR_US + 1, wall_us)
        spans = [span for row in told.cameras for span in row.recorded]
        if not spans:
            return None
        last_us = min(spans[-1].end_wall_us, wall_us)
        return self._around(last_us).before(last_us)

    def forget(self) -> None:
        """Ask anew next time: something is no longer as it was listed."""
        self._map = None

    def _around(self, wall_us: int) -> FootageMap:
        if self._map is not None and self._map.covers(wall_us) and not self._is_stale(wall_us):
            return self._map
        start_us, end_us = wall_us - _AROUND_US, wall_us + _AROUND_US
        listed = self._http.recordings(self._camera_id, start_us, end_us, _MOST_SEGMENTS)
        self._fetched_ns = time.monotonic_ns()
        self._fetched_wall_us = time.time_ns() // NS_PER_US
        self._map = FootageMap(listed, start_us, end_us)
        return self._map

    def _is_stale(self, wall_us: int) -> bool:
        """What was listed of the past stays; near the present there is more every second."""
        is_old = time.monotonic_ns() - self._fetched_ns > _FRESH_NS
        return is_old and wall_us > self._fetched_wall_us - 2 * _AROUND_US

    def _next_start_us(self, wall_us: int) -> int | None:
        listed = self._http.recordings(self._camera_id, wall_us, _END_OF_TIME_US, 1)
        starts = [one.start_wall_us for one in listed.segments if one.start_wall_us > wall_us]
        return starts[0] if starts else None
