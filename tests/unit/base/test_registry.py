"""Series are bounded: unknown names, cameras that left, workers that went."""

from __future__ import annotations

from engine.base.registry import MetricsRegistry
from nvr_app.contract.metrics import Increment, Level


def lines(registry, name):
    return [line for line in registry.text().decode().splitlines() if line.startswith(name)]


def test_unknown_names_and_wrong_labels_make_no_series():
    registry = MetricsRegistry()
    registry.take([Level("surveillance_nonsense", (), 1.0)])
    registry.take([Level("surveillance_preview_fps", ("a", "b"), 1.0)])
    assert lines(registry, "surveillance_nonsense") == []
    assert lines(registry, "surveillance_preview_fps{") == []


def test_a_camera_that_left_takes_its_series_along_and_late_words_begin_none():
    registry = MetricsRegistry()
    registry.count("surveillance_frames_due", "a")
    registry.drop_camera("a")
    assert lines(registry, "surveillance_frames_due_total{") == []
    registry.take([Increment("surveillance_frames_due", ("a",), 1.0)])
    assert lines(registry, "surveillance_frames_due_total{") == []
    registry.keep_camera("a")
    registry.count("surveillance_frames_due", "a", amount=2)
    assert lines(registry, "surveillance_frames_due_total{") == [
        'surveillance_frames_due_total{camera_id="a"} 2.0'
    ]


def test_a_worker_that_went_leaves_no_rates_behind():
    registry = MetricsRegistry()
    registry.level("surveillance_fps_per_camera", "a", "yard", value=30)
    registry.zero_camera("a")
    assert lines(registry, "surveillance_fps_per_camera{") == [
        'surveillance_fps_per_camera{camera_id="a",location="yard"} 0.0'
    ]
