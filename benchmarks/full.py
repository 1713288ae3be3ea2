"""The whole product at work: eight cameras recorded, watched, detected on, shown, asked."""

from __future__ import annotations

import bisect
import http.client
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from benchmarks.desk_probe import Painted
from benchmarks.listener import NoticeListener
from benchmarks.outcome import Options, Outcome, percentile
from benchmarks.rig.engine import EngineRun
from benchmarks.rig.proxy import FaultProxy, RtpTap
from benchmarks.rig.server import RigError
from benchmarks.site import Mounted, mounted, settings_of, work_folder
from benchmarks.usage import CpuMeter, proportional_bytes
from nvr_app.contract.config import CameraSettings

_SECONDS = 60
_WARM_UP_S = 10.0
_ROUTES = (
    "/health",
    "/api/v1/cameras/status",
    "/api/v1/events?limit=100",
    "/api/v1/recordings",
    "/api/v1/system/status",
    "/api/v1/timeline",
)
_ASKED = 100
"""Requests of each route, one after another, with a pause as dashboards and desks make it."""
_ASK_PAUSE_S = 0.02
_NOTE_LATE_NS = 20_000_000
"""Less than a third of the time between two pictures of a substream."""


def run(options: Options) -> Outcome:
    """CPU and memory of everything of ours, and the delays that people feel."""
    outcome = Outcome("full")
    taps: list[RtpTap] = []

    def make_tap() -> RtpTap:
        taps.append(RtpTap())
        return taps[-1]

    count = options.cameras or 8
    with (
        work_folder() as folder,
        mounted(count) as (server, cameras),
        FaultProxy("127.0.0.1", server.port, make_tap) as proxy,
        EngineRun(
            folder / "data", _through(proxy, cameras), models_dir=options.models_dir
        ) as engine,
    ):
        engine.until(lambda: engine.recording() == count, "all cameras to record")
        desk = _start_desk(engine.folder.root, folder / "painted.json")
        endpoint = engine.endpoint
        if endpoint is None:
            raise RigError("the engine has gone")
        time.sleep(_WARM_UP_S)
        listener = NoticeListener(endpoint)
        before = _counters(engine)
        meter = CpuMeter([engine.pid, desk.pid])
        begun_ns = time.time_ns()
        time.sleep(options.seconds or _SECONDS)
        cpu, by_process = meter.percent(), meter.by_name()
        memory = proportional_bytes([engine.pid, desk.pid])
        after = _counters(engine)
        model = engine.get("/api/v1/model/status")
        if model["state"] != "ready":
            raise RigError(f"no detection model: {model['detail']}; give --models-dir")
        listener.stop()
        ended_ns = time.time_ns()
        asked_ms = _ask_for(endpoint.url, endpoint.token)
        _stop_desk(desk)
        painted: Painted = json.loads((folder / "painted.json").read_text())
    outcome.details |= {"by_process": by_process, "model": model, "desk": _platform()}
    outcome.add("CPU of all our processes", round(cpu, 1), "% of a core", must=120, aim=75)
    outcome.add("memory (PSS)", round(memory / 1e9, 3), "GB", must=1.5, aim=0.9)
    _add_analysis(outcome, before, after)
    painted = [one for one in painted if begun_ns < one[2] < ended_ns]
    _add_delays(outcome, taps, painted, listener)
    _add_rate(outcome, painted, count)
    slow = [one for times in asked_ms.values() for one in times]
    outcome.add("API p50", round(percentile(slow, 0.5), 2), "ms", must=50, aim=5)
    outcome.add("API p95", round(percentile(slow, 0.95), 2), "ms", must=200, aim=20)
    outcome.details["api_p95_ms"] = {
        route: round(percentile(times, 0.95), 2) for route, times in asked_ms.items()
    }
    return outcome


def _through(proxy: FaultProxy, cameras: list[Mounted]) -> list[CameraSettings]:
    """Substreams by way of the proxy, which sees when a picture's last packet leaves."""
    return [
        msgspec.structs.replace(one, sub=proxy.url_through(one.sub))
        for one in settings_of(cameras, with_sub=True, motion=True)
    ]


