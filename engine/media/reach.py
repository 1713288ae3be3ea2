"""Whether anybody listens at a network address."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

_TIMEOUT_S = 1.0
_DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}


def accepts_connections(url: str) -> bool:
    """Try a TCP connection to the URL's host and port. Blocks for a second at most."""
    parts = urlsplit(url)
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=_TIMEOUT_S):
            return True
    except OSError:
        return False
