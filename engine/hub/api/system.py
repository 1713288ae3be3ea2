"""The engine as a whole: status, the detector, reload and shutdown."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.types import ControllerRouterHandler

from engine.hub.api.errors import BadRequestError
from engine.hub.core import HubCore
from engine.hub.worker_link import WorkerUnavailableError
from nvr_app.contract.api import Done, InferenceAnswer, SystemStatus
from nvr_app.contract.commands import DetectImage
from nvr_app.contract.events import SystemNoted
from nvr_app.contract.status import ModelStatus

_INFERENCE_TIMEOUT_S = 10.0


class _InferenceBody(msgspec.Struct, frozen=True):
    """The operations plan's form of the body."""

    image: str


def system_routes(core: HubCore) -> list[ControllerRouterHandler]:
    """Routes on the engine itself."""

    @get("/api/v1/system/status", sync_to_thread=False)
    def status() -> SystemStatus:
        """Disks, processes, detector and what does not work."""
        roots = core.storage.usages
        faults = [core.journal.fault, core.index.fault, *(root.fault for root in roots)]
        faults += core.buckets.faults.values()
        return SystemStatus(
            site=core.start.settings.site,
            node=core.start.settings.node,
            version=core.start.version,
            instance_id=core.start.instance_id,
            uptime_s=round(core.uptime_s, 1),
            cameras=sum(camera.enabled for camera in core.state.cameras.values()),
            recording=sum(s.recording for s in core.state.statuses.values()),
            disk_total_bytes=sum(root.total_bytes for root in roots),
            disk_free_bytes=sum(root.free_bytes for root in roots),
            cpu_percent=core.usage.total_percent,
            roots=roots,
            processes=core.state.processes,
            model=core.state.model,
            faults=tuple(fault for fault in faults if fault),
        )

    @get("/api/v1/model/status", sync_to_thread=False)
    def model() -> ModelStatus:
        """The detector: name, provider, checksum, times."""
        return core.state.model

    @post("/api/v1/inference/test", status_code=200)
    async def inference(request: Request[Any, Any, Any]) -> InferenceAnswer:
        """Run the detector on a picture: body image/jpeg, or JSON with base64 `image`."""
        jpeg = _picture(request.content_type[0], await request.body())
        links = core.channels.with_role("vision")
        if not links:
            raise WorkerUnavailableError("the vision worker is not connected")
        payload = await links[0].ask(
            lambda request_id: DetectImage(request_id=request_id, jpeg=jpeg),
            _INFERENCE_TIMEOUT_S,
        )
        return msgspec.json.decode(payload, type=InferenceAnswer)

    @post("/api/v1/settings/reload", status_code=202)
    async def reload() -> Done:
        """Read the settings file anew; only what changed is started, stopped or renewed."""
        core.tell_supervisor({"type": "reload"})
        _note(core, "reload of the settings asked for over the API")
        return Done(message="the settings are being read anew")

    @post("/shutdown", status_code=202)
    async def shutdown() -> Done:
        """Stop the engine in order; recording ends."""
        _note(core, "shutdown asked for over the API")
        core.tell_supervisor({"type": "shutdown"})
        return Done(message="the engine is stopping; recording ends within 30 s")

    return [status, model, inference, reload, shutdown]


def _picture(content_type: str, body: bytes) -> bytes:
    if content_type == "application/json":
        try:
            encoded = msgspec.json.decode(body, type=_InferenceBody).image
            body = base64.b64decode(encoded.rpartition(",")[2], validate=True)
        except (msgspec.MsgspecError, binascii.Error) as error:
            raise BadRequestError(f'the body is no {{"image": base64}}: {error}') from None
    if not body.startswith(b"\xff\xd8"):
        raise BadRequestError(
            "the body is no JPEG: send image/jpeg, or JSON with the base64 of one as `image`"
        )
    return body


def _note(core: HubCore, text: str) -> None:
    core.journal.note(
        SystemNoted(wall_us=core.clock.wall_us(), source="api", severity="info", text=text)
    )
