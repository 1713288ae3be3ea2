"""The book of chores: what is asked of the chores worker and how far it is.

It lives in memory only. What must be done is found again from the index by whoever wanted it;
the book sees to it that a worker that was started anew, or lost a message, is asked again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field

from engine.base.clock import Clock
from engine.hub.channel_server import ChannelServer
from engine.hub.worker_link import WorkerUnavailableError
from nvr_app.contract import wire
from nvr_app.contract.chores import FINAL_STATES, AnyChore
from nvr_app.contract.commands import CancelChore, RunChore
from nvr_app.contract.timebase import NS_PER_S

logger = logging.getLogger(__name__)

_ANSWER_S = 10.0
_QUIET_NS = 60 * NS_PER_S
_MOST_REMEMBERED = 500


@dataclass
class _Entry:
    chore: AnyChore
    moved: wire.ChoreMoved
    heard_ns: int
    is_cancelled: bool = False
    ended: asyncio.Future[wire.ChoreMoved] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def is_over(self) -> bool:
        return self.moved.state in FINAL_STATES


class ChoreBook:
    """Use from the loop's thread. Construct: no I/O."""

    def __init__(self, channels: ChannelServer, clock: Clock) -> None:
        self._channels = channels
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, chore: AnyChore) -> asyncio.Future[wire.ChoreMoved]:
        """Have it done, now or once the worker is there; the future is its end, whatever it is.

        A chore whose id is known is the same chore. Nobody has to await the future.
        """
        entry = self._entries.get(chore.chore_id)
        if entry is None:
            waiting = wire.ChoreMoved(chore_id=chore.chore_id, state="waiting")
            entry = _Entry(chore, waiting, self._clock.mono_ns())
            self._forget_old()
            self._entries[chore.chore_id] = entry
            self._send(entry)
        return entry.ended

    def cancel(self, chore_id: str) -> bool:
        """Make it leave off; whether there was anything to cancel. Its end comes as `cancelled`."""
        entry = self._entries.get(chore_id)
        if entry is None or entry.is_over():
            return False
        entry.is_cancelled = True
        self._send(entry)
        return True

    def state(self, chore_id: str) -> wire.ChoreMoved | None:
        """How far it is, as told last; None for one that this hub does not know (any more)."""
        entry = self._entries.get(chore_id)
        return entry.moved if entry is not None else None

    def unfinished(self) -> tuple[wire.ChoreMoved, ...]:
        """In the order in which they were asked for."""
        return tuple(entry.moved for entry in self._entries.values() if not entry.is_over())

    def take_moved(self, moved: wire.ChoreMoved) -> None:
        """What the worker says of a chore."""
        entry = self._entries.get(moved.chore_id)
        if entry is None or entry.is_over():
            return
        entry.moved = moved
        entry.heard_ns = self._clock.mono_ns()
        if entry.is_over() and not entry.ended.done():
            entry.ended.set_result(moved)

    def resend(self) -> None:
        """Ask again for all that is not done: the worker has just joined."""
        for entry in self._entries.values():
            if not entry.is_over():
                self._send(entry)

    def resend_quiet(self) -> None:
        """Ask again for what has not been heard of for a minute; call now and then."""
        now_ns = self._clock.mono_ns()
        for entry in self._entries.values():
            if not entry.is_over() and now_ns - entry.heard_ns > _QUIET_NS:
                entry.heard_ns = now_ns
                self._send(entry)

    def close(self) -> None:
        """Nobody waits any longer; what is not done is found again after the next start."""
        for task in self._tasks:
            task.cancel()
        for entry in self._entries.values():
            entry.ended.cancel()

    def _send(self, entry: _Entry) -> None:
        for link in self._channels.with_role("chores"):
            chore = entry.chore
            task = asyncio.create_task(self._ask(link.producer, entry), name=chore.chore_id)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ask(self, producer: str, entry: _Entry) -> None:
        """The worker's yes is only that it knows: its end comes as a `ChoreMoved`."""
        chore = entry.chore
        try:
            link = self._channels.get(producer)
            if not entry.is_over():
                await link.ask(lambda n: RunChore(request_id=n, chore=chore), _ANSWER_S)
            if entry.is_cancelled and not entry.is_over():
                await link.ask(
                    lambda n: CancelChore(request_id=n, chore_id=chore.chore_id), _ANSWER_S
                )
        except WorkerUnavailableError as error:
            logger.debug("Chore %s is asked for again later: %s", chore.chore_id, error)

    def _forget_old(self) -> None:
        over = [key for key, entry in self._entries.items() if entry.is_over()]
        for chore_id in over[: max(len(over) - _MOST_REMEMBERED, 0)]:
            del self._entries[chore_id]
