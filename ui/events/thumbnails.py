"""Pictures of events, fetched when they are looked at, a bounded number kept."""

from __future__ import annotations

from collections import OrderedDict, deque
from functools import partial

from PySide6.QtCore import QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPixmap

from nvr_app.contract.api import EventView
from ui.client.http import EngineHttp

_MOST_KEPT = 300
_MOST_AT_ONCE = 4
_MOST_WAITING = 100
_TRIES = 5
_AGAIN_MS = 350
"""The engine writes an event's first picture beside the event: it may come a moment later.
Each further try waits twice as long."""


class Thumbnails(QObject):
    """Signals: arrived(event_id)."""

    arrived = Signal(str)

    def __init__(self, http: EngineHttp, size: QSize, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._http = http
        self._size = size
        self._kept: OrderedDict[str, QPixmap | None] = OrderedDict()
        self._waiting: deque[tuple[str, int]] = deque(maxlen=_MOST_WAITING)
        self._busy: set[str] = set()
        self._resting: set[str] = set()
        """Those to be tried again later; they keep nobody else waiting."""

    def of(self, event: EventView) -> QPixmap | None:
        """The picture, or None now and a signal later where there will be one."""
        event_id = event.event_id
        if not event.snapshot:
            return None
        if event_id in self._kept:
            return self._kept[event_id]
        is_asked_for = event_id in self._busy or event_id in self._resting
        if not is_asked_for and not any(event_id == one for one, _ in self._waiting):
            self._waiting.append((event_id, _TRIES))
            self._fetch_next()
        return None

    def forget(self, event_id: str) -> None:
        """A better picture has replaced it."""
        self._kept.pop(event_id, None)

    def forget_failures(self) -> None:
        """Whoever could not answer may be another by now."""
        for event_id in [known for known, picture in self._kept.items() if picture is None]:
            del self._kept[event_id]

    def _fetch_next(self) -> None:
        while self._waiting and len(self._busy) < _MOST_AT_ONCE:
            event_id, tries = self._waiting.pop()  # the latest asked for is on the screen now
            self._busy.add(event_id)
            self._http.get_bytes(
                f"/api/v1/events/{event_id}/snapshot.jpg",
                partial(self._take, event_id),
                partial(self._failed, event_id, tries),
            )

    def _take(self, event_id: str, body: bytes) -> None:
        self._busy.discard(event_id)
        picture = QPixmap()
        if picture.loadFromData(body):
            picture = picture.scaled(
                self._size,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        self._keep(event_id, None if picture.isNull() else picture)
        self.arrived.emit(event_id)
        self._fetch_next()

    def _failed(self, event_id: str, tries: int, _: str) -> None:
        self._busy.discard(event_id)
        if tries <= 1:
            self._keep(event_id, None)
        else:
            self._resting.add(event_id)
            pause_ms = _AGAIN_MS << (_TRIES - tries)
            QTimer.singleShot(pause_ms, self, lambda: self._again(event_id, tries - 1))
        self._fetch_next()

    def _again(self, event_id: str, tries: int) -> None:
        self._resting.discard(event_id)
        self._waiting.append((event_id, tries))
        self._fetch_next()

    def _keep(self, event_id: str, picture: QPixmap | None) -> None:
        self._kept[event_id] = picture
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
