"""Whether anybody listens at a network address."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

_TIMEOUT_S = 1.0
_DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}


def connection_trouble(url: str) -> str:
    """Try a TCP connection to the URL's host and port; what stood in its way, empty for nothing.

    Blocks for a second at most (beside the name service's own time).
    """
    parts = urlsplit(url)
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=_TIMEOUT_S):
            return ""
    except TimeoutError:
        return "nobody answers there"
    except socket.gaierror:
        return f"the host name {parts.hostname} is not known"
    except OSError as error:
        return error.strerror or str(error)
