"""The packets of one camera's main stream, as long as somebody looks at it in full size."""

from __future__ import annotations

import logging

import msgspec
from PySide6.QtCore import QByteArray, QObject, QTimer, QUrlQuery, Signal, Slot
from PySide6.QtNetwork import QNetworkProxy
from PySide6.QtWebSockets import QWebSocket

from nvr_app.contract.endpoint import Endpoint
from nvr_app.contract.live import AnyMedia
from ui.client.http import request_to

logger = logging.getLogger(__name__)

_RETRY_MS = 1_000
_decode_media = msgspec.msgpack.Decoder(AnyMedia).decode


class LiveLink(QObject):
    """One line at a time. Signals: media_arrived(camera_id, AnyMedia)."""

    media_arrived = Signal(str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._socket: QWebSocket | None = None
        self._endpoint: Endpoint | None = None
        self._camera_id = ""
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.setInterval(_RETRY_MS)
        self._retry.timeout.connect(self._connect)

    def open(self, endpoint: Endpoint, camera_id: str) -> None:
        """Ask for this camera; tries again while it is not connected itself."""
        self.close()
        self._endpoint, self._camera_id = endpoint, camera_id
        self._connect()

    def release(self, camera_id: str) -> None:
        """Close the line if it is this camera's."""
        if camera_id == self._camera_id:
            self.close()

    def close(self) -> None:
        """Idempotent."""
        self._retry.stop()
        self._camera_id = ""
        self._drop_socket()

    @Slot()
    def _connect(self) -> None:
        self._drop_socket()
        if self._endpoint is None or not self._camera_id:
            return
        query = QUrlQuery()
        query.addQueryItem("camera_id", self._camera_id)
        query.addQueryItem("role", "main")
        socket = QWebSocket(parent=self)
        socket.setProxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))
        socket.binaryMessageReceived.connect(self._take)
        socket.disconnected.connect(self._lost)
        socket.errorOccurred.connect(self._lost)
        self._socket = socket
        socket.open(request_to(self._endpoint, f"/api/v1/live?{query.query()}", scheme="ws"))

    @Slot(QByteArray)
    def _take(self, message: QByteArray) -> None:
        try:
            media = _decode_media(message.data())
        except msgspec.MsgspecError as error:
            logger.warning("A live message was not understood: %s", error)
            return
        self.media_arrived.emit(self._camera_id, media)

    @Slot()
    def _lost(self) -> None:
        # Not the timer's own slot: an error code must not be taken for an interval.
        self._retry.start()

    def _drop_socket(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.disconnected.disconnect(self._lost)
            socket.errorOccurred.disconnect(self._lost)
            socket.abort()
            socket.deleteLater()
