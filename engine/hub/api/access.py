"""Who may ask: bearer tokens on every route but `/health`, and no foreign web page."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from engine.hub.core import HubCore

OPEN = {"access": "open"}
"""`opt` of a route that everyone may ask."""
SCRAPE = {"access": "scrape"}
"""`opt` of a route that the scraper's token opens as well."""

AnyConnection = ASGIConnection[Any, Any, Any, Any]


class AccessGuard:
    """Litestar guard; sets `connection.state.actor`."""

    def __init__(self, core: HubCore) -> None:
        self._core = core
        self._own_names = {"localhost", socket.gethostname().lower(), core.start.settings.api.host}

    def __call__(self, connection: AnyConnection, handler: BaseRouteHandler) -> None:
        self._check_host(connection)
        access = handler.opt.get("access", "desk")
        actor = self._core.tokens.actor(connection.headers.get("authorization", ""))
        connection.state.actor = actor or "anyone"
        if access == "open" or actor == "desk" or (access == "scrape" and actor == "scraper"):
            return
        if actor == "scraper":
            raise PermissionDeniedException("this token may only read /metrics and /health")
        raise NotAuthorizedException(
            "this request carries no valid token: send 'Authorization: Bearer …' with the token "
            "of run/endpoint.json in the engine's data folder"
        )

    def _check_host(self, connection: AnyConnection) -> None:
        """A page that points its own name at our address (DNS rebinding) is turned away."""
        host = _host_of(f"//{connection.headers.get('host', '')}")
        if host not in self._own_names and not _is_address(host):
            raise PermissionDeniedException(f"this engine is not called {host!r}")
        origin = connection.headers.get("origin")
        if origin and _host_of(origin) != host:
            raise PermissionDeniedException("requests of other sites' pages are refused")


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