def _platform() -> str:
    return os.environ.get("QT_QPA_PLATFORM") or ("xcb" if "DISPLAY" in os.environ else "offscreen")


def _start_desk(data_dir: Path, out: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"QT_QPA_PLATFORM": _platform()}
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.desk_probe", str(data_dir), str(out)],
        stdin=subprocess.PIPE,
        env=environment,
    )


def _stop_desk(desk: subprocess.Popen[bytes]) -> None:
    if desk.stdin is not None:
        desk.stdin.close()
    desk.wait(20)


def _ask_for(url: str, token: str) -> dict[str, list[float]]:
    """Ask every route again and again; milliseconds of each answer."""
    parts = urlsplit(url)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    headers = {"Authorization": f"Bearer {token}"}
    times: dict[str, list[float]] = {route: [] for route in _ROUTES}
    for _ in range(_ASKED):
        for route in _ROUTES:
            started_s = time.perf_counter()
            line.request("GET", route, headers=headers)
            line.getresponse().read()
            times[route].append((time.perf_counter() - started_s) * 1e3)
            time.sleep(_ASK_PAUSE_S)
    line.close()
    return times


def _counters(engine: EngineRun) -> dict[str, float]:
    """Sums over all cameras of the counters that tell whether analysis kept up."""
    text: str = engine.get("/metrics")
    wanted = {
        "due": r"^surveillance_frames_due_total\{.*\} (\S+)$",
        "analysed": r"^surveillance_frames_analysed_total\{.*\} (\S+)$",
        "shed": r"^surveillance_frames_dropped_total\{.*reason=\"analysis\".*\} (\S+)$",
        "lost": r"^surveillance_lost_packets_total\{.*\} (\S+)$",
    }
    return {
        name: sum(float(value) for value in re.findall(pattern, text, re.MULTILINE))
        for name, pattern in wanted.items()
    }


def _add_analysis(outcome: Outcome, before: dict[str, float], after: dict[str, float]) -> None:
    gone = {name: after[name] - before[name] for name in after}
    outcome.details["counted"] = gone
    share = 100.0 * gone["analysed"] / gone["due"] if gone["due"] else 0.0
    outcome.add("due frames analysed", round(share, 2), "%", must=95, aim=99, higher_is_better=True)
    outcome.add("frames shed", gone["shed"], "", must=0, aim=0)
    outcome.add("pictures lost", gone["lost"], "", must=0, aim=0)


def _add_delays(
    outcome: Outcome,
    taps: list[RtpTap],
    painted: Painted,
    listener: NoticeListener,
) -> None:
    ends = {tap.path.strip("/").split("/")[0]: [end for _, end in tap.ends] for tap in taps}
    delays = []
    for camera_id, arrived_us, painted_ns in painted:
        sent = ends.get(camera_id, [])
        # The last picture that was complete when the engine noted its arrival. The proxy notes
        # the end after passing it on, so its note may come a little after the engine's.
        at = bisect.bisect_right(sent, arrived_us * 1000 + _NOTE_LATE_NS) - 1
        if at >= 0:
            delays.append((painted_ns - sent[at]) / 1e6)
    outcome.details["painted"] = len(delays)
    outcome.add(
        "last packet to painted, p95", round(percentile(delays, 0.95), 1), "ms", must=100, aim=50
    )
    outcome.add("last packet to painted, p50", round(percentile(delays, 0.5), 1), "ms")
    seen = listener.event_delays_ms()
    outcome.details["events"] = len(seen)
    outcome.add(
        "frame arrival to event, p95", round(percentile(seen, 0.95), 1), "ms", must=500, aim=200
    )
    outcome.add("frame arrival to event, p50", round(percentile(seen, 0.5), 1), "ms")


def _add_rate(outcome: Outcome, painted: Painted, count: int) -> None:
    ours = [ns for _, _, ns in painted]
    if len(ours) > 1:
        rate = (len(ours) - 1) / ((ours[-1] - ours[0]) / 1e9) / count
        outcome.add(
            "wall, pictures a second and tile", round(rate, 2), "fps", must=14, aim=14.8,
            higher_is_better=True,
        )  # fmt: skip
