"""Where workers connect: TCP on loopback, a token in a file that only this user may read."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import math
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from engine.base.atomic_file import write_atomic
from engine.hub.worker_link import WorkerLink, WorkerUnavailableError
from nvr_app.contract import wire
from nvr_app.contract.endpoint import ChannelEndpoint

logger = logging.getLogger(__name__)

_HELLO_TIMEOUT_S = 5.0
# A worker that is restarted at once must not flash "lost" on every wall.
_GRACE_S = 2.0


class WorkerEvents(Protocol):
    """What the channels tell the hub; all in the loop's thread."""

    def last_number(self, producer: str) -> int:
        """Highest fact number of that producer in the journal."""
        ...

    async def take_facts(self, link: WorkerLink, facts: wire.Facts) -> None:
        """Journal them, then acknowledge; may wait, which holds up that worker's channel only."""
        ...

    def take_sample(self, link: WorkerLink, sample: wire.Sample) -> None: ...
    def take_moved(self, moved: wire.Moved) -> None: ...
    def take_chore(self, moved: wire.ChoreMoved) -> None: ...
    def worker_joined(self, link: WorkerLink) -> None: ...
    def worker_lost(self, link: WorkerLink) -> None: ...


class ChannelServer:
    """Use from the loop's thread."""

    def __init__(self, run_dir: Path, instance_id: str, events: WorkerEvents) -> None:
        self._run_dir = run_dir
        self._instance_id = instance_id
        self._events = events
        self._token = secrets.token_hex(32)
        self._links: dict[str, WorkerLink] = {}
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a port of the system's choice and say where in `run/channel.json`."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        port = int(self._server.sockets[0].getsockname()[1])
        endpoint = ChannelEndpoint(port=port, token=self._token, instance_id=self._instance_id)
        write_atomic(self._run_dir / "channel.json", msgspec.json.encode(endpoint))

    async def stop(self) -> None:
        """Close all channels; idempotent."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for link in tuple(self._links.values()):
            link.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 2.0)

    def get(self, producer: str | None) -> WorkerLink:
        """A worker's link. WorkerUnavailableError: it is not connected."""
        link = self._links.get(producer or "")
        if link is None:
            raise WorkerUnavailableError(
                f"worker {producer or 'of this camera'} is not connected; it is being started"
            )
        return link

    def with_role(self, role: wire.Role) -> tuple[WorkerLink, ...]:
        return tuple(link for link in self._links.values() if link.role == role)

    def newly_silent(self, limit_s: float) -> tuple[WorkerLink, ...]:
        """Connected workers that have just been silent for so long: frozen, or starved of CPU."""
        now_s = asyncio.get_running_loop().time()
        found = [
            link
            for link in self._links.values()
            if not link.is_silent and now_s - link.heard_s > limit_s
        ]
        for link in found:
            link.is_silent = True
        return tuple(found)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link: WorkerLink | None = None
        try:
            link = await self._greet(reader, writer)
            while link is not None:
                link.heard_s = asyncio.get_running_loop().time()
                message = wire.decode_from_worker(await _read_frame(reader))
                # Facts may wait for the journal, and what the worker says next waits behind them.
                link.heard_s, link.is_silent = math.inf, False
                await self._handle(link, message)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # it left: workers restart, and find us again
        except (ValueError, msgspec.MsgspecError) as error:
            logger.error("A worker's channel broke: %s", error)
        except TimeoutError:
            logger.warning("A connection to the channel said nothing; closed")
        finally:
            if link is not None:
                self._forget(link)
            writer.close()

    async def _greet(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> WorkerLink | None:
        body = await asyncio.wait_for(_read_frame(reader), _HELLO_TIMEOUT_S)
        hello = wire.decode_from_worker(body)
        fault = self._fault(hello)
        if fault or not isinstance(hello, wire.Hello):
            logger.warning("Refused a channel: %s", fault)
            writer.write(wire.frame(wire.Refused(reason=fault)))
            await writer.drain()
            return None
        link = WorkerLink(hello, writer)
        former = self._links.get(hello.producer)
        self._links[hello.producer] = link
        if former is not None:
            former.close()
        link.send(
            wire.Accepted(
                instance_id=self._instance_id,
                last_number=self._events.last_number(hello.producer),
            )
        )
        logger.info("Worker %s is connected", hello.producer)
        self._events.worker_joined(link)
        return link

    def _fault(self, hello: wire.FromWorker) -> str:
        if not isinstance(hello, wire.Hello):
            return "the first message was no hello"
        if not hmac.compare_digest(hello.token, self._token):
            return "wrong token: read run/channel.json again"
        if hello.protocol != wire.PROTOCOL:
            return f"protocol {hello.protocol} is not {wire.PROTOCOL}: update this program"
        return ""

    async def _handle(self, link: WorkerLink, message: wire.FromWorker) -> None:
        match message:
            case wire.Facts():
                await self._events.take_facts(link, message)
            case wire.Sample():
                self._events.take_sample(link, message)
            case wire.Moved():
                self._events.take_moved(message)
            case wire.ChoreMoved():
                self._events.take_chore(message)
            case wire.Reply():
                link.take_reply(message)
            case wire.Relayed():
                link.take_relayed(message)
            case _:
                raise ValueError("a second hello on one channel")

    def _forget(self, link: WorkerLink) -> None:
        link.close()
        if self._links.get(link.producer) is not link:
            return
        del self._links[link.producer]
        logger.warning("Worker %s is no longer connected", link.producer)
        _later(_GRACE_S, lambda: self._tell_if_still_gone(link))

    def _tell_if_still_gone(self, link: WorkerLink) -> None:
        if self._server is not None and link.producer not in self._links:
            self._events.worker_lost(link)


def _later(delay_s: float, call: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closing: nobody is left to hear it
        asyncio.get_running_loop().call_later(delay_s, call)


async def _read_frame(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(wire.body_length(await reader.readexactly(4)))
