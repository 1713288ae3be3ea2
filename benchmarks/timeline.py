"""A day of eight cameras on the timeline, asked of a real engine over its API."""

from __future__ import annotations

import http.client
import random
import time
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

import msgspec
import psutil

from benchmarks.filled_index import CAMERAS, DAY_US, SPAN_US, START_US, fill_index
from benchmarks.outcome import Options, Outcome, percentile
from benchmarks.rig.engine import EngineRun
from benchmarks.site import work_folder
from nvr_app.contract.api import Timeline
from nvr_app.contract.config import CameraSettings, DetectionSettings, Settings
from nvr_app.contract.endpoint import Endpoint

_WIDTH = 1_500
_ROUNDS = 100
_WARM = 8
_SPANS = {"a day": DAY_US, "an hour": DAY_US // 24, "a month": 30 * DAY_US}


def run(options: Options) -> Outcome:
    """Milliseconds from request to the whole answer, at random times over three months."""
    del options
    outcome = Outcome("timeline")
    # Nothing is recorded meanwhile: these cameras refuse.
    cameras = [
        CameraSettings(id=f"cam-{n + 1}", name=f"cam-{n + 1}", main="rtsp://127.0.0.1:9/none")
        for n in range(CAMERAS)
    ]
    settings = Settings(detection=DetectionSettings(enabled=False))
    with work_folder() as folder:
        engine = EngineRun(folder / "data", cameras, settings=settings)
        fill_index(engine.folder.database)
        outcome.details["file_mb"] = round(engine.folder.database.stat().st_size / 1e6)
        with engine:
            engine.until(lambda: _is_open(engine), "its database")
            endpoint = engine.endpoint
            if endpoint is None:
                raise RuntimeError("the engine has gone")
            _measure(endpoint, _hub(engine), outcome)
    return outcome


def _hub(engine: EngineRun) -> psutil.Process:
    for process in psutil.Process(engine.pid).children(recursive=True):
        if process.cmdline()[:1] == ["nvr: hub"]:
            return process
    raise RuntimeError("the hub has gone")


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _measure(endpoint: Endpoint, hub: psutil.Process, outcome: Outcome) -> None:
    generator = random.Random(1)
    client = http.client.HTTPConnection(urlsplit(endpoint.url).netloc)
    for name, span_us in _SPANS.items():
        times: list[float] = []
        spans, before_s = 0, 0.0
        for number in range(_ROUNDS + _WARM):  # the first ones meet each thread's empty cache
            if number == _WARM:
                before_s = _cpu_s(hub)
            start_us = START_US + generator.randrange(SPAN_US - span_us)
            took_ms, answer = _ask(client, endpoint.token, start_us, start_us + span_us)
            spans = max(spans, _spans_in(answer))
            if number >= _WARM:
                times.append(took_ms)
        outcome.details[f"{name}, most spans"] = spans
        # Tells a slow machine from slow work: what others do on it does not count here.
        cpu_ms = (_cpu_s(hub) - before_s) / _ROUNDS * 1e3
        outcome.add(f"{name}, CPU of the hub", round(cpu_ms, 1), "ms")
        outcome.add(f"{name}, p50", round(percentile(times, 0.5), 1), "ms")
        limits = {"must": 50, "aim": 15} if name == "a day" else {}
        outcome.add(f"{name}, p95", round(percentile(times, 0.95), 1), "ms", **limits)
    client.close()


def _ask(
    client: http.client.HTTPConnection, token: str, start_us: int, end_us: int
) -> tuple[float, bytes]:
    query = urlencode({"start": _iso(start_us), "end": _iso(end_us), "width": _WIDTH})
    started_s = time.perf_counter()
    client.request("GET", f"/api/v1/timeline?{query}", headers={"Authorization": f"Bearer {token}"})
    answer = client.getresponse()
    body = answer.read()
    took_ms = (time.perf_counter() - started_s) * 1e3
    if answer.status != 200:
        raise RuntimeError(f"the timeline was refused: {answer.status} {body[:200]!r}")
    return took_ms, body


def _spans_in(body: bytes) -> int:
    timeline = msgspec.json.decode(body, type=Timeline)
    found = 0
    for row in timeline.cameras:
        if not row.recorded or not row.events:
            raise RuntimeError(f"{row.camera_id} has no footage or no events: nothing is measured")
        found += len(row.recorded) + len(row.gaps) + len(row.motion) + len(row.events)
    return found


def _is_open(engine: EngineRun) -> bool:
    try:
        engine.get("/api/v1/events?limit=1")
    except (OSError, AttributeError):
        return False
    return True


def _iso(wall_us: int) -> str:
    return datetime.fromtimestamp(wall_us / 1e6, tz=UTC).isoformat()
