"""Earlier events from the index and new ones as they are told, without a hole between them."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from nvr_app.contract.api import EventPage, EventView
from ui.client.http import EngineHttp
from ui.events.events_panel import EventsPanel
from ui.events.words import event_of_fact

_AGAIN_MS = 1_000
_EARLIER_EVENTS = 200


class EventFeed(QObject):
    """Fills the panel. Signals: refused(sentence) when the earlier events could not be had yet."""

    refused = Signal(str)

    def __init__(self, http: EngineHttp, panel: EventsPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._http = http
        self._panel = panel
        self._told: list[EventView] | None = None
        """Events told while the earlier ones are on their way; None when they have come."""
        self._asked = 0
        """Number of the latest question: the answer to an older one lacks what came since."""
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(_AGAIN_MS)
        self._again.timeout.connect(self._ask)

    def resync(self) -> None:
        """Fetch the earlier events anew, and again until they come."""
        self._told = []
        self._ask()

    def stop(self) -> None:
        """There is nobody to ask; idempotent."""
        self._again.stop()

    def take_fact(self, fact: object) -> None:
        """Show what begins or ends an event, at once."""
        event = event_of_fact(fact)
        if event is None:
            return
        if self._told is not None:
            self._told.append(event)
        self._panel.put(event)

    def _ask(self) -> None:
        self._again.stop()
        self._asked += 1
        number = self._asked
        self._http.get(
            "/api/v1/events", EventPage, lambda page: self._take(number, page),
            lambda sentence: self._refuse(number, sentence), {"limit": _EARLIER_EVENTS},
        )  # fmt: skip

    def _refuse(self, number: int, sentence: str) -> None:
        """The index opens beside the API: just after a start it may need a moment."""
        if number == self._asked and self._http.endpoint is not None:
            self.refused.emit(sentence)
            self._again.start()

    def _take(self, number: int, page: EventPage) -> None:
        if number != self._asked:
            return
        self._panel.reset(page.events)
        told, self._told = self._told or [], None
        for event in told:  # perhaps not yet in the index
            self._panel.put(event)
