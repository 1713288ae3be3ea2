"""A WebSocket client as a desk is one: notes when facts arrive."""

from __future__ import annotations

import threading
import time

import msgspec
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from nvr_app.contract.endpoint import Endpoint
from nvr_app.contract.events import AnyFact, TrackStarted
from nvr_app.contract.notices import AnyNotice, CamerasChanged, FactNoted
from nvr_app.contract.status import CameraStatus

_decode = msgspec.json.Decoder(AnyNotice).decode


class NoticeListener:
    """Collects in a thread until it is stopped."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._socket = connect(
            endpoint.url.replace("http", "ws", 1) + "/api/v1/notices",
            additional_headers={"Authorization": f"Bearer {endpoint.token}"},
            proxy=None,
            max_size=1 << 24,
        )
        self.facts: list[tuple[int, AnyFact]] = []
        """UTC ns of arrival here, and the fact."""
        self.statuses: list[tuple[int, CameraStatus]] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._socket.close()
        self._thread.join(5)

    def event_delays_ms(self) -> list[float]:
        """From a picture's arrival at the engine to its event's arrival here."""
        return [
            (now_ns - fact.frame_arrival_wall_us * 1000) / 1e6
            for now_ns, fact in self.facts
            if isinstance(fact, TrackStarted)
        ]

    def _run(self) -> None:
        try:
            for text in self._socket:
                now_ns = time.time_ns()
                notice = _decode(text)
                if isinstance(notice, FactNoted):
                    self.facts.append((now_ns, notice.fact))
                elif isinstance(notice, CamerasChanged):
                    self.statuses += [(now_ns, status) for status in notice.cameras]
        except ConnectionClosed:
            return
