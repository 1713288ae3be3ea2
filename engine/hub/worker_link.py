"""One worker's channel as the hub sees it: commands with answers, relays of packets."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Callable

from engine.base.errors import EngineError
from nvr_app.contract import wire
from nvr_app.contract.commands import AnyCommand, StartRelay, StopRelay
from nvr_app.contract.live import AnyMedia, MediaPacket

# A long GOP with its sound arrives in one burst; what does not fit is skipped to a keyframe.
_RELAY_QUEUE = 2_048
_request_ids = itertools.count(1)
_relay_ids = itertools.count(1)


class WorkerUnavailableError(EngineError):
    """The worker is not connected, did not answer in time, or refused; the sentence says which."""


class Relay:
    """Packets of one stream on their way to one desk; None ends it."""

    def __init__(self, relay_id: int) -> None:
        self.relay_id = relay_id
        self.queue: asyncio.Queue[AnyMedia | None] = asyncio.Queue()
        self._is_skipping = False

    def offer(self, media: AnyMedia) -> None:
        """Queue, or skip to the next keyframe when the desk reads too slowly."""
        if not isinstance(media, MediaPacket):
            self.queue.put_nowait(media)
            return
        if self.queue.qsize() >= _RELAY_QUEUE:
            self._is_skipping = True
        elif self._is_skipping and media.is_keyframe and not media.is_audio:
            self._is_skipping = False
        if not self._is_skipping:
            self.queue.put_nowait(media)


class WorkerLink:
    """Use from the loop's thread."""

    def __init__(self, hello: wire.Hello, writer: asyncio.StreamWriter) -> None:
        self.producer = hello.producer
        self.role = hello.role
        self.heard_s = math.inf
        """Loop time of its last message; infinite while one is being handled."""
        self.is_silent = False
        self._writer = writer
        self._asked: dict[int, asyncio.Future[bytes]] = {}
        self._relays: dict[int, Relay] = {}

    def send(self, message: wire.FromHub) -> None:
        """Write without waiting; the worker reads in a thread of its own."""
        if not self._writer.is_closing():
            self._writer.write(wire.frame(message))

    async def ask(self, make: Callable[[int], AnyCommand], timeout_s: float) -> bytes:
        """Give a command and wait for its answer. WorkerUnavailableError: none came, or a no."""
        request_id = next(_request_ids)
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked[request_id] = future
        try:
            self.send(wire.Do(command=make(request_id)))
            return await asyncio.wait_for(future, timeout_s)
        except TimeoutError:
            raise WorkerUnavailableError(
                f"{self.producer} did not answer within {timeout_s:g} s; try again"
            ) from None
        finally:
            self._asked.pop(request_id, None)

    def take_reply(self, reply: wire.Reply) -> None:
        """A command's answer; late ones are ignored."""
        future = self._asked.get(reply.request_id)
        if future is None or future.done():
            return
        if reply.error:
            future.set_exception(WorkerUnavailableError(reply.error))
        else:
            future.set_result(reply.payload)

    async def open_relay(self, camera_id: str, role: str) -> Relay:
        """Ask for the packets of a stream. WorkerUnavailableError: it is not connected."""
        relay = Relay(next(_relay_ids))
        self._relays[relay.relay_id] = relay
        try:
            await self.ask(
                lambda request_id: StartRelay(
                    request_id=request_id,
                    camera_id=camera_id,
                    relay_id=relay.relay_id,
                    role=role,
                ),
                5.0,
            )
        except WorkerUnavailableError:
            self._relays.pop(relay.relay_id, None)
            raise
        return relay

    def close_relay(self, relay: Relay) -> None:
        """Idempotent."""
        if self._relays.pop(relay.relay_id, None) is not None:
            self.send(
                wire.Do(command=StopRelay(request_id=next(_request_ids), relay_id=relay.relay_id))
            )

    def take_relayed(self, message: wire.Relayed) -> None:
        relay = self._relays.get(message.relay_id)
        if relay is not None:
            relay.offer(message.media)

    def close(self) -> None:
        """The connection is gone: everyone who waits on it hears so."""
        for future in self._asked.values():
            if not future.done():
                future.set_exception(
                    WorkerUnavailableError(f"the connection to {self.producer} broke; try again")
                )
        for relay in self._relays.values():
            relay.queue.put_nowait(None)
        self._relays.clear()
        self._writer.close()
