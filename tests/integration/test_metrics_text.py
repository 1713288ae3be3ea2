"""The scrape of a real engine: what promtool says, what the plan names, what must not be there."""

import re
import shutil
import subprocess
from functools import partial

import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine.base.metric_table import LATENCY_MS, METRICS
from engine.base.registry import MetricsRegistry
from nvr_app.contract.config import CameraSettings
from tests.support.engine_process import Engine
from tests.support.patience import PATIENCE_S

# Operations plan, 1.2.2: names that Prometheus' own advice would spell in seconds.
PLANNED_MS_NAMES = {"surveillance_pipeline_latency_ms", "surveillance_model_inference_ms"}
PLANNED_LABELS = {
    "surveillance_fps_per_camera": {"camera_id", "location"},
    "surveillance_detection_rate": {"camera_id", "model_version"},
    "surveillance_pipeline_latency_ms": {"stage", "camera_id"},
    "surveillance_frame_drop_rate": {"camera_id", "reason"},
    "surveillance_model_inference_ms": {"model_name", "batch_size"},
    "surveillance_stream_active": {"camera_id", "source"},
}
PLANNED_TYPES = {
    "surveillance_fps_per_camera": "gauge",
    "surveillance_detection_rate": "gauge",
    "surveillance_detections": "counter",
    "surveillance_pipeline_latency_ms": "histogram",
    "surveillance_frame_drop_rate": "gauge",
    "surveillance_model_inference_ms": "histogram",
    "surveillance_stream_active": "gauge",
    "surveillance_stream_errors": "counter",
}
# What only a loaded detector can measure has no series without one, but is declared.
NEEDS_A_MODEL = {"surveillance_detection_rate", "surveillance_model_inference_ms"}
OBJECTION = re.compile(r"(surveillance_\w+) (.+)")


@pytest.fixture(scope="module")
def cameras(clip):
    return [
        CameraSettings(id=name, kind="sim", main=str(clip), sub=str(clip), location="Yard",
                       motion=False)
        for name in ("a", "b")
    ]  # fmt: skip


@pytest.fixture(scope="module")
def one(tmp_path_factory, cameras):
    engine = Engine(tmp_path_factory.mktemp("metrics") / "data", cameras)
    try:
        engine.start()
        engine.until(lambda: engine.recording() == 2, "both cameras to record")
        engine.until(lambda: fps_of(engine, "a") > 15, "the frame rate of camera a")
        # Every kind of request leaves its trace in the series, a path that does not exist too.
        for path in ("/", "/api/v1/cameras/b/status", "/etc/passwd", "/api/v1/events/%2e%2e"):
            engine.ask(path)
        yield engine
    finally:
        engine.close()


def scraped(one):
    token = (one.folder.run / "metrics.token").read_text().strip()
    status, body = one.ask("/metrics", token=token)
    assert status == 200
    return body.decode()


def families(one):
    return {family.name: family for family in text_string_to_metric_families(scraped(one))}


def fps_of(one, camera_id):
    for sample in families(one)["surveillance_fps_per_camera"].samples:
        if sample.labels["camera_id"] == camera_id:
            return sample.value
    return 0.0


needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed"
)


def objections(text):
    """Names that promtool objects to, with its words; what it cannot parse is a failure here."""
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=text, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    found = [OBJECTION.fullmatch(line) for line in lines]
    assert all(found), lines
    return {match[1]: match[2] for match in found}


@needs_promtool
def test_promtool_objects_to_the_plans_names_alone(one):
    one.until(lambda: families(one)["surveillance_pipeline_latency_ms"].samples, "a latency")
    found = objections(scraped(one))
    # A metric without a series is passed over, so the model's time is not among them here.
    assert set(found) == PLANNED_MS_NAMES - NEEDS_A_MODEL
    assert all("unit" in words for words in found.values()), found


@needs_promtool
def test_promtool_objects_to_no_other_name_of_the_whole_table():
    registry = MetricsRegistry()
    for row in METRICS:
        labels = tuple("x" for _ in row.labels)
        feed = {
            "counter": registry.count,
            "gauge": partial(registry.level, value=1.0),
            "histogram": partial(registry.observe, value=1.0),
        }[row.kind]
        feed(row.name, *labels)
    text = registry.text().decode()
    assert text.count("# TYPE") == len(METRICS)
    assert set(objections(text)) == PLANNED_MS_NAMES


