"""WebSockets: notices to every desk, packets of a stream to those that decode themselves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.types import ControllerRouterHandler

from engine.hub.core import HubCore
from engine.hub.worker_link import WorkerUnavailableError
from nvr_app.contract.notices import Welcome
from nvr_app.contract.wire import PROTOCOL

_TRY_AGAIN = 1013
_UNSUPPORTED = 1003
_encode_media = msgspec.msgpack.Encoder().encode

AnySocket = WebSocket[Any, Any, Any]


def live_routes(core: HubCore) -> list[ControllerRouterHandler]:
    """`WS /api/v1/notices` and `WS /api/v1/live`."""

    @websocket("/api/v1/notices")
    async def notices(socket: AnySocket) -> None:
        """Text frames, a JSON notice each; the first is `welcome`, then everything as it is."""
        await socket.accept()
        welcome = Welcome(
            protocol=PROTOCOL,
            instance_id=core.start.instance_id,
            version=core.start.version,
        )
        listener = core.board.listen((welcome, *core.state.welcome()))
        core.registry.level("surveillance_desks_connected", value=core.board.count)

        async def send() -> None:
            while (data := await listener.queue.get()) is not None:
                await socket.send_data(data.decode(), mode="text")
            await socket.close(_TRY_AGAIN, "too slow: connect anew and fetch everything")

        try:
            await _until_gone(socket, send)
        finally:
            core.board.leave(listener)
            core.registry.level("surveillance_desks_connected", value=core.board.count)

    @websocket("/api/v1/live")
    async def live(socket: AnySocket, camera_id: str, role: str = "main") -> None:
        """Binary frames, a MessagePack media message each, from the last keyframe on."""
        await socket.accept()
        if role not in {"main", "sub"}:
            await socket.close(_UNSUPPORTED, "role is main or sub")
            return
        try:
            link = core.channels.get(core.state.producers.get(camera_id))
            relay = await link.open_relay(camera_id, role)
        except WorkerUnavailableError as error:
            await socket.close(_TRY_AGAIN, _short(str(error)))
            return

        async def send() -> None:
            while (media := await relay.queue.get()) is not None:
                await socket.send_data(_encode_media(media), mode="binary")
            await socket.close(_TRY_AGAIN, "the stream ended; connect anew")

        try:
            await _until_gone(socket, send)
        finally:
            link.close_relay(relay)

    return [notices, live]


async def _until_gone(socket: AnySocket, send: Callable[[], Awaitable[None]]) -> None:
    """Send until the other side leaves or the sender ends."""
    sending = asyncio.ensure_future(send())
    listening = asyncio.ensure_future(_drain(socket))
    try:
        await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, listening):
            task.cancel()
            with contextlib.suppress(
                asyncio.CancelledError, WebSocketDisconnect, OSError, RuntimeError
            ):
                await task


async def _drain(socket: AnySocket) -> None:
    """Clients say nothing here; reading is how their leaving is heard."""
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.receive_data(mode="text")


def _short(sentence: str) -> str:
    """A close reason holds at most 123 bytes."""
    return sentence.encode()[:120].decode("utf-8", "ignore")
