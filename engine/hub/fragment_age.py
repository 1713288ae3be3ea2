"""Age of the last recorded fragment, worked out at each scrape: the proof of recording."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from engine.base.clock import Clock
from engine.hub.live_state import LiveState


class FragmentAges(Collector):
    """`surveillance_last_fragment_age_seconds`; it grows for a camera that has gone silent."""

    def __init__(self, state: LiveState, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def collect(self) -> Iterable[Metric]:
        """Called in the scrape's thread."""
        family = GaugeMetricFamily(
            "surveillance_last_fragment_age_seconds",
            "Seconds since bytes of a recording last reached the file",
            labels=["camera_id"],
        )
        now_us = self._clock.wall_us()
        for status in self._state.ordered_statuses():
            if status.last_fragment_wall_us:
                age_s = max(now_us - status.last_fragment_wall_us, 0) / 1e6
                family.add_metric([status.camera_id], round(age_s, 3))
        yield family
