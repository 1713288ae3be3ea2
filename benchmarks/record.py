"""Recording alone, against eight `ffmpeg -c copy -f segment`: same streams, same run."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from benchmarks.outcome import Options, Outcome
from benchmarks.rig.engine import EngineRun
from benchmarks.site import Mounted, mounted, settings_of, work_folder
from benchmarks.usage import CpuMeter
from nvr_app.contract.config import DetectionSettings, Settings

_SECONDS = 60
_WARM_UP_S = 8.0


def run(options: Options) -> Outcome:
    """CPU of both while both record."""
    outcome = Outcome("record")
    with (
        work_folder() as folder,
        mounted(options.cameras or 8) as (server, cameras),
        EngineRun(
            folder / "data",
            settings_of(cameras, with_sub=False, motion=False),
            settings=Settings(detection=DetectionSettings(enabled=False)),
        ) as engine,
    ):
        theirs = _start_ffmpeg(cameras, folder / "ffmpeg")
        try:
            engine.until(lambda: engine.recording() == len(cameras), "all cameras to record")
            time.sleep(_WARM_UP_S)
            served_s = server.cpu_seconds()
            our_meter = CpuMeter([engine.pid])
            their_meter = CpuMeter([one.pid for one in theirs])
            time.sleep(options.seconds or _SECONDS)
            ours, ffmpeg = our_meter.percent(), their_meter.percent()
            outcome.details["by_process"] = our_meter.by_name()
            outcome.details["server_cpu_s"] = round(server.cpu_seconds() - served_s, 2)
        finally:
            for one in theirs:
                one.terminate()
            for one in theirs:
                one.wait(10)
    outcome.add("record only, ours", round(ours, 2), "% of a core")
    outcome.add("record only, ffmpeg", round(ffmpeg, 2), "% of a core")
    outcome.add("record only, ours / ffmpeg", round(ours / ffmpeg, 3), "x", must=1.0, aim=0.75)
    return outcome


def _start_ffmpeg(cameras: list[Mounted], folder: Path) -> list[subprocess.Popen[bytes]]:
    started = []
    for one in cameras:
        target = folder / one.camera_id
        target.mkdir(parents=True)
        command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp", "-i"]
        command += [one.main_url, "-map", "0", "-c", "copy", "-f", "segment"]
        command += ["-segment_time", "60", "-reset_timestamps", "1", str(target / "%05d.mp4")]
        started.append(subprocess.Popen(command))
    return started
