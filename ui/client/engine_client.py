"""What the engine says, as signals: found, lost and found again without anybody's help."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtNetwork import QAbstractSocket, QNetworkProxy
from PySide6.QtWebSockets import QWebSocket

from nvr_app.contract.endpoint import Endpoint, read_endpoint
from nvr_app.contract.notices import (
    AnyNotice,
    CameraRemoved,
    CamerasChanged,
    FactNoted,
    ModelChanged,
    TracksMoved,
    Welcome,
)
from ui.client.http import EngineHttp, request_to
from ui.client.live_link import LiveLink

logger = logging.getLogger(__name__)

_FIRST_RETRY_MS, _LONGEST_RETRY_MS = 500, 5_000
_PING_MS = 2_000
_SILENT_PINGS = 3
"""So many pings without an answer, and the line counts as dead: a frozen engine closes nothing."""

_REFUSED_TOKEN = re.compile(r"status code: 40[13]\b")
"""Qt tells the status of a failed handshake in its error text alone."""

_decode_notice = msgspec.json.Decoder(AnyNotice).decode


class EngineClient(QObject):
    """Listens to one engine. Use from the GUI thread; nothing here ever blocks it.

    Signals: connection_changed(sentence, empty while the line is open) · resynced() when all that
    was fetched must be fetched anew · cameras_changed(tuple of CameraStatus; all of them right
    after a resync) · camera_removed(id) · tracks_moved(TracksMoved) · fact_noted(AnyFact)
    · model_changed(ModelStatus) · media_arrived(camera_id, AnyMedia) · not_found() once, when at
    the first look no engine answers; one that refuses the token does answer.
    """

    connection_changed = Signal(str)
    resynced = Signal()
    cameras_changed = Signal(object)
    camera_removed = Signal(str)
    tracks_moved = Signal(object)
    fact_noted = Signal(object)
    model_changed = Signal(object)
    media_arrived = Signal(str, object)
    not_found = Signal()

    def __init__(self, run_dir: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run_dir = run_dir
        self.http = EngineHttp(self)
        self._live = LiveLink(self)
        self._live.media_arrived.connect(self.media_arrived)
        self._socket: QWebSocket | None = None
        self._endpoint: Endpoint | None = None
        self._instance_id = ""
        self._is_welcome = False
        self._was_ever_open = False
        self._has_asked_for_engine = False
        self._retry_ms = _FIRST_RETRY_MS
        self._unanswered = 0
        self._sentence: str | None = None
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.timeout.connect(self._connect)
        self._pulse = QTimer(self)
        self._pulse.setInterval(_PING_MS)
        self._pulse.timeout.connect(self._ping)

    @property
    def is_connected(self) -> bool:
        return self._is_welcome

    @property
    def endpoint(self) -> Endpoint | None:
        """The engine that is being listened to, or that was last."""
        return self._endpoint

    def start(self) -> None:
        """Look for the engine, and keep looking."""
        self._retry.start(0)

    def stop(self) -> None:
        """Close all lines; idempotent."""
        self._retry.stop()
        self._pulse.stop()
        self._live.close()
        self._drop_socket()

    def watch_main(self, camera_id: str) -> None:
        """Ask for the packets of a camera's main stream, and of no other any more."""
        if self._endpoint is not None:
            self._live.open(self._endpoint, camera_id)

    def release_main(self, camera_id: str) -> None:
        """The packets are no longer wanted."""
        self._live.release(camera_id)

    @Slot()
    def _connect(self) -> None:
        self._drop_socket()
        endpoint = read_endpoint(self._run_dir)
        if endpoint is None:
            self._fail(self.tr("no engine is running for this data folder"))
            return
        self._endpoint = endpoint
        socket = QWebSocket(parent=self)
        socket.setProxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))
        socket.textMessageReceived.connect(self._take)
        socket.pong.connect(self._answered)
        # Queued: a connection that fails says "disconnected" just before it says why.
        socket.disconnected.connect(self._lost, Qt.ConnectionType.QueuedConnection)
        socket.errorOccurred.connect(self._failed)
        self._socket = socket
        self._unanswered = 0
        self._pulse.start()
        socket.open(request_to(endpoint, "/api/v1/notices", scheme="ws"))

    @Slot(str)
    def _take(self, text: str) -> None:
        try:
            notice = _decode_notice(text)
        except msgspec.MsgspecError as error:
            logger.warning("A notice was not understood: %s", error)
            return
        match notice:
            case Welcome():
                self._welcome(notice)
            case CamerasChanged(cameras=cameras):
                self.cameras_changed.emit(cameras)
            case CameraRemoved(camera_id=camera_id):
                self.camera_removed.emit(camera_id)
            case TracksMoved():
                self.tracks_moved.emit(notice)
            case FactNoted(fact=fact):
                self.fact_noted.emit(fact)
            case ModelChanged(model=model):
                self.model_changed.emit(model)

    def _welcome(self, welcome: Welcome) -> None:
        self._is_welcome = self._was_ever_open = True
        self._retry_ms = _FIRST_RETRY_MS
        self._instance_id = welcome.instance_id
        self.http.endpoint = self._endpoint
        self._say("")
        self.resynced.emit()

    @Slot()
    def _lost(self) -> None:
        if self._socket is not None:
            self._fail(self.tr("the engine closed the line"))

    @Slot(QAbstractSocket.SocketError)
    def _failed(self, error: QAbstractSocket.SocketError) -> None:
        if self._socket is None or self._endpoint is None:
            return
        reason = self._socket.errorString()
        if _REFUSED_TOKEN.search(reason):
            self._has_asked_for_engine = True  # one is there: a second would not help
            text = self.tr("the engine refused the token of this data folder ({file})")
            self._fail(text.format(file=self._run_dir / "endpoint.json"))
        elif error == QAbstractSocket.SocketError.ConnectionRefusedError:
            text = self.tr("the connection to {url} was refused: no engine listens there")
            self._fail(text.format(url=self._endpoint.url))
        else:
            self._fail(reason.rpartition("::")[2])

    @Slot()
    def _ping(self) -> None:
        self._unanswered += 1
        if self._unanswered > _SILENT_PINGS:
            seconds = self._unanswered * _PING_MS // 1000
            self._fail(self.tr("the engine has not answered for {} s").format(seconds))
        elif self._socket is not None and self._is_welcome:
            self._socket.ping()

    @Slot()
    def _answered(self) -> None:
        self._unanswered = 0

    def _fail(self, why: str) -> None:
        self._pulse.stop()
        self._drop_socket()
        self._live.close()
        self.http.endpoint = None
        self._say(
            self.tr("{why}; next try in {seconds:g} s").format(
                why=why[:1].upper() + why[1:].rstrip("."), seconds=self._retry_ms / 1000
            )
        )
        self._retry.start(self._retry_ms)
        self._retry_ms = min(self._retry_ms * 2, _LONGEST_RETRY_MS)
        if not self._was_ever_open and not self._has_asked_for_engine:
            self._has_asked_for_engine = True
            self.not_found.emit()

    def _say(self, sentence: str) -> None:
        if sentence != self._sentence:
            self._sentence = sentence
            self.connection_changed.emit(sentence)

    def _drop_socket(self) -> None:
        socket, self._socket = self._socket, None
        self._is_welcome = False
        if socket is not None:
            socket.disconnected.disconnect(self._lost)
            socket.errorOccurred.disconnect(self._failed)
            socket.abort()
            socket.deleteLater()
