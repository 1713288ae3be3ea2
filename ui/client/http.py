"""Requests to the engine's API; answers arrive as calls on the GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from PySide6.QtCore import QObject, QUrl
from PySide6.QtNetwork import QNetworkAccessManager, QNetworkProxy, QNetworkReply, QNetworkRequest

from nvr_app.contract.api import ErrorAnswer
from nvr_app.contract.endpoint import Endpoint

_T = TypeVar("_T")
_TIMEOUT_MS = 5_000

Refused = Callable[[str], None]
"""Told a sentence for people."""


def request_to(endpoint: Endpoint, path: str, scheme: str = "http") -> QNetworkRequest:
    """A request with the token in its header, never in its URL."""
    base = endpoint.url.replace("http", scheme, 1)
    request = QNetworkRequest(QUrl(base + path))
    request.setRawHeader(b"Authorization", f"Bearer {endpoint.token}".encode())
    request.setTransferTimeout(_TIMEOUT_MS)
    return request


class EngineHttp(QObject):
    """Use from the GUI thread. Without an endpoint every request is refused at once."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._network = QNetworkAccessManager(self)
        # The engine is on this machine or named by its address: a proxy would only break it.
        self._network.setProxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))
        self.endpoint: Endpoint | None = None

    def get(
        self,
        path: str,
        kind: type[_T],
        done: Callable[[_T], None],
        refused: Refused,
        query: Mapping[str, object] | None = None,
    ) -> None:
        """Ask for a struct of the contract."""
        self.ask("GET", path, kind, done, refused, query=query)

    def ask(
        self,
        method: str,
        path: str,
        kind: type[_T],
        done: Callable[[_T], None],
        refused: Refused,
        *,
        query: Mapping[str, object] | None = None,
        body: msgspec.Struct | None = None,
    ) -> None:
        """Ask or tell something; both what is sent and what is answered are of the contract."""

        def decode(received: bytes) -> None:
            try:
                answer = msgspec.json.decode(received, type=kind)
            except msgspec.MsgspecError as error:
                refused(self.tr("The engine's answer was not understood: {}").format(error))
                return
            done(answer)

        self._send(method, path, decode, refused, query, body)

    def get_bytes(self, path: str, done: Callable[[bytes], None], refused: Refused) -> None:
        """Ask for a picture."""
        self._send("GET", path, done, refused, None)

    def post(self, path: str, done: Callable[[bytes], None], refused: Refused) -> None:
        """Give a command."""
        self._send("POST", path, done, refused, None)

    def _send(
        self,
        method: str,
        path: str,
        done: Callable[[bytes], None],
        refused: Refused,
        query: Mapping[str, object] | None,
        body: msgspec.Struct | None = None,
    ) -> None:
        if self.endpoint is None:
            refused(self.tr("The engine is not reachable."))
            return
        if query:
            path = f"{path}?{urlencode({name: str(value) for name, value in query.items()})}"
        request = request_to(self.endpoint, path)
        sent = msgspec.json.encode(body) if body is not None else b""
        if method != "GET":
            request.setHeader(QNetworkRequest.KnownHeaders.ContentTypeHeader, "application/json")
        reply = self._network.sendCustomRequest(request, method.encode(), sent)
        reply.finished.connect(lambda: self._finish(reply, done, refused))

    def _finish(
        self, reply: QNetworkReply, done: Callable[[bytes], None], refused: Refused
    ) -> None:
        body = bytes(reply.readAll().data())
        reply.deleteLater()
        if reply.error() == QNetworkReply.NetworkError.NoError:
            done(body)
            return
        try:
            refused(msgspec.json.decode(body, type=ErrorAnswer).error)
        except msgspec.MsgspecError:
            refused(reply.errorString())
