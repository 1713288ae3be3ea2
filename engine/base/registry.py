"""The one Prometheus registry, fed by the workers' measurements."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from engine.base.metric_table import METRICS, MetricRow
from nvr_app.contract.metrics import Increment, Level, Measurement, Observations

logger = logging.getLogger(__name__)

# 64 cameras times a dozen labels: a series beyond this is a mistake, and is refused.
_MOST_SERIES = 2_000

AnyMetric = Counter | Gauge | Histogram


class MetricsRegistry:
    """Declares the table's metrics; any thread may call."""

    def __init__(self, rows: Iterable[MetricRow] = METRICS) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves it untyped
        self._registry = CollectorRegistry()
        self._rows = {row.name: row for row in rows}
        self._metrics = {row.name: _declare(row, self._registry) for row in self._rows.values()}
        self._known: dict[str, set[tuple[str, ...]]] = {name: set() for name in self._rows}
        self._complained: set[str] = set()
        self._gone: set[str] = set()

    def add_collector(self, collector: Collector) -> None:
        """Values that are worked out at each scrape."""
        self._registry.register(collector)

    def take(self, measurements: Iterable[Measurement]) -> None:
        """Apply what a worker sent; what fits no row is logged once and ignored."""
        for measurement in measurements:
            metric = self._series(measurement.name, measurement.labels)
            match metric, measurement:
                case Counter(), Increment(amount=amount) if amount >= 0:
                    metric.inc(amount)
                case Gauge(), Level(value=value):
                    metric.set(value)
                case Histogram(), Observations(values=values):
                    for value in values:
                        metric.observe(value)
                case None, _:
                    pass
                case _:
                    self._complain(measurement.name, "a measurement of another kind")

    def count(self, name: str, *labels: str, amount: float = 1.0) -> None:
        self.take((Increment(name, labels, amount),))

    def level(self, name: str, *labels: str, value: float) -> None:
        self.take((Level(name, labels, value),))

    def observe(self, name: str, *labels: str, value: float) -> None:
        self.take((Observations(name, labels, (value,)),))

    def drop_camera(self, camera_id: str) -> None:
        """Forget the series of a camera that left the settings; late words of it begin none."""
        self._gone.add(camera_id)
        self._drop("camera_id", camera_id)

    def keep_camera(self, camera_id: str) -> None:
        """A camera is in the settings (again)."""
        self._gone.discard(camera_id)

    def drop_process(self, process: str) -> None:
        """Forget the series of a process that left the table."""
        self._drop("process", process)

    def drop_root(self, root: str) -> None:
        """Forget the series of a storage root that left the settings."""
        self._drop("root", root)

    def zero_camera(self, camera_id: str) -> None:
        """A camera's worker is gone: rates of the past must not look like the present."""
        for name in _RATES:
            for labels in tuple(self._known[name]):
                if self._value_of(name, labels, "camera_id") == camera_id:
                    self.level(name, *labels, value=0.0)

    def text(self) -> bytes:
        """Exposition in Prometheus' text format."""
        return generate_latest(self._registry)

    def _drop(self, label: str, value: str) -> None:
        for name, known in self._known.items():
            for labels in tuple(known):
                if self._value_of(name, labels, label) == value:
                    self._metrics[name].remove(*labels)
                    known.discard(labels)

    def _value_of(self, name: str, labels: tuple[str, ...], label: str) -> str | None:
        names = self._rows[name].labels
        return labels[names.index(label)] if label in names else None

    def _series(self, name: str, labels: tuple[str, ...]) -> AnyMetric | None:
        row = self._rows.get(name)
        if row is None or len(labels) != len(row.labels):
            self._complain(name, f"an unknown name or {len(labels)} labels")
            return None
        metric = self._metrics[name]
        if not labels:
            return metric
        known = self._known[name]
        if labels not in known:
            if self._value_of(name, labels, "camera_id") in self._gone:
                return None
            if len(known) >= _MOST_SERIES:
                self._complain(name, f"more than {_MOST_SERIES} series")
                return None
            known.add(labels)
        series: AnyMetric = metric.labels(*labels)
        return series

    def _complain(self, name: str, what: str) -> None:
        if name not in self._complained:
            self._complained.add(name)
            logger.error("Metric %s: %s; ignored from now on", name, what)


_RATES = (
    "surveillance_fps_per_camera",
    "surveillance_stream_active",
    "surveillance_preview_fps",
    "surveillance_motion_active",
    "surveillance_analysed_fps",
    "surveillance_detection_rate",
    "surveillance_disk_buffer_bytes",
)


def _declare(row: MetricRow, registry: CollectorRegistry) -> AnyMetric:
    if row.kind == "counter":
        return Counter(row.name, row.help, row.labels, registry=registry)
    if row.kind == "gauge":
        return Gauge(row.name, row.help, row.labels, registry=registry)
    return Histogram(row.name, row.help, row.labels, registry=registry, buckets=row.buckets)
