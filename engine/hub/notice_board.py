"""Notices to every listening desk: encoded once, queued per desk, never waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from nvr_app.contract.notices import AnyNotice, FactNoted

_encode = msgspec.json.Encoder().encode

# A desk that is this far behind gets no more boxes and status; they come again every second.
_DROP_ABOVE = 200
# One that is so far behind that facts pile up is told to fetch everything anew.
_HOPELESS = 2_000


class Listener:
    """One desk's queue; None in it means "too slow: connect anew"."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.is_cut_off = False


class NoticeBoard:
    """Use from the loop's thread."""

    def __init__(self, on_dropped: Callable[[], None]) -> None:
        self._listeners: set[Listener] = set()
        self._on_dropped = on_dropped

    @property
    def count(self) -> int:
        return len(self._listeners)

    def listen(self, first: tuple[AnyNotice, ...]) -> Listener:
        """Join; `first` comes before everything else."""
        listener = Listener()
        for notice in first:
            listener.queue.put_nowait(_encode(notice))
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Idempotent."""
        self._listeners.discard(listener)

    def publish(self, notice: AnyNotice) -> None:
        """Queue for all."""
        if not self._listeners:
            return
        data = _encode(notice)
        is_droppable = not isinstance(notice, FactNoted)
        for listener in self._listeners:
            self._offer(listener, data, is_droppable=is_droppable)

    def _offer(self, listener: Listener, data: bytes, *, is_droppable: bool) -> None:
        waiting = listener.queue.qsize()
        if listener.is_cut_off or (is_droppable and waiting > _DROP_ABOVE):
            self._on_dropped()
            return
        if waiting > _HOPELESS:
            listener.is_cut_off = True
            listener.queue.put_nowait(None)
            return
        listener.queue.put_nowait(data)
