"""Exports: forecast, begin, look, cancel, resume; whose signature they bear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from engine.hub.api.errors import BadRequestError, NotFoundError
from engine.hub.api.marks import actor_of, read_body
from engine.hub.api.times import interval_us
from engine.hub.core import HubCore
from engine.hub.exports import ExportDesk, export_asked
from engine.store.evidence import ExportRow
from nvr_app.contract.api import Done
from nvr_app.contract.audit_facts import ExportAsked, ExportOptions
from nvr_app.contract.evidence import (
    ExportBody,
    ExportForecast,
    ExportList,
    ExportView,
    ResumeBody,
    SigningKey,
)
from nvr_app.evidence.signing import key_id_of, public_pem

_MOST_EXPORTS = 200
_MOST_MASKS = 32
_SHORTEST_PASSWORD = 8

AnyRequest = Request[Any, Any, Any]


def export_routes(core: HubCore) -> list[ControllerRouterHandler]:
    """Routes under `/api/v1/exports`."""
    desk = ExportDesk(core)
    return [*_order_routes(core, desk), *_progress_routes(core, desk)]


def _order_routes(core: HubCore, desk: ExportDesk) -> list[ControllerRouterHandler]:
    @get("/api/v1/exports")
    async def exports() -> ExportList:
        """The newest exports and how far they are."""
        rows = await core.queries.run(lambda reader: reader.evidence.exports(_MOST_EXPORTS))
        return ExportList(exports=tuple(desk.view(row) for row in rows))

    @post("/api/v1/exports", status_code=202)
    async def begin(request: AnyRequest) -> ExportView:
        """Have footage exported; `GET` of its id tells how far it is."""
        body = await read_body(request, ExportBody)
        asked = _asked_of(core, body, actor_of(request))
        await desk.ask(asked, body.password)
        return desk.view(await _row(core, asked.export_id))

    @post("/api/v1/exports/forecast", status_code=200)
    async def forecast(request: AnyRequest) -> ExportForecast:
        """What such an export would hold, how large it would be, and what would be missing."""
        body = await read_body(request, ExportBody)
        return await desk.forecast(_asked_of(core, body, actor_of(request)))

    @get("/api/v1/exports/key", sync_to_thread=False)
    def signing_key() -> SigningKey:
        """The key that every export of this engine is signed with."""
        if not core.start.public_key:
            raise NotFoundError("this engine has no signing key: see nvr secrets status")
        raw = bytes.fromhex(core.start.public_key)
        return SigningKey(key_id=key_id_of(raw), public_key=public_pem(raw).decode())

    return [exports, begin, forecast, signing_key]


def _progress_routes(core: HubCore, desk: ExportDesk) -> list[ControllerRouterHandler]:
    @get("/api/v1/exports/{export_id:str}")
    async def export(export_id: FromPath[str]) -> ExportView:
        """One export and how far it is."""
        return desk.view(await _row(core, export_id))

    @post("/api/v1/exports/{export_id:str}/cancel", status_code=202)
    async def cancel(export_id: FromPath[str]) -> Done:
        """Leave off and remove what was written."""
        await desk.cancel(await _row(core, export_id))
        return Done(message="the export is being cancelled; what it has written is removed")

    @post("/api/v1/exports/{export_id:str}/resume", status_code=202)
    async def resume(request: AnyRequest, export_id: FromPath[str]) -> ExportView:
        """Go on with an export that failed or was cancelled; finished files are kept."""
        body = ResumeBody()
        if await request.body():
            body = await read_body(request, ResumeBody)
        await desk.resume(await _row(core, export_id), body.password, actor_of(request))
        return desk.view(await _row(core, export_id))

    return [export, cancel, resume]


async def _row(core: HubCore, export_id: str) -> ExportRow:
    row = await core.queries.run(lambda reader: reader.evidence.export(export_id))
    if row is None:
        raise NotFoundError(f"no export has the id {export_id!r}")
    return row


def _asked_of(core: HubCore, body: ExportBody, actor: str) -> ExportAsked:
    if not body.camera_ids:
        raise BadRequestError("camera_ids names no camera")
    start_us, end_us = interval_us(body.start, body.end)
    if not body.start.strip() or not body.end.strip() or end_us == start_us:
        raise BadRequestError("an export needs start and end, and end must lie after start")
    if body.password and len(body.password) < _SHORTEST_PASSWORD:
        raise BadRequestError(f"a password needs at least {_SHORTEST_PASSWORD} letters")
    return export_asked(
        camera_ids=tuple(dict.fromkeys(body.camera_ids)),
        start_wall_us=start_us,
        end_wall_us=end_us,
        folder=str(_folder_of(core, body.folder)),
        options=ExportOptions(
            burn_time=body.burn_time,
            masks=_masks_of(body.masks),
            is_encrypted=bool(body.password),
            reason=body.reason.strip(),
        ),
        actor=actor,
        wall_us=core.clock.wall_us(),
    )


def _masks_of(
    masks: tuple[tuple[float, float, float, float], ...],
) -> tuple[tuple[float, float, float, float], ...]:
    if len(masks) > _MOST_MASKS:
        raise BadRequestError(f"at most {_MOST_MASKS} masks can be drawn")
    for x0, y0, x1, y1 in masks:
        if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
            raise BadRequestError(
                f"mask {x0:g},{y0:g},{x1:g},{y1:g} is no region: x0 < x1 and y0 < y1, from 0 to 1"
            )
    return masks


def _folder_of(core: HubCore, named: str) -> Path:
    """Where it goes. BadRequestError: where the recorder keeps its own."""
    own = core.data_dir.resolve()
    if not named.strip():
        return own / "exports"
    folder = Path(named)
    if not folder.is_absolute():
        raise BadRequestError(f"folder {named!r} must be a whole path on the engine's machine")
    folder = folder.resolve()
    kept = [own, *(Path(root.path).resolve() for root in core.start.settings.storage)]
    is_own = any(folder == place or place in folder.parents for place in kept)
    if is_own and not folder.is_relative_to(own / "exports"):
        raise BadRequestError(
            f"{folder} belongs to the recorder itself: choose another folder, or none for "
            f"{own / 'exports'}"
        )
    return folder
