"""Cameras: what is set up, how they are, a picture, pause and resume."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from engine.base.redact import bare_url
from engine.hub.api.errors import NotFoundError
from engine.hub.core import HubCore
from nvr_app.contract.api import CameraList, CameraStatusList, CameraView, Done
from nvr_app.contract.commands import PauseCamera, ResumeCamera, TakeSnapshot
from nvr_app.contract.config import CameraSettings
from nvr_app.contract.events import SystemNoted
from nvr_app.contract.status import CameraStatus

_COMMAND_TIMEOUT_S = 5.0


def camera_routes(core: HubCore) -> list[ControllerRouterHandler]:
    """Routes under `/api/v1/cameras`."""

    @get("/api/v1/cameras", sync_to_thread=False)
    def cameras() -> CameraList:
        """Cameras in the settings, in their order."""
        return CameraList(cameras=tuple(_view(camera) for camera in core.state.cameras.values()))

    @get("/api/v1/cameras/status", sync_to_thread=False)
    def statuses() -> CameraStatusList:
        """How every camera is at this moment."""
        return CameraStatusList(cameras=core.state.ordered_statuses())

    @get("/api/v1/cameras/{camera_id:str}/status", sync_to_thread=False)
    def status(camera_id: FromPath[str]) -> CameraStatus:
        """How one camera is."""
        _require(core, camera_id)
        return core.state.statuses[camera_id]

    @get("/api/v1/cameras/{camera_id:str}/snapshot.jpg")
    async def snapshot(camera_id: FromPath[str]) -> Response[bytes]:
        """The newest picture as JPEG, from the main stream where it can be decoded."""
        _require(core, camera_id)
        link = core.channels.get(core.state.producers.get(camera_id))
        jpeg = await link.ask(
            lambda request_id: TakeSnapshot(request_id=request_id, camera_id=camera_id),
            _COMMAND_TIMEOUT_S,
        )
        return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    @post("/api/v1/cameras/{camera_id:str}/pause", status_code=200)
    async def pause(camera_id: FromPath[str]) -> Done:
        """Disconnect and stay away until resumed; the gap says that it was wanted."""
        _require(core, camera_id)
        link = core.channels.get(core.state.producers.get(camera_id))
        await link.ask(
            lambda request_id: PauseCamera(request_id=request_id, camera_id=camera_id),
            _COMMAND_TIMEOUT_S,
        )
        _note(core, camera_id, "paused over the API")
        return Done(message=f"{camera_id} is paused: nothing is recorded until it is resumed")

    @post("/api/v1/cameras/{camera_id:str}/resume", status_code=200)
    async def resume(camera_id: FromPath[str]) -> Done:
        """Connect again."""
        _require(core, camera_id)
        link = core.channels.get(core.state.producers.get(camera_id))
        await link.ask(
            lambda request_id: ResumeCamera(request_id=request_id, camera_id=camera_id),
            _COMMAND_TIMEOUT_S,
        )
        _note(core, camera_id, "resumed over the API")
        return Done(message=f"{camera_id} is being connected")

    return [cameras, statuses, status, snapshot, pause, resume]


def _require(core: HubCore, camera_id: str) -> None:
    if camera_id not in core.state.cameras:
        raise NotFoundError(f"no camera is called {camera_id!r}; GET /api/v1/cameras lists them")


def _note(core: HubCore, camera_id: str, text: str) -> None:
    core.journal.note(
        SystemNoted(
            wall_us=core.clock.wall_us(),
            source="api",
            severity="info",
            text=text,
            camera_id=camera_id,
        )
    )


def _view(camera: CameraSettings) -> CameraView:
    return CameraView(
        camera_id=camera.id,
        name=camera.display_name,
        location=camera.location,
        kind=camera.kind,
        main=bare_url(camera.main),
        sub=bare_url(camera.sub) if camera.sub else "",
        enabled=camera.enabled,
        record=camera.record,
        motion=camera.motion,
        detect=camera.detect,
    )
