"""Keep logins out of everything that is written down."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

# user:password@ of any URL inside a longer text (FFmpeg's own messages quote whole URLs).
_USERINFO = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/\s@]*(?:@[^/\s@]*)*@", re.IGNORECASE)


def redact(text: str) -> str:
    """The text with the login part of every URL in it replaced by an ellipsis."""
    return _USERINFO.sub(r"\g<scheme>…@", text)


def bare_url(url: str) -> str:
    """A URL for people: without login and query (some cameras take passwords there)."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit((parts.scheme, f"{host}{port}", parts.path, "", ""))
