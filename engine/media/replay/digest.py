"""Digest login for RTSP (RFC 7616): a password never crosses the network in clear. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.media.replay.errors import ReplayRefusedError
from nvr_app.contract.config import Credentials

_PARAMETER = re.compile(r'([a-zA-Z]+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')
_HASHES: dict[str, Callable[[bytes], str]] = {
    # What RFC 2326 prescribes and every camera speaks: no secret rests on MD5 alone here.
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
}


@dataclass(frozen=True)
class Challenge:
    """What the camera wants to be answered."""

    realm: str
    nonce: str
    algorithm: str
    opaque: str
    has_qop: bool


def choose_challenge(offers: Iterable[str]) -> Challenge:
    """The strongest of the `WWW-Authenticate` headers. ReplayRefusedError: none is Digest."""
    found: dict[str, Challenge] = {}
    for offer in offers:
        scheme, _, rest = offer.partition(" ")
        if scheme.lower() != "digest":
            continue
        values = {m[1].lower(): m[2] if m[2] is not None else m[3]
                  for m in _PARAMETER.finditer(rest[:2_000])}  # fmt: skip
        algorithm = values.get("algorithm", "MD5").upper()
        if algorithm in _HASHES and values.get("nonce"):
            qops = {part.strip() for part in values.get("qop", "").split(",")}
            found[algorithm] = Challenge(
                values.get("realm", ""), values["nonce"], algorithm, values.get("opaque", ""),
                has_qop="auth" in qops,
            )  # fmt: skip
    for algorithm in ("SHA-256", "MD5"):
        if algorithm in found:
            return found[algorithm]
    raise ReplayRefusedError(
        "the camera wants a login for its replay that is no Digest: the password would go over "
        "the network in clear, so it was not sent; switch Digest on in the camera"
    )


def authorization(
    challenge: Challenge, credentials: Credentials, method: str, url: str, count: int, cnonce: str
) -> str:
    """The `Authorization` header for one request; `count` grows with each that uses the nonce."""
    digest = _HASHES[challenge.algorithm]

    def h(text: str) -> str:
        return digest(text.encode())

    secret = h(f"{credentials.user}:{challenge.realm}:{credentials.password}")
    what = h(f"{method}:{url}")
    user = credentials.user.replace("\\", "\\\\").replace('"', '\\"')
    parts = [
        f'username="{user}"', f'realm="{challenge.realm}"', f'nonce="{challenge.nonce}"',
        f'uri="{url}"', f"algorithm={challenge.algorithm}",
    ]  # fmt: skip
    if challenge.has_qop:
        number = f"{count:08x}"
        answer = h(f"{secret}:{challenge.nonce}:{number}:{cnonce}:auth:{what}")
        parts += ["qop=auth", f"nc={number}", f'cnonce="{cnonce}"']
    else:
        answer = h(f"{secret}:{challenge.nonce}:{what}")
    parts.append(f'response="{answer}"')
    if challenge.opaque:
        parts.append(f'opaque="{challenge.opaque}"')
    return "Digest " + ", ".join(parts)
