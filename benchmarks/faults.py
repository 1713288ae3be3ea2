"""Until a camera that goes silent, drops or refuses is shown, logged and counted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import msgspec

from benchmarks.listener import NoticeListener
from benchmarks.outcome import Options, Outcome
from benchmarks.rig.engine import EngineRun
from benchmarks.rig.proxy import FaultProxy
from benchmarks.rig.server import RigError
from benchmarks.site import mounted, settings_of, work_folder
from nvr_app.contract.config import DetectionSettings, Settings

_LIMIT_S = 30.0
_SETTLED_S = 4.0


def run(options: Options) -> Outcome:
    """The worst of the rounds for each fault: seconds until a listening desk is told."""
    del options
    outcome = Outcome("faults")
    with (
        work_folder() as folder,
        mounted(2) as (server, cameras),
        FaultProxy("127.0.0.1", server.port) as proxy,
    ):
        victim, *others = settings_of(cameras, with_sub=True, motion=True)
        through = msgspec.structs.replace(
            victim, main=proxy.url_through(victim.main), sub=proxy.url_through(victim.sub)
        )
        with EngineRun(
            folder / "data",
            [through, *others],
            settings=Settings(detection=DetectionSettings(enabled=False)),
        ) as engine:
            engine.until(lambda: engine.recording() == 2, "both cameras to record")
            for name, begin, end in (
                ("goes silent", lambda: proxy.set_mode("stall"), lambda: proxy.set_mode("pass")),
                ("drops", proxy.reset_all, lambda: None),
                ("refuses connections", proxy.refuse, proxy.accept),
            ):
                _one_fault(outcome, engine, name, begin, end, victim.id)
            outcome.details["log_lines"] = _log_lines(engine, victim.id)
            outcome.details["counted"] = [
                line
                for line in str(engine.get("/metrics")).splitlines()
                if f'camera_id="{victim.id}"' in line
                and line.startswith(("surveillance_stream_reconnects", "surveillance_stream_err"))
            ]
            gaps = engine.get("/api/v1/recordings")["gaps"]
            outcome.details["gaps_of_others"] = sum(g["camera_id"] != victim.id for g in gaps)
    return outcome


def _one_fault(
    outcome: Outcome,
    engine: EngineRun,
    name: str,
    begin: Callable[[], None],
    end: Callable[[], None],
    camera_id: str,
) -> None:
    time.sleep(_SETTLED_S)
    endpoint = engine.endpoint
    if endpoint is None:
        raise RigError("the engine has gone")
    listener = NoticeListener(endpoint)
    time.sleep(0.5)
    before_ns = time.time_ns()
    begin()
    shown_s = _await(listener, before_ns, camera_id, is_fine=False)
    time.sleep(1.0)
    end()
    back_ns = time.time_ns()
    back_s = _await(listener, back_ns, camera_id, is_fine=True)
    listener.stop()
    outcome.add(f"{name}: shown after", round(shown_s, 2), "s", must=5, aim=2)
    outcome.add(f"{name}: recording again after", round(back_s, 2), "s")


def _await(listener: NoticeListener, since_ns: int, camera_id: str, *, is_fine: bool) -> float:
    deadline_s = time.monotonic() + _LIMIT_S
    while time.monotonic() < deadline_s:
        for now_ns, status in list(listener.statuses):
            is_active = status.status == "active" and status.recording
            if now_ns > since_ns and status.camera_id == camera_id and is_active == is_fine:
                return (now_ns - since_ns) / 1e9
        time.sleep(0.01)
    return _LIMIT_S


def _log_lines(engine: EngineRun, camera_id: str) -> list[str]:
    lines = (engine.folder.logs / "engine.log").read_text().splitlines()
    said = [str(json.loads(line).get("message", "")) for line in lines if line.startswith("{")]
    return [text for text in said if text.startswith(f"{camera_id}:")][-12:]
