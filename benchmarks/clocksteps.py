"""The wall clock is set while cameras record: by hours, by days, and over changes of summer time.

A small preloaded library moves the wall clock of the engine's processes and leaves the monotonic
one alone, as a clock that is set does. Needs a C compiler.
"""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.footage import check, unexplained
from benchmarks.outcome import Options, Outcome
from benchmarks.packets import compare, recorded_digests, sent_digests
from benchmarks.rig.engine import EngineRun, quick_segments
from benchmarks.rig.wall_clock import WallClock
from benchmarks.site import Mounted, mounted, settings_of, work_folder
from engine.store.view_reading import journalled_facts
from nvr_app.contract.config import DetectionSettings, Settings
from nvr_app.contract.events import AnyFact, RunStarted, SegmentClosed, SegmentOpened

_HOUR_S = 3_600
_DAY_S = 86_400
_STEPS_S = (1, -1, _HOUR_S, -_HOUR_S, _DAY_S, -_DAY_S)
_PAUSE_S = 7.0
_CHANGES = {
    "summer": datetime(2027, 3, 28, 1, tzinfo=UTC),
    "winter": datetime(2027, 10, 31, 1, tzinfo=UTC),
}
_BEFORE_S = 12.0
_ZONE = "Europe/Berlin"
_SLACK_US = 100_000


def run(options: Options) -> Outcome:
    """Overlapping and vanished segments, and pictures that the server sent and no file holds."""
    outcome = Outcome("clocksteps")
    overlaps = twice = vanished = missing = steps = 0
    with work_folder() as folder:
        for name, change in ({"steps": None} | _CHANGES).items():
            accounts = folder / name / "accounts"
            accounts.mkdir(parents=True)
            with mounted(options.cameras or 4, gop_s=1.0, accounts=accounts) as (server, cameras):
                steps += _record(folder / name, cameras, change)
                server.flush()
            found = _judge(folder / name, cameras)
            outcome.details[name] = found
            overlaps += found["overlapping"]
            twice += found["shown twice"]
            vanished += sum(found["unexplained"].values())
            missing += found["missing pictures"]
    outcome.add("steps of the wall clock", steps, "")
    outcome.add("changes of summer time", len(_CHANGES), "")
    outcome.add("overlapping segments", overlaps, "", must=0, aim=0)
    outcome.add("pairs within a time that the clock showed twice (set back by 1 s)", twice, "")
    outcome.add("vanished or unexplained segments", vanished, "", must=0, aim=0)
    outcome.add("pictures sent and not recorded", missing, "", must=0, aim=0)
    return outcome


def _record(folder: Path, cameras: list[Mounted], change: datetime | None) -> int:
    """Record over the steps, or over a change of summer time; how many steps there were."""
    clock = WallClock(folder)
    if change is not None:
        clock.step((change - datetime.now(tz=UTC)).total_seconds() - _BEFORE_S)
    engine = EngineRun(
        folder / "data",
        settings_of(cameras, with_sub=False, motion=False),
        settings=Settings(
            detection=DetectionSettings(enabled=False), recording=quick_segments(5.0)
        ),
        environment=clock.environment | {"TZ": _ZONE},
    )
    with engine:
        engine.until(lambda: engine.recording() == len(cameras), "all cameras to record")
        for step_s in _STEPS_S if change is None else ():
            time.sleep(_PAUSE_S)
            clock.step(step_s)
        time.sleep(2 * _PAUSE_S if change is None else 2 * _BEFORE_S)
    return len(_STEPS_S) if change is None else 0


def _judge(folder: Path, cameras: list[Mounted]) -> dict[str, Any]:
    data_dir = folder / "data"
    facts = [entry.fact for _, entry in journalled_facts(data_dir / "journal")]
    pairs = [_overlaps(facts, one.camera_id) for one in cameras]
    found: dict[str, Any] = {
        "segments": sum(isinstance(fact, SegmentClosed) for fact in facts),
        "overlapping": sum(pair[0] for pair in pairs),
        "shown twice": sum(pair[1] for pair in pairs),
        "unexplained": unexplained(check(data_dir)),
        "missing pictures": 0,
    }
    for one in cameras:
        order = [
            fact.path
            for fact in facts
            if isinstance(fact, SegmentOpened) and fact.camera_id == one.camera_id
        ]
        recorded = recorded_digests(data_dir / "recordings" / path for path in order)
        counts = compare(sent_digests(folder / "accounts" / f"{one.camera_id}.jsonl"), recorded)
        found["missing pictures"] += counts["missing"] + counts["changed"]
    return found


def _overlaps(facts: list[AnyFact], camera_id: str) -> tuple[int, int]:
    """Pairs of a camera's segments that claim the same time, to a tenth of a second: without a
    cause, and because the clock was set back between them and showed that time twice.
    """
    runs = [one for one in facts if isinstance(one, RunStarted) and one.camera_id == camera_id]
    place = {run.run_id: number for number, run in enumerate(runs)}
    spans = sorted(
        (one.start_wall_us, one.end_wall_us, place[one.segment_id.split("-")[0]])
        for one in facts
        if isinstance(one, SegmentClosed) and one.camera_id == camera_id
    )
    without_cause = shown_twice = 0
    for before, after in itertools.pairwise(spans):
        if after[0] < before[1] - _SLACK_US:
            between = sorted((before[2], after[2]))
            steps = [run.clock_offset_us for run in runs[between[0] + 1 : between[1] + 1]]
            shown_twice += any(step < -_SLACK_US for step in steps)
            without_cause += not any(step < -_SLACK_US for step in steps)
    return without_cause, shown_twice
