"""Recording and motion without window and objects, against motion 4.5: same streams, same run."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from benchmarks.outcome import Options, Outcome
from benchmarks.rig.engine import EngineRun
from benchmarks.rig.server import RigError
from benchmarks.site import Mounted, mounted, settings_of, work_folder
from benchmarks.usage import CpuMeter, resident_bytes
from nvr_app.contract.config import DetectionSettings, Settings

_SECONDS = 60
_WARM_UP_S = 10.0


def run(options: Options) -> Outcome:
    """CPU of both while both record and look for motion."""
    if shutil.which("motion") is None:
        raise RigError("the comparison needs motion: apt-get install motion")
    outcome = Outcome("motion")
    with (
        work_folder() as folder,
        mounted(options.cameras or 8) as (_, cameras),
        EngineRun(
            folder / "data",
            settings_of(cameras, with_sub=True, motion=True),
            settings=Settings(detection=DetectionSettings(enabled=False)),
        ) as engine,
    ):
        theirs = _start_motion(cameras, folder / "motion")
        try:
            engine.until(lambda: engine.recording() == len(cameras), "all cameras to record")
            time.sleep(_WARM_UP_S)
            our_meter, their_meter = CpuMeter([engine.pid]), CpuMeter([theirs.pid])
            time.sleep(options.seconds or _SECONDS)
            ours, motion = our_meter.percent(), their_meter.percent()
            outcome.details["by_process"] = our_meter.by_name()
            outcome.details["memory_mb"] = {
                "ours": round(resident_bytes([engine.pid]) / 1e6),
                "motion": round(resident_bytes([theirs.pid]) / 1e6),
            }
        finally:
            theirs.terminate()
            theirs.wait(20)
        recorded = {one.parent.name for one in (folder / "motion").rglob("*.mp4")}
        outcome.details["motion_recorded_cameras"] = len(recorded)
    outcome.add("record and motion, ours", round(ours, 2), "% of a core")
    outcome.add("record and motion, motion 4.5", round(motion, 2), "% of a core")
    outcome.add("record and motion, ours / motion", round(ours / motion, 3), "x", must=2.0, aim=1.2)
    return outcome


def _start_motion(cameras: list[Mounted], folder: Path) -> subprocess.Popen[bytes]:
    """Passthrough recording of the main stream, detection on the substream at 5 fps."""
    folder.mkdir(parents=True)
    common = ["daemon off", "setup_mode off", "webcontrol_port 0", "stream_port 0", "log_level 4"]
    files = []
    for number, one in enumerate(cameras, start=1):
        target = folder / one.camera_id
        target.mkdir()
        text = [
            f"camera_id {number}", f"netcam_url {one.sub_url}", f"netcam_high_url {one.main_url}",
            "width 640", "height 360", "framerate 5", "movie_output on", "movie_passthrough on",
            "movie_container mp4", "emulate_motion on", "picture_output off",
            "movie_max_time 60", f"target_dir {target}",
        ]  # fmt: skip
        path = folder / f"{one.camera_id}.conf"
        path.write_text("\n".join(text) + "\n")
        files.append(f"camera {path}")
    config = folder / "motion.conf"
    config.write_text("\n".join([*common, *files]) + "\n")
    with (folder / "motion.log").open("wb") as log:
        return subprocess.Popen(["motion", "-n", "-c", str(config)], stdout=log, stderr=log)
