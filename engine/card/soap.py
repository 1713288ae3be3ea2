"""SOAP as ONVIF speaks it: one bounded question at a time, to one host only.

Five questions are all that a card needs. zeep with ONVIF's service descriptions would take one
second and 53 MiB for them at each start of the process, read answers of any length into memory,
and bring twelve more packages along; this takes 6 MiB with what is there already.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

import defusedxml.ElementTree
import httpx
from defusedxml.common import DefusedXmlException

from engine.base.clock import Clock
from engine.base.redact import bare_url
from engine.card.errors import CardError, CardRefusedError
from nvr_app.contract.config import Credentials
from nvr_app.contract.timebase import utc_datetime

_TIMEOUT_S = 8.0
_MOST_SECONDS = 20.0
_MOST_ANSWER_BYTES = 1024**2
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
    "#PasswordDigest"
)
_BASE64 = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)
_REFUSALS = ("notauthorized", "failedauthentication", "sendernotauthorized")


class Asker(Protocol):
    """Asks one question of one service and gives its answer's body."""

    def __call__(self, url: str, action: str, body: str, *, with_login: bool = True) -> Element: ...


class SoapClient:
    """One camera; for one thread. `close` when done."""

    def __init__(
        self, device_url: str, credentials: Credentials | None, clock: Clock, *, verify_tls: bool
    ) -> None:
        self._device_url = device_url
        self._name = bare_url(device_url)
        self._credentials = credentials
        self._clock = clock
        self.offset_us = 0
        """The camera's clock less ours: a login is only good at the camera's time."""
        login = httpx.DigestAuth(credentials.user, credentials.password) if credentials else None
        self._http = httpx.Client(
            verify=verify_tls, timeout=_TIMEOUT_S, auth=login, trust_env=False,
            follow_redirects=False,
        )  # fmt: skip

    def close(self) -> None:
        """Idempotent."""
        self._http.close()

    def own_url(self, offered: str) -> str:
        """An address that the camera offers, at the host of the settings whatever host it names.

        Cameras behind a router name an address of their own network; and one that names a
        stranger's must not make this program speak, or even log in, there. CardError.
        """
        try:
            there, here = urlsplit(offered.strip()), urlsplit(self._device_url)
            port = there.port
        except ValueError:
            raise CardError(f"{self._name} offers a service at an address that is none") from None
        if there.scheme not in {"http", "https", "rtsp"} or not there.hostname:
            raise CardError(f"{self._name} offers a service at {bare_url(offered)[:200]}: not read")
        host = here.hostname or ""
        host = f"[{host}]" if ":" in host else host
        return urlunsplit((there.scheme, f"{host}:{port}" if port else host, there.path,
                           there.query, ""))  # fmt: skip

    def ask(self, url: str, action: str, body: str, *, with_login: bool = True) -> Element:
        """The answer's one body element. CardError, CardRefusedError: a sentence."""
        header = self._security() if with_login and self._credentials is not None else ""
        envelope = (
            f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_SOAP}">'
            f"<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
        )
        status, data = self._post(url, action, envelope.encode())
        if status in {401, 403}:
            raise self._refused()
        if 300 <= status < 400:
            raise CardError(
                f"{self._name} sends us elsewhere ({status}): nothing but the address of the "
                "settings is asked; set onvif to the right one"
            )
        answer = self._body(data, status)
        if answer.tag == f"{{{_SOAP}}}Fault":
            raise self._fault(answer, action)
        if status != 200:
            raise CardError(f"{self._name} answered {status} instead of telling of its card")
        return answer

    def _post(self, url: str, action: str, envelope: bytes) -> tuple[int, bytes]:
        headers = {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}
        until_ns = self._clock.mono_ns() + int(_MOST_SECONDS * 1e9)
        data = bytearray()
        try:
            with self._http.stream("POST", url, content=envelope, headers=headers) as answer:
                for piece in answer.iter_bytes():
                    data += piece
                    if len(data) > _MOST_ANSWER_BYTES:
                        raise CardError(
                            f"{self._name} answered with more than "
                            f"{_MOST_ANSWER_BYTES // 1024**2} MiB: that is no ONVIF answer"
                        )
                    if self._clock.mono_ns() > until_ns:
                        raise CardError(f"{self._name} takes more than {_MOST_SECONDS:g} s")
                return answer.status_code, bytes(data)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            words = str(error) or type(error).__name__
            raise CardError(
                f"could not ask {self._name}: {words}; check the address (onvif) and the network"
            ) from None

    def _body(self, data: bytes, status: int) -> Element:
        try:
            root: Element = defusedxml.ElementTree.fromstring(data, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError):
            raise CardError(
                f"{self._name} answered ({status}) with something that is no sound XML: is it the "
                "address of the ONVIF device service?"
            ) from None
        body = root.find(f"{{{_SOAP}}}Body")
        if body is None or not len(body):
            raise CardError(f"{self._name} answered ({status}) without a SOAP body")
        return body[0]

    def _fault(self, fault: Element, action: str) -> CardError:
        codes = [(one.text or "").rpartition(":")[2].strip() for one in fault.iter()
                 if one.tag == f"{{{_SOAP}}}Value"]  # fmt: skip
        if any(code.lower() in _REFUSALS for code in codes):
            return self._refused()
        reason = next((one.text or "" for one in fault.iter(f"{{{_SOAP}}}Text")), "")
        words = " ".join((reason or ", ".join(codes) or "no reason given").split())[:200]
        return CardError(f"{self._name} cannot do {action.rpartition('/')[2]}: {words}")

    def _refused(self) -> CardRefusedError:
        if self._credentials is None:
            return CardRefusedError(
                f"{self._name} wants a login and the camera has none here: nvr camera password"
            )
        return CardRefusedError(
            f"{self._name} refuses this login: check user and password, and that this user may "
            "use ONVIF (many cameras keep a list of their own for it)"
        )

    def _security(self) -> str:
        """WS-Security's username token: digest of nonce, time and password."""
        login = self._credentials
        if login is None:
            return ""
        nonce = secrets.token_bytes(16)
        at = utc_datetime(self._clock.wall_us()) + timedelta(microseconds=self.offset_us)
        created = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        # The profile of the standard knows SHA-1 only.
        digest = hashlib.sha1(
            nonce + created.encode() + login.password.encode(), usedforsecurity=False
        ).digest()
        return (
            f'<w:Security xmlns:w="{_WSSE}" xmlns:u="{_WSU}" s:mustUnderstand="1">'
            f"<w:UsernameToken><w:Username>{escape(login.user)}</w:Username>"
            f'<w:Password Type="{_DIGEST}">{base64.b64encode(digest).decode()}</w:Password>'
            f'<w:Nonce EncodingType="{_BASE64}">{base64.b64encode(nonce).decode()}</w:Nonce>'
            f"<u:Created>{created}</u:Created></w:UsernameToken></w:Security>"
        )
