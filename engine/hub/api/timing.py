"""Duration of every request, by route template: paths with ids would make endless series."""

from __future__ import annotations

import time

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from engine.base.registry import MetricsRegistry


def timing_middleware(registry: MetricsRegistry):  # type: ignore[no-untyped-def]  # noqa: ANN201  Litestar names no type for a middleware factory
    """Middleware that feeds `surveillance_api_request_seconds`."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def timed(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP:
                await app(scope, receive, send)
                return
            started_s = time.perf_counter()
            status = "500"

            async def note_status(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = str(message["status"])
                await send(message)

            try:
                await app(scope, receive, note_status)
            finally:
                route = str(scope.get("path_template") or "other")
                registry.observe(
                    "surveillance_api_request_seconds",
                    route, scope["method"], status,
                    value=time.perf_counter() - started_s,
                )  # fmt: skip

        return timed

    return wrap
