"""Power cuts at random moments while recording: whatever was not synced is gone."""

from __future__ import annotations

import random
import time

from benchmarks.footage import check, end_us, unexplained
from benchmarks.outcome import Options, Outcome, percentile
from benchmarks.rig.engine import EngineRun, quick_segments
from benchmarks.rig.power import PowerDisk
from benchmarks.site import mounted, settings_of, work_folder
from nvr_app.contract.config import DetectionSettings, Settings

_CUTS = 10
_SEED = 20_261_125
_SEGMENT_S = 10.0
_LONGEST_S = 12.0
_DISK_MIB = 2048
_SETTLE_S = 6.0


def run(options: Options) -> Outcome:
    """Seconds of footage lost per cut and camera, the whole data folder lying on the dead disk.

    Ends after `--count` cuts (10) or `--seconds`, whichever comes first, and says how many.
    """
    outcome = Outcome("powercut")
    chance = random.Random(_SEED)
    losses: list[float] = []
    cuts = 0
    deadline_s = time.monotonic() + (options.seconds or float("inf"))
    with (
        work_folder() as folder,
        PowerDisk(folder, _DISK_MIB) as disk,
        mounted(options.cameras or 8, gop_s=1.0) as (_, cameras),
    ):
        engine = EngineRun(
            disk.path / "data",
            settings_of(cameras, with_sub=False, motion=False),
            settings=Settings(
                detection=DetectionSettings(enabled=False), recording=quick_segments(_SEGMENT_S)
            ),
        )
        while cuts < (options.count or _CUTS) and time.monotonic() < deadline_s:
            engine.start()
            engine.until(lambda: engine.recording() == len(cameras), "all cameras to record")
            # Long enough that each camera has something on the disk to lose the end of.
            time.sleep(chance.uniform(4.0, _LONGEST_S))
            disk.cut()
            cut_us = time.time_ns() // 1000
            engine.kill_everything()
            disk.unmount()
            disk.power_on()
            cuts += 1
            ends = [end_us(engine.folder.recordings / one.camera_id) for one in cameras]
            losses += [(cut_us - end) / 1e6 for end in ends]
        engine.start()
        engine.until(lambda: engine.recording() == len(cameras), "all cameras to record")
        time.sleep(_SETTLE_S)
        engine.stop()
        found = unexplained(check(engine.folder.root))
        left = unexplained(check(engine.folder.root, "--repair"))
    outcome.details["found by nvr check"] = found
    outcome.details["left after nvr check --repair"] = left
    outcome.add("power cuts", cuts, "times")
    outcome.add("unexplained after nvr check --repair", sum(left.values()), "", must=0, aim=0)
    outcome.add("footage lost, p50", round(percentile(losses, 0.5), 2), "s")
    outcome.add("footage lost, p95", round(percentile(losses, 0.95), 2), "s")
    outcome.add("footage lost, worst", round(max(losses), 2), "s", must=3, aim=2)
    return outcome
