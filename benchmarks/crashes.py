"""kill -9 of everything at random moments, again and again on one data folder."""

from __future__ import annotations

import random
import time

from benchmarks.footage import check, end_us, unexplained
from benchmarks.outcome import Options, Outcome, percentile
from benchmarks.rig.engine import EngineRun, quick_segments
from benchmarks.site import mounted, settings_of, work_folder
from nvr_app.contract.config import DetectionSettings, Settings

_KILLS = 200
_SEED = 20_261_124
_SEGMENT_S = 5.0
"""Short: kills then often meet the moment between two segments."""
_LONGEST_S = _SEGMENT_S
_SETTLE_S = 6.0


def run(options: Options) -> Outcome:
    """Seconds of footage lost per kill and camera; what `nvr check` cannot explain at the end.

    Ends after `--count` kills (200) or `--seconds`, whichever comes first, and says how many.
    """
    outcome = Outcome("crashes")
    chance = random.Random(_SEED)
    losses: list[float] = []
    kills = 0
    deadline_s = time.monotonic() + (options.seconds or float("inf"))
    with work_folder() as folder, mounted(options.cameras or 8, gop_s=1.0) as (_, cameras):
        engine = EngineRun(
            folder / "data",
            settings_of(cameras, with_sub=False, motion=False),
            settings=Settings(
                detection=DetectionSettings(enabled=False), recording=quick_segments(_SEGMENT_S)
            ),
        )
        while kills < (options.count or _KILLS) and time.monotonic() < deadline_s:
            engine.start()
            engine.until(lambda: engine.recording() == len(cameras), "all cameras to record")
            time.sleep(chance.uniform(0.2, _LONGEST_S))
            killed_us = time.time_ns() // 1000
            engine.kill_everything()
            kills += 1
            ends = [end_us(engine.folder.recordings / one.camera_id) for one in cameras]
            losses += [(killed_us - end) / 1e6 for end in ends]
        engine.start()
        engine.until(lambda: engine.recording() == len(cameras), "all cameras to record")
        time.sleep(_SETTLE_S)
        engine.stop()
        report = check(folder / "data")
    left = unexplained(report)
    outcome.details["left to explain"] = left
    outcome.details["segments"] = report["segments"]
    outcome.add("kill -9 of everything", kills, "times")
    outcome.add("segments and holes unexplained afterwards", sum(left.values()), "", must=0, aim=0)
    outcome.add("footage lost, p50", round(percentile(losses, 0.5), 2), "s")
    outcome.add("footage lost, p95", round(percentile(losses, 0.95), 2), "s")
    outcome.add("footage lost, worst", round(max(losses), 2), "s", must=1, aim=0.5)
    return outcome
