"""Small stills of the past, fetched when they are looked at, a bounded number kept."""

from __future__ import annotations

from collections import OrderedDict, deque
from functools import partial
from typing import NamedTuple
from urllib.parse import quote, urlencode

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QPixmap

from nvr_app.contract.timebase import US_PER_S, iso_utc
from ui.client.http import EngineHttp

_MOST_KEPT = 400
_MOST_AT_ONCE = 2
_MOST_WAITING = 24
_STEPS_S = (
    1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120, 150, 180, 240, 300, 360,
    450, 600, 720, 900, 1200, 1500, 1800, 2400, 3000, 3600, 4500, 5400, 7200,
)  # fmt: skip


class Still(NamedTuple):
    """Which picture: the one of a camera at a moment."""

    camera_id: str
    wall_us: int


class StillCache(QObject):
    """Use from the GUI thread. Signals: arrived(Still). A picture that cannot be had is null."""

    arrived = Signal(object)

    def __init__(self, http: EngineHttp, size: QSize, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._http = http
        self._size = size
        self._kept: OrderedDict[Still, QPixmap] = OrderedDict()
        self._waiting: deque[Still] = deque(maxlen=_MOST_WAITING)
        self._busy: set[Still] = set()

    @property
    def size(self) -> QSize:
        """The box that stills fit into."""
        return self._size

    def get(self, still: Still) -> QPixmap | None:
        """The picture (null: there is none), or None now and a signal later."""
        if still in self._kept:
            self._kept.move_to_end(still)
            return self._kept[still]
        if still not in self._busy and still not in self._waiting:
            self._waiting.append(still)
            self._fetch_next()
        return None

    def peek(self, still: Still) -> QPixmap | None:
        """The picture, if it is there already."""
        return self._kept.get(still)

    def forget_waiting(self) -> None:
        """Nobody looks at those any more."""
        self._waiting.clear()

    def forget_failures(self) -> None:
        """What could not be had may be there by now."""
        for still in [still for still, picture in self._kept.items() if picture.isNull()]:
            del self._kept[still]

    def _fetch_next(self) -> None:
        while self._waiting and len(self._busy) < _MOST_AT_ONCE:
            still = self._waiting.pop()  # the latest asked for is what the mouse is at
            self._busy.add(still)
            query = urlencode({"at": iso_utc(still.wall_us), "width": self._size.width()})
            self._http.get_bytes(
                f"/api/v1/cameras/{quote(still.camera_id)}/frame.jpg?{query}",
                partial(self._take, still),
                partial(self._refuse, still),
            )

    def _take(self, still: Still, body: bytes) -> None:
        picture = QPixmap()
        picture.loadFromData(body)
        if not picture.isNull():
            picture = picture.scaled(
                self._size,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        self._keep(still, picture)

    def _refuse(self, still: Still, _: str) -> None:
        self._keep(still, QPixmap())

    def _keep(self, still: Still, picture: QPixmap) -> None:
        self._busy.discard(still)
        self._kept[still] = picture
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        self.arrived.emit(still)
        self._fetch_next()


def still_step_us(us_per_pixel: float, pixels: float) -> int:
    """Stills stand on whole steps of about so many pixels: a mouse that moves uses them again."""
    wanted_s = us_per_pixel * pixels / US_PER_S
    return next((step for step in _STEPS_S if step >= wanted_s), _STEPS_S[-1]) * US_PER_S
