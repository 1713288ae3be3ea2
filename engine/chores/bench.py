"""What a chore works with: facts that are waited for, folders, progress, and when to leave off."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from engine.base.clock import Clock
from engine.base.measures import Measures
from engine.base.spool import Spool
from engine.chores.claims import Claims
from engine.chores.errors import ChoreCancelledError
from engine.chores.start import CardStart
from engine.recording.storage_root import StorageRoot
from engine.storage_access.buckets import Buckets
from nvr_app.contract import wire
from nvr_app.contract.config import RecordingSettings
from nvr_app.contract.events import AnyFact

logger = logging.getLogger(__name__)

_LOOK_UP_S = 0.25
"""How often a chore that waits for the journal looks whether it should leave off."""


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """What all chores of this process share."""

    data_dir: Path
    roots: Mapping[str, StorageRoot]
    signing_key: str = ""
    """Seed of the key that exports are signed with, in hex."""
    spool: Spool
    measures: Measures
    clock: Clock
    buckets: Buckets = field(default_factory=Buckets)
    """Cold roots that lie in object stores."""
    claims: Claims = field(default_factory=Claims)
    cards: Mapping[str, CardStart] = field(default_factory=dict)
    """Cameras whose own cards may fill gaps, by id."""
    recording: RecordingSettings = field(default_factory=RecordingSettings)

    @property
    def card_book(self) -> Path:
        return self.data_dir / "spool" / "card"


class Bench:
    """One chore's place: its lane's thread works here, other threads cancel and look."""

    def __init__(
        self, shop: Workshop, chore_id: str, tell: Callable[[wire.ChoreMoved], None]
    ) -> None:
        self.shop = shop
        self._tell = tell
        self._cancelled = threading.Event()
        self.is_stopping = False
        """Whether the process ends: then the chore is not over, it is asked for again."""
        self.moved = wire.ChoreMoved(chore_id=chore_id, state="waiting")
        """Its state as told last."""

    def cancel(self) -> None:
        """Make the chore leave off at its next look; any thread, idempotent."""
        self._cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    def look_up(self) -> None:
        """ChoreCancelledError when the chore is to leave off. Call between steps."""
        if self._cancelled.is_set():
            raise ChoreCancelledError("left off as asked; what was done stays done")

    def rest(self, seconds: float) -> None:
        """Wait, but leave off at once when told to: ChoreCancelledError."""
        self.shop.clock.wait(self._cancelled, seconds)
        self.look_up()

    def progress(self, **changes: object) -> None:
        """Tell how far it is: any field of `ChoreMoved`. Does not wait."""
        self.count(**changes)
        self._tell(self.moved)

    def count(self, **changes: object) -> None:
        """As `progress`, told with the next one: for what happens thousands of times."""
        self.moved = msgspec.structs.replace(self.moved, **changes)

    def note(self, fact: AnyFact) -> int:
        """Append a fact; its number for `until_journalled`. Does not wait.

        A spool that cannot be written is no reason to stop: what counts is the journal's
        acknowledgement, and until it comes the fact is held in memory.
        """
        try:
            return self.shop.spool.append(fact)
        except OSError as error:
            logger.warning("The spool cannot be written: %s", error)
            self.shop.measures.count("surveillance_storage_errors", "spool")
            return self.shop.spool.last_number

    def until_journalled(self, number: int) -> None:
        """Block until the hub's journal has synced this fact: only now may its file go (S4).

        ChoreCancelledError when the chore is to leave off first.
        """
        while not self.shop.spool.wait_acknowledged(number, _LOOK_UP_S):
            self.look_up()
