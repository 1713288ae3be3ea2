"""How many cameras can be recorded before the first loss."""

from __future__ import annotations

import re
import time

from benchmarks.outcome import Options, Outcome
from benchmarks.rig.engine import EngineRun
from benchmarks.site import mounted, settings_of, work_folder
from benchmarks.usage import CpuMeter, proportional_bytes
from nvr_app.contract.config import DetectionSettings, Settings

_STEPS = (8, 16, 32, 48, 64)
_SECONDS = 30
_WARM_UP_S = 15.0
_FPS = 30.0
_ENOUGH = 0.99


def run(options: Options) -> Outcome:
    """Record only, more and more cameras; a step counts when every picture arrives."""
    outcome = Outcome("knee")
    best = 0
    for count in _STEPS if not options.cameras else (options.cameras,):
        found = _step(count, options.seconds or _SECONDS)
        outcome.details[f"{count} cameras"] = found
        if found["lost"] or found["worst_fps"] < _ENOUGH * _FPS:
            break
        best = count
    outcome.add("cameras before the first loss", best, "", must=32, aim=64, higher_is_better=True)
    return outcome


def _step(count: int, seconds: float) -> dict[str, float]:
    with (
        work_folder() as folder,
        mounted(count) as (server, cameras),
        EngineRun(
            folder / "data",
            settings_of(cameras, with_sub=False, motion=False),
            settings=Settings(detection=DetectionSettings(enabled=False)),
        ) as engine,
    ):
        waited_s = engine.until(
            lambda: engine.recording() == count, f"{count} cameras to record", 120
        )
        time.sleep(_WARM_UP_S)
        lost_before, served_s = _lost(engine), server.cpu_seconds()
        meter = CpuMeter([engine.pid])
        time.sleep(seconds)
        rates = [one["received_fps"] for one in engine.statuses().values()]
        return {
            "lost": _lost(engine) - lost_before,
            "worst_fps": min(rates, default=0.0),
            "cpu_percent": round(meter.percent(), 1),
            "server_percent": round(100 * (server.cpu_seconds() - served_s) / seconds, 1),
            "pss_mb": round(proportional_bytes([engine.pid]) / 1e6),
            "start_s": round(waited_s, 1),
        }


def _lost(engine: EngineRun) -> float:
    text = str(engine.get("/metrics"))
    names = ("surveillance_lost_packets_total", "surveillance_frames_dropped_total")
    return sum(
        float(value)
        for name in names
        for value in re.findall(rf"^{name}{{.*}} (\S+)$", text, re.MULTILINE)
    )
