"""Talking to a running engine from the command line: standard library only, so that it starts fast.

Never through a proxy: the engine is on this machine or named by its address.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from nvr_app.contract.endpoint import Endpoint
from nvr_app.errors import UserError

_TIMEOUT_S = 5.0


class EngineUnreachableError(UserError):
    """No engine answers at the address that its folder names."""


def get_json(endpoint: Endpoint, path: str) -> Any:
    """Answer of a GET as decoded JSON. EngineUnreachableError, or UserError with its sentence."""
    return json.loads(_ask(endpoint, "GET", path) or b"null")


def post(
    endpoint: Endpoint, path: str, timeout_s: float = _TIMEOUT_S, *, body: object = None
) -> Any:
    """Answer of a POST; `body` goes as JSON."""
    data = b"" if body is None else json.dumps(body).encode()
    return json.loads(_ask(endpoint, "POST", path, timeout_s, data) or b"null")


def _ask(
    endpoint: Endpoint,
    method: str,
    path: str,
    timeout_s: float = _TIMEOUT_S,
    data: bytes | None = None,
) -> bytes:
    request = urllib.request.Request(  # noqa: S310  the URL is the engine's own
        endpoint.url + path,
        method=method,
        headers={"Authorization": f"Bearer {endpoint.token}"},
        data=data,
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=timeout_s) as answer:
            body: bytes = answer.read()
            return body
    except urllib.error.HTTPError as error:
        raise UserError(_sentence(error)) from None
    except (OSError, ValueError) as error:
        raise EngineUnreachableError(
            f"no engine answers at {endpoint.url} ({error}); start it with nvr engine"
        ) from None


def _sentence(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["error"])
    except (ValueError, KeyError, OSError):
        return f"the engine answered {error.code} {error.reason}"
