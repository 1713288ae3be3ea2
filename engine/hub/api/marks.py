"""Bookmarks and protections: set, listed, taken away; each is journalled before it is answered."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, delete, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from engine.hub.api.errors import BadRequestError, NotFoundError
from engine.hub.api.times import interval_us, moment_us
from engine.hub.core import HubCore
from engine.hub.noting import note_and_wait
from engine.store.evidence import BookmarkRow, ProtectionRow
from nvr_app.contract.api import Done
from nvr_app.contract.audit_facts import BookmarkRemoved, BookmarkSet
from nvr_app.contract.custody_facts import FootageProtected, ProtectionEnded
from nvr_app.contract.evidence import (
    BookmarkBody,
    BookmarkList,
    BookmarkView,
    ProtectionBody,
    ProtectionList,
    ProtectionView,
)
from nvr_app.contract.ids import new_id

_MOST_ROWS = 1_000
_MOST_LETTERS = 4_000

AnyRequest = Request[Any, Any, Any]


def mark_routes(core: HubCore) -> list[ControllerRouterHandler]:
    """Routes under `/api/v1/bookmarks` and `/api/v1/protections`."""

    @get("/api/v1/bookmarks")
    async def bookmarks(
        start: str | None = None, end: str | None = None, camera_id: str | None = None
    ) -> BookmarkList:
        """Bookmarks that touch [start, end), newest first; at most 1000."""
        start_us, end_us = interval_us(start, end)
        rows = await core.queries.run(
            lambda reader: reader.evidence.bookmarks(start_us, end_us, camera_id, _MOST_ROWS)
        )
        return BookmarkList(bookmarks=tuple(_bookmark_view(row) for row in rows))

    @post("/api/v1/bookmarks")
    async def set_bookmark(request: AnyRequest) -> BookmarkView:
        """Mark a moment or an interval."""
        fact = _bookmark_of(core, await read_body(request, BookmarkBody), actor_of(request))
        await note_and_wait(core, fact)
        return _view_of_fact(fact)

    @delete("/api/v1/bookmarks/{bookmark_id:str}", status_code=200)
    async def remove_bookmark(request: AnyRequest, bookmark_id: FromPath[str]) -> Done:
        """Take a bookmark away; the journal keeps that there was one."""
        row = await core.queries.run(lambda reader: reader.evidence.bookmark(bookmark_id))
        if row is None:
            raise NotFoundError(f"no bookmark has the id {bookmark_id!r}")
        await note_and_wait(
            core,
            BookmarkRemoved(
                wall_us=core.clock.wall_us(), bookmark_id=bookmark_id, actor=actor_of(request)
            ),
        )
        return Done(message=f"the bookmark {row.title!r} is removed")

    @get("/api/v1/protections")
    async def protections(
        start: str | None = None,
        end: str | None = None,
        camera_id: str | None = None,
        all: bool = False,  # noqa: A002  the API's own word
    ) -> ProtectionList:
        """Protections in force that touch [start, end), newest first; with `all`, all."""
        start_us, end_us = interval_us(start, end)
        in_force_us = None if all else core.clock.wall_us()
        rows = await core.queries.run(
            lambda reader: reader.evidence.protections(
                start_us, end_us, camera_id, in_force_us, _MOST_ROWS
            )
        )
        return ProtectionList(protections=tuple(_protection_view(row) for row in rows))

    @post("/api/v1/protections")
    async def protect(request: AnyRequest) -> ProtectionView:
        """Keep footage from every clean-up."""
        fact = _protection_of(core, await read_body(request, ProtectionBody), actor_of(request))
        async with core.retention.standing_still():  # invariant S6
            await note_and_wait(core, fact)
        return _protection_view_of_fact(fact)

    @delete("/api/v1/protections/{protection_id:str}", status_code=200)
    async def lift(request: AnyRequest, protection_id: FromPath[str], reason: str) -> Done:
        """Lift a protection: retention counts again. The reason is journalled."""
        row = await core.queries.run(lambda reader: reader.evidence.protection(protection_id))
        if row is None:
            raise NotFoundError(f"no protection has the id {protection_id!r}")
        if row.lifted_wall_us is not None:
            raise BadRequestError("this protection was lifted before")
        await note_and_wait(
            core,
            ProtectionEnded(
                wall_us=core.clock.wall_us(),
                protection_id=protection_id,
                reason=required_text(reason, "reason"),
                actor=actor_of(request),
            ),
        )
        return Done(message="the protection is lifted: retention counts for this footage again")

    return [bookmarks, set_bookmark, remove_bookmark, protections, protect, lift]


def actor_of(request: AnyRequest) -> str:
    """Who asks, as the guard has found out."""
    return str(request.state.actor)


async def read_body(request: AnyRequest, kind: type[Any]) -> Any:  # Any: the caller names the type
    """The body as a struct of the contract. BadRequestError names the field."""
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadRequestError(f"the body is not as it should be: {error}") from None


def required_text(text: str, name: str) -> str:
    """Trimmed. BadRequestError when nothing is left, or far too much."""
    trimmed = text.strip()
    if not trimmed:
        raise BadRequestError(f"{name} must not be empty")
    if len(trimmed) > _MOST_LETTERS:
        raise BadRequestError(f"{name} may hold at most {_MOST_LETTERS} letters")
    return trimmed


def require_cameras(core: HubCore, camera_ids: tuple[str, ...]) -> tuple[str, ...]:
    """Each once, in order. BadRequestError: one that the settings do not name."""
    for camera_id in camera_ids:
        if camera_id not in core.state.cameras:
            raise BadRequestError(
                f"no camera is called {camera_id!r}; GET /api/v1/cameras lists them"
            )
    return tuple(dict.fromkeys(camera_ids))


def _bookmark_of(core: HubCore, body: BookmarkBody, actor: str) -> BookmarkSet:
    start_us, end_us = interval_us(required_text(body.start, "start"), body.end or body.start)
    if len(body.text) > _MOST_LETTERS:
        raise BadRequestError(f"text may hold at most {_MOST_LETTERS} letters")
    return BookmarkSet(
        wall_us=core.clock.wall_us(),
        bookmark_id=new_id(),
        camera_ids=require_cameras(core, body.camera_ids),
        start_wall_us=start_us,
        end_wall_us=end_us,
        title=required_text(body.title, "title"),
        text=body.text,
        actor=actor,
    )


def _protection_of(core: HubCore, body: ProtectionBody, actor: str) -> FootageProtected:
    start_us, end_us = interval_us(
        required_text(body.start, "start"), required_text(body.end, "end")
    )
    if end_us == start_us:
        raise BadRequestError("the range to protect holds no time: end must lie after start")
    now_us = core.clock.wall_us()
    until_us = None if body.until is None else moment_us(body.until, "until", 0)
    if until_us is not None and until_us <= now_us:
        raise BadRequestError("until lies in the past: nothing would be protected")
    return FootageProtected(
        wall_us=now_us,
        protection_id=new_id(),
        camera_ids=require_cameras(core, body.camera_ids),
        start_wall_us=start_us,
        end_wall_us=end_us,
        until_wall_us=until_us,
        reason=required_text(body.reason, "reason"),
        actor=actor,
    )


def _bookmark_view(row: BookmarkRow) -> BookmarkView:
    return BookmarkView(
        bookmark_id=row.bookmark_id,
        camera_ids=row.camera_ids,
        start_wall_us=row.start_wall_us,
        end_wall_us=row.end_wall_us,
        title=row.title,
        text=row.text,
        actor=row.actor,
        set_wall_us=row.wall_us,
    )


def _view_of_fact(fact: BookmarkSet) -> BookmarkView:
    return BookmarkView(
        bookmark_id=fact.bookmark_id,
        camera_ids=fact.camera_ids,
        start_wall_us=fact.start_wall_us,
        end_wall_us=fact.end_wall_us,
        title=fact.title,
        text=fact.text,
        actor=fact.actor,
        set_wall_us=fact.wall_us,
    )


def _protection_view(row: ProtectionRow) -> ProtectionView:
    return ProtectionView(
        protection_id=row.protection_id,
        camera_ids=row.camera_ids,
        start_wall_us=row.start_wall_us,
        end_wall_us=row.end_wall_us,
        until_wall_us=row.until_wall_us,
        reason=row.reason,
        actor=row.actor,
        set_wall_us=row.wall_us,
        lifted_wall_us=row.lifted_wall_us,
    )


def _protection_view_of_fact(fact: FootageProtected) -> ProtectionView:
    return ProtectionView(
        protection_id=fact.protection_id,
        camera_ids=fact.camera_ids,
        start_wall_us=fact.start_wall_us,
        end_wall_us=fact.end_wall_us,
        until_wall_us=fact.until_wall_us,
        reason=fact.reason,
        actor=fact.actor,
        set_wall_us=fact.wall_us,
        lifted_wall_us=None,
    )
