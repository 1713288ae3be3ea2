"""uvicorn inside the hub's own loop, on a socket that is bound before anyone is told of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from litestar.types import ASGIApp

from engine.base.errors import EngineError

logger = logging.getLogger(__name__)


class PortTakenError(EngineError):
    """The API's port is in use or not ours to take."""


class _QuietServer(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the supervisor's business."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """A listening address. PortTakenError: a sentence on what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle off only where the protocol is named: without it, 40 ms a request.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows lets two programs share a port else
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise PortTakenError(
            f"the API cannot listen on {host}:{port} ({error.strerror or error}); end the program "
            "that holds the port, or choose another with --port or [api] port. Recording goes on."
        ) from None
    return bound


class WebServer:
    """Use from the loop's thread."""

    def __init__(self, app: ASGIApp, bound: socket.socket) -> None:
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="on", ws="websockets-sansio",
            ws_max_size=1 << 20, ws_per_message_deflate=False, server_header=False,
            timeout_graceful_shutdown=2, timeout_keep_alive=30,
        )  # fmt: skip
        self._bound = bound
        self._server = _QuietServer(config)
        self._task: asyncio.Task[Any] | None = None

    @property
    def url(self) -> str:
        """Base URL for a client on this machine."""
        host, port = self._bound.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
        return f"http://{f'[{host}]' if ':' in host and host[0] != '[' else host}:{port}"

    async def start(self) -> None:
        """Serve until `stop`."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._bound]), name="web")
        # uvicorn has no event for it.
        while not self._server.started and not self._task.done():  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Idempotent."""
        self._server.should_exit = True
        task, self._task = self._task, None
        if task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._bound.close()
