"""From the start of the engine until every camera is being recorded."""

from __future__ import annotations

import time

from benchmarks.outcome import Options, Outcome, percentile
from benchmarks.rig.engine import EngineRun
from benchmarks.site import mounted, settings_of, work_folder
from nvr_app.contract.config import DetectionSettings, Settings

_RUNS = 5
_GOP_S = 0.5
"""Short groups of pictures: the wait for the first keyframe is the camera's, not ours."""


def run(options: Options) -> Outcome:
    """Seconds from the command to bytes of all cameras in their files, the worst of five runs."""
    outcome = Outcome("start")
    count = options.cameras or 8
    seconds = []
    with mounted(count, gop_s=_GOP_S) as (_, cameras):
        for _ in range(_RUNS):
            with work_folder() as folder:
                engine = EngineRun(
                    folder / "data",
                    settings_of(cameras, with_sub=True, motion=True),
                    settings=Settings(detection=DetectionSettings(enabled=False)),
                )
                recordings = engine.folder.recordings
                started_s = time.monotonic()
                engine.start(wait=False)
                try:
                    engine.until(
                        lambda folder=recordings: _writing(folder) == count,  # type: ignore[misc]
                        "bytes of all cameras",
                    )
                    seconds.append(time.monotonic() - started_s)
                finally:
                    engine.stop()
    outcome.details["runs_s"] = [round(one, 2) for one in seconds]
    # The first fragment lies in the file half a second after its keyframe, as it should.
    outcome.add("start to all recording, worst", round(max(seconds), 2), "s", must=4, aim=1.5)
    outcome.add("start to all recording, median", round(percentile(seconds, 0.5), 2), "s")
    return outcome


def _writing(recordings: object) -> int:
    from pathlib import Path  # noqa: PLC0415

    root = Path(str(recordings))
    return sum(
        any(one.stat().st_size > 0 for one in camera.rglob("*.mp4"))
        for camera in root.iterdir()
        if camera.is_dir()
    )
