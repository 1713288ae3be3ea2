"""Facts that a request waits for: journalled, and if possible indexed, before its answer."""

from __future__ import annotations

import asyncio

from engine.base.errors import EngineError
from engine.hub.core import HubCore
from nvr_app.contract.events import AnyFact

_JOURNAL_LIMIT_S = 10.0
_INDEX_LIMIT_S = 3.0
_LOOK_S = 0.02


class NotJournalledError(EngineError):
    """The journal did not take it in time: nothing may be built on it."""


async def note_and_wait(core: HubCore, fact: AnyFact) -> None:
    """Journal a fact of the hub's own. NotJournalledError: its disk does not answer.

    Waits a moment for the index too, so that whoever asks next finds it; a database that is away
    is no reason to refuse, the journal has it.
    """
    loop = asyncio.get_running_loop()
    synced: asyncio.Future[None] = loop.create_future()

    def on_synced(_: int) -> None:
        loop.call_soon_threadsafe(_set, synced)

    core.journal.note(fact, on_synced)
    try:
        await asyncio.wait_for(synced, _JOURNAL_LIMIT_S)
    except TimeoutError:
        raise NotJournalledError(
            f"the journal did not take this within {_JOURNAL_LIMIT_S:g} s "
            f"({core.journal.fault or 'its disk is slow'}); it may still come: look before you "
            "try again"
        ) from None
    seq = core.journal.last_seq
    deadline_s = loop.time() + _INDEX_LIMIT_S
    while core.index.is_open and core.index.store.applied_seq < seq and loop.time() < deadline_s:  # noqa: ASYNC110  set by another thread
        await asyncio.sleep(_LOOK_S)


def _set(synced: asyncio.Future[None]) -> None:
    if not synced.done():
        synced.set_result(None)