def test_the_plans_names_have_the_plans_types_and_labels(one):
    found = families(one)
    assert {n: found[n].type for n in PLANNED_TYPES} == PLANNED_TYPES
    for name, labels in PLANNED_LABELS.items():
        shown = [set(sample.labels) - {"le"} for sample in found[name].samples]
        assert all(one_set == labels for one_set in shown), name
        assert shown or name in NEEDS_A_MODEL | {"surveillance_frame_drop_rate"}, name


def test_the_latency_has_the_plans_buckets(one):
    one.until(lambda: families(one)["surveillance_pipeline_latency_ms"].samples, "a latency")
    samples = families(one)["surveillance_pipeline_latency_ms"].samples
    stages = {sample.labels["stage"] for sample in samples}
    for stage in stages:
        edges = [
            float(sample.labels["le"])
            for sample in samples
            if "le" in sample.labels
            and (sample.labels["stage"], sample.labels["camera_id"]) == (stage, "a")
        ]
        assert edges in ([*LATENCY_MS, float("inf")], []), stage
    assert stages


def test_the_values_are_those_of_the_cameras(one):
    found = families(one)
    rates = found["surveillance_fps_per_camera"].samples
    assert {(s.labels["camera_id"], s.labels["location"]) for s in rates} == {
        ("a", "Yard"), ("b", "Yard"),
    }  # fmt: skip
    # A rate of the last seconds: it dips and leaps while a busy machine makes them late.
    one.until(
        lambda: all(25 < fps_of(one, camera_id) < 35 for camera_id in ("a", "b")),
        "both cameras to be at their thirty frames a second",
    )
    active = families(one)["surveillance_stream_active"].samples
    assert {s.labels["camera_id"] for s in active if s.value == 1} == {"a", "b"}

    def recorded():
        samples = families(one)["surveillance_recorded_bytes"].samples
        return {s.labels["camera_id"]: s.value for s in samples}

    one.until(lambda: all(recorded().get(c, 0) > 1000 for c in "ab"), "recorded bytes")
    first = recorded()["a"]
    one.until(lambda: recorded()["a"] > first, "more recorded bytes")


def test_no_label_holds_a_process_id_an_address_or_a_path(one):
    pids = {str(process.pid) for process in one.children().values()} | {str(one.process.pid)}
    wrong = []
    for family in families(one).values():
        for sample in family.samples:
            for label, value in sample.labels.items():
                if label in {"le", "batch_size", "status"}:
                    continue
                is_route = label == "route" and re.fullmatch(r"other|(/[a-z0-9{}:_.-]*)+", value)
                if value in pids or "://" in value or ("/" in value and not is_route):
                    wrong.append((sample.name, label, value))
    assert wrong == []


def test_routes_are_templates_and_strangers_are_one_series(one):
    routes = {
        sample.labels["route"]
        for sample in families(one)["surveillance_api_request_seconds"].samples
    }
    assert "/api/v1/cameras/b/status" not in routes
    assert any("{camera_id" in route for route in routes), routes
    assert not any("passwd" in route for route in routes)
    assert len(routes) < 40


def test_the_series_of_a_camera_that_left_go_with_it_and_come_back(one, cameras):
    def series_of_b():
        return {
            sample.name
            for family in families(one).values()
            for sample in family.samples
            if sample.labels.get("camera_id") == "b" or sample.labels.get("process") == "camera-b"
        }

    assert len(series_of_b()) > 8
    try:
        one.save(cameras[:1])
        assert one.ask("/api/v1/settings/reload", "POST")[0] == 202
        one.until(lambda: "b" not in one.statuses(), "camera b to leave")
        one.until(lambda: "camera-b" not in one.children(), "its worker to leave")
        one.until(lambda: not series_of_b(), "its series to leave")
    finally:
        one.save(cameras)
        one.ask("/api/v1/settings/reload", "POST")
        one.until(lambda: one.recording() == 2, "camera b to come back")
    one.until(lambda: fps_of(one, "b") > 15, "its frame rate")
    one.until(lambda: len(series_of_b()) > 8, "all its series")
