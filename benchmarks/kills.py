"""kill -9 of each process, and of all at once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import av

from benchmarks.outcome import Options, Outcome
from benchmarks.rig.engine import EngineRun
from benchmarks.site import mounted, settings_of, work_folder

_GOPS_S = (1.0, 2.0, 10.0)
_WARM_UP_S = 6.0
_ROUNDS = 3
_PAUSE_S = 4.0


def run(options: Options) -> Outcome:
    """Seconds until the work of a killed process is back; seconds of footage lost when all die."""
    outcome = Outcome("kills")
    _kill_each(outcome, options)
    for gop_s in _GOPS_S:
        _kill_all(outcome, gop_s)
    return outcome


def _kill_each(outcome: Outcome, options: Options) -> None:
    """Once for each role: a second death within the minute meets the back-off of 5 s instead."""
    with work_folder() as folder, mounted(4, gop_s=1.0) as (_, cameras):
        settings = settings_of(cameras, with_sub=True, motion=True)
        with EngineRun(folder / "data", settings, models_dir=options.models_dir) as engine:
            engine.until(lambda: engine.recording() == 4, "all cameras to record")
            time.sleep(_WARM_UP_S)
            for name in ("camera-cam-1", "vision-1", "hub"):
                seconds = _kill_one(engine, name)
                outcome.add(f"kill -9 {name}: back after", round(seconds, 2), "s", must=10, aim=3)
                time.sleep(_PAUSE_S)
            gaps = engine.get("/api/v1/recordings")["gaps"]
        outcome.details["check after the kills of each"] = _check(folder / "data")
    lost = sum(gap["camera_id"] != "cam-1" for gap in gaps)
    outcome.add("gaps of the other cameras", lost, "", must=0, aim=0)


def _kill_one(engine: EngineRun, name: str) -> float:
    victim = engine.children()[name]
    before = _bytes(engine.folder.recordings / "cam-1")
    victim.kill()
    if name.startswith("camera"):
        return engine.until(
            lambda: _bytes(engine.folder.recordings / "cam-1") > before + 100_000, name
        )
    if name == "hub":
        old = engine.endpoint
        return engine.until(
            lambda: engine.endpoint != old and engine.recording() == 4, "the hub to answer"
        )
    before = engine.get("/api/v1/model/status")["analysed_frames"]
    return engine.until(lambda: _analyses_anew(engine, before), name)


def _analyses_anew(engine: EngineRun, before: int) -> bool:
    """A successor counts from nothing."""
    model = engine.get("/api/v1/model/status")
    return bool(model["state"] == "ready" and 0 < model["analysed_frames"] < before)


def _kill_all(outcome: Outcome, gop_s: float) -> None:
    worst = 0.0
    with mounted(4, gop_s=gop_s) as (_, cameras):
        for round_number in range(_ROUNDS):
            with work_folder() as folder:
                engine = EngineRun(
                    folder / "data", settings_of(cameras, with_sub=False, motion=False)
                )
                engine.start()
                engine.until(lambda e=engine: e.recording() == 4, "recording")  # type: ignore[misc]
                time.sleep(gop_s + 3.1 + 0.17 * round_number)
                killed_us = time.time_ns() // 1000
                engine.kill_everything()
                ends = [_end_us(engine.folder.recordings / one.camera_id) for one in cameras]
                worst = max(worst, *((killed_us - end_us) / 1e6 for end_us in ends))
                engine.start()
                engine.until(lambda e=engine: e.recording() == 4, "recording")  # type: ignore[misc]
                engine.stop()
                sound = _check(folder / "data")
                outcome.details[f"check, GOP {gop_s:g} s, round {round_number + 1}"] = sound
    outcome.add(
        f"kill -9 of all, GOP {gop_s:g} s: footage lost", round(worst, 2), "s", must=1, aim=0.5
    )


def _end_us(folder: Path) -> int:
    """Wall time at which the playable footage of the newest file ends."""
    newest = max(folder.rglob("*.mp4"), key=lambda one: one.name)
    start_us = int(newest.name.split("-")[0]) * 1000
    last = 0.0
    with av.open(str(newest)) as container:
        for packet in container.demux(video=0):
            if packet.pts is not None and packet.time_base is not None:
                length = packet.duration or 0
                last = max(last, float((packet.pts + length) * packet.time_base))
    return start_us + int(last * 1e6)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.mp4"))


def _check(data_dir: Path) -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "nvr_app", "--data-dir", str(data_dir), "check", "--hash", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return bool(json.loads(done.stdout)["is_sound"])
