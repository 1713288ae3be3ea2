"""One camera's ledger while it records: which files are open, and where footage ended last."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import msgspec

from engine.base.measures import Measures
from engine.recording.ledger import Ledger, OpenSegment

logger = logging.getLogger(__name__)


class OpenBook:
    """Several lanes may write in it: a file that hangs stays open in the book until it is back."""

    def __init__(self, camera_id: str, write: Callable[[Ledger], None], measures: Measures) -> None:
        self._camera_id = camera_id
        self._write_ledger = write
        self._measures = measures
        self._lock = threading.Lock()
        self.ledger = Ledger()

    def opened(self, segment: OpenSegment) -> None:
        """A file is about to be created."""
        with self._lock:
            self._write(msgspec.structs.replace(self.ledger, open=(*self.ledger.open, segment)))

    def closed(self, segment: OpenSegment, end_wall_us: int = 0) -> None:
        """A file is in the journal, or is not there after all."""
        with self._lock:
            self._write(
                msgspec.structs.replace(
                    self.ledger,
                    open=tuple(one for one in self.ledger.open if not _is_same(one, segment)),
                    last_end_wall_us=end_wall_us or self.ledger.last_end_wall_us,
                )
            )

    def expect_end(self, segment: OpenSegment) -> None:
        """The footage of a file that hangs, or is in doubt, was to reach `until_wall_us`."""
        with self._lock:
            self._write(
                msgspec.structs.replace(
                    self.ledger,
                    open=tuple(
                        msgspec.structs.replace(one, until_wall_us=segment.until_wall_us)
                        if _is_same(one, segment)
                        else one
                        for one in self.ledger.open
                    ),
                )
            )

    def settle(self, change: Callable[[], None]) -> None:
        """Change what the book inherits; it is then written anew while something is open."""
        with self._lock:
            change()
            if self.ledger.open:
                self._write(self.ledger)

    def _write(self, ledger: Ledger) -> None:
        self.ledger = ledger
        try:
            self._write_ledger(ledger)
        except OSError as error:
            logger.error("%s: could not write the ledger: %s", self._camera_id, error)
            self._measures.count("surveillance_storage_errors", "ledger")


def _is_same(one: OpenSegment, other: OpenSegment) -> bool:
    return (one.root, one.path) == (other.root, other.path)
