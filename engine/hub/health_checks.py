"""The checks behind readiness and deep health: side by side, each with its own time limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from engine.base.errors import EngineError
from engine.hub.core import HubCore
from nvr_app.contract.api import CheckResult
from nvr_app.contract.commands import ProbePipeline
from nvr_app.contract.config import CameraSettings
from nvr_app.contract.status import CameraStatus


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    status: str
    message: str
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """A named check; limits are the operations plan's (3.3)."""

    name: str
    limit_s: float
    run: Callable[[], Awaitable[Finding]]


async def run_all(checks: tuple[Check, ...]) -> dict[str, CheckResult]:
    """All at once: a stuck one delays none of the others, only its own answer."""
    results = await asyncio.gather(*(_run(check) for check in checks))
    return {check.name: result for check, result in zip(checks, results, strict=True)}


async def _run(check: Check) -> CheckResult:
    started_s = time.perf_counter()
    try:
        finding = await asyncio.wait_for(check.run(), check.limit_s)
    except TimeoutError:
        finding = Finding("fail", f"no answer within {check.limit_s:g} s")
    except EngineError as error:
        finding = Finding("fail", str(error))
    return CheckResult(
        status=finding.status,
        response_time_ms=round((time.perf_counter() - started_s) * 1000, 2),
        message=finding.message,
        details=dict(finding.details),
    )


def ready_checks(core: HubCore) -> tuple[Check, ...]:
    """For `/health/ready`; short enough for a probe every 5 s."""
    return (
        Check("database", 3.0, lambda: _database(core)),
        Check("journal", 1.0, lambda: _journal(core)),
        Check("storage", 2.0, lambda: _storage(core)),
        Check("streams", 1.0, lambda: _streams(core)),
        Check("ai_model", 1.0, lambda: _model(core)),
        Check("processes", 1.0, lambda: _processes(core)),
    )


def deep_checks(core: HubCore) -> tuple[Check, ...]:
    """For `/health/deep`."""
    return (
        Check("database", 3.0, lambda: _database(core)),
        Check("journal", 3.0, lambda: _journal(core)),
        Check("storage", 5.0, lambda: _storage_write(core)),
        Check("streams", 1.0, lambda: _streams(core)),
        Check("ai_model", 1.0, lambda: _model(core)),
        Check("pipeline_e2e", 5.0, lambda: _pipeline(core)),
    )


async def _database(core: HubCore) -> Finding:
    if not core.index.is_open:
        return Finding("fail", core.index.fault or "the database is not open")
    rows = await core.queries.run(lambda reader: reader.counts())
    behind = core.journal.last_seq - core.index.store.applied_seq
    details = {"query_execution": "ok", "records_behind": behind, "rows": dict(rows)}
    if core.index.fault:
        return Finding("fail", core.index.fault, details)
    return Finding("pass", "the database answers", details)


async def _journal(core: HubCore) -> Finding:
    details = {"facts_waiting": core.journal.waiting, "last_seq": core.journal.last_seq}
    if core.journal.fault:
        return Finding("fail", core.journal.fault, details)
    return Finding("pass", "the journal takes records", details)


async def _storage(core: HubCore) -> Finding:
    usages = core.storage.usages
    if not usages:
        return Finding("warn", "the storage roots have not been looked at yet")
    faults = [usage.fault for usage in usages if usage.fault]
    details = {"roots": [msgspec.to_builtins(usage) for usage in usages]}
    takes_footage = any(u.role == "hot" and u.state in {"available", "slow"} for u in usages)
    if faults:
        return Finding("warn" if takes_footage else "fail", "; ".join(faults), details)
    return Finding("pass", f"{len(usages)} storage roots are well", details)


async def _storage_write(core: HubCore) -> Finding:
    loop = asyncio.get_running_loop()
    faults = [
        fault
        for name in core.storage.names
        if (fault := await loop.run_in_executor(None, core.storage.write_test, name))
    ]
    if faults:
        return Finding("fail", "; ".join(faults), {"write_test": "failed"})
    return Finding("pass", "every root writes and reads", {"write_test": "ok", "read_test": "ok"})


async def _streams(core: HubCore) -> Finding:
    expected = [camera for camera in core.state.cameras.values() if camera.enabled]
    statuses = [core.state.statuses[camera.id] for camera in expected]
    working = [
        status for camera, status in zip(expected, statuses, strict=True) if _works(camera, status)
    ]
    details = {
        "active_streams": len(working),
        "expected_streams": len(expected),
        "streams": [
            {"camera_id": s.camera_id, "fps": s.received_fps, "status": s.status} for s in statuses
        ],
    }
    if not expected:
        return Finding("warn", "no camera is set up: add one with nvr camera add", details)
    message = f"{len(working)} of {len(expected)} cameras work"
    if not working:
        return Finding("fail", message, details)
    return Finding("pass" if len(working) == len(expected) else "warn", message, details)


def _works(camera: CameraSettings, status: CameraStatus) -> bool:
    if status.status == "paused":
        return True
    return status.status == "active" and (status.recording or not camera.record)


async def _model(core: HubCore) -> Finding:
    model = core.state.model
    details = {
        "model_loaded": model.state == "ready",
        "model_version": model.name,
        "provider": model.provider,
        "inference_ms_p50": model.inference_ms_p50,
    }
    if model.state == "ready":
        return Finding("pass", f"{model.name} on {model.provider}", details)
    # Without a model the recorder does its first duty: that is a warning, not a failure.
    status = "fail" if model.state == "broken" else "warn"
    return Finding(status, model.detail, details)


async def _processes(core: HubCore) -> Finding:
    down = [row.name for row in core.state.processes if row.state not in {"running", "starting"}]
    details = {"processes": len(core.state.processes)}
    if down:
        return Finding("warn", f"not running at present: {', '.join(down)}", details)
    return Finding("pass", "all processes run", details)


async def _pipeline(core: HubCore) -> Finding:
    if core.state.model.state != "ready":
        return Finding("warn", f"not tried: {core.state.model.detail}")
    watched = [s for s in core.state.watched() if s.status == "active"]
    if not watched:
        return Finding("fail", "no camera delivers pictures that could be analysed")
    links = core.channels.with_role("vision")
    if not links:
        return Finding("fail", "the vision worker is not connected")
    camera_id = watched[0].camera_id
    payload = await links[0].ask(
        lambda request_id: ProbePipeline(request_id=request_id, camera_id=camera_id), 4.5
    )
    return Finding(
        "pass",
        f"a picture of {camera_id} went through the detector",
        {
            "capture": "ok",
            "inference": "ok",
            **msgspec.json.decode(payload, type=dict[str, object]),
        },
    )
