"""What may stand as a camera's address: FFmpeg understands far more than a camera needs."""

from __future__ import annotations

from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from nvr_app.contract.config import Credentials, SourceKind

_SCHEMES: dict[str, tuple[str, ...]] = {
    "rtsp": ("rtsp", "rtsps"),
    "mjpeg": ("http", "https"),
}


def source_fault(kind: SourceKind, url: str) -> str | None:
    """Why this address cannot be used, as a sentence; None when it can."""
    if not url:
        return "the address is empty"
    if any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in url):
        return "the address holds control characters"
    if kind in _SCHEMES:
        return _network_fault(url, _SCHEMES[kind])
    if url.startswith("-"):
        return "the address must not begin with '-'"
    if kind == "file" and "://" in url:
        return "kind file takes a path on this machine, not a URL"
    return None


def onvif_fault(url: str) -> str | None:
    """Why this cannot be the address of an ONVIF device service; None when it can."""
    if any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in url):
        return "the address holds control characters"
    return _network_fault(url, ("http", "https"))


def split_credentials(url: str) -> tuple[str, Credentials | None]:
    """The address without its login, and the login where there was one."""
    try:
        parts = urlsplit(url)
        user, password = parts.username, parts.password
    except ValueError:
        return url, None
    if user is None and password is None:
        return url, None
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return bare, Credentials(user=unquote(user or ""), password=unquote(password or ""))


def _network_fault(url: str, schemes: tuple[str, ...]) -> str | None:
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)
    if "\\" in url or any(sign.isspace() for sign in url):
        return "the address holds spaces or backslashes"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return f"the address cannot be read ({error})"
    if parts.scheme.lower() not in schemes or "://" not in url:
        return f"the address must begin with {wanted}"
    return _host_fault(parts) or ("port 0 is no port" if port == 0 else None)


def _host_fault(parts: SplitResult) -> str | None:
    host = parts.hostname or ""
    if not host or host.startswith(("-", ".")):
        return "the address names no host"
    if any(sign in host for sign in "|;,<>\"'`$(){}"):
        return f"{host!r} is no host name"
    return None
