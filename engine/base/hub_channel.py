"""A worker's own line to the hub: facts reliably, samples and boxes when it can.

Reopens by itself for as long as the worker lives; nothing in the worker ever waits for it.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from engine.base.clock import Clock
from engine.base.spool import Spool
from nvr_app.contract import wire
from nvr_app.contract.commands import AnyCommand
from nvr_app.contract.endpoint import ChannelEndpoint, read_channel
from nvr_app.contract.ids import new_id

logger = logging.getLogger(__name__)

_RETRY_S = 0.25
_CONNECT_TIMEOUT_S = 2.0
# Droppable messages kept while the hub is slow, the oldest go first: room for the packets of a
# long GOP with its sound, which a relay sends in one burst.
_MOST_QUEUED = 4096

CommandHandler = Callable[[AnyCommand], bytes]
"""Does a command in the receiving thread; returns the payload, raises EngineError to refuse."""


class HubChannel:
    """Two threads: one receives (and does commands), one sends."""

    def __init__(
        self,
        producer: str,
        role: wire.Role,
        run_dir: Path,
        spool: Spool,
        clock: Clock,
        on_command: CommandHandler,
        on_rings: Callable[[wire.RingAnnounced], None] | None = None,
    ) -> None:
        self._producer = producer
        self._role = role
        self._run_dir = run_dir
        self._spool = spool
        self._clock = clock
        self._on_command = on_command
        self._on_rings = on_rings
        self._session = new_id()
        self._stopping = threading.Event()
        self._socket: socket.socket | None = None
        self._queue: deque[wire.FromWorker] = deque(maxlen=_MOST_QUEUED)
        self._sent_number = 0
        self._receiver = threading.Thread(target=self._receive_loop, name="hub-in", daemon=True)
        self._sender = threading.Thread(target=self._send_loop, name="hub-out", daemon=True)

    @property
    def is_connected(self) -> bool:
        return self._socket is not None

    def start(self) -> None:
        """Begin to connect."""
        self._receiver.start()
        self._sender.start()

    def send(self, message: wire.FromWorker) -> None:
        """Queue a message that may be dropped; any thread."""
        self._queue.append(message)
        self._spool.appended.set()

    def stop(self) -> None:
        """Flush what can be flushed within a moment, then close; idempotent."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._spool.appended.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the last messages to go out, and for the journal to have the last facts.

        A hub that is still writing to us when we hang up would meet a reset, and forget what it
        had not read yet. What is not journalled in time stays in the spool for the next start.
        """
        if self._sender.is_alive():
            self._sender.join(timeout_s)
        if self.is_connected and self._spool.backlog:
            self._spool.wait_acknowledged(self._spool.last_number, timeout_s)
        self._drop_socket()

    def _receive_loop(self) -> None:
        while not self._stopping.is_set():
            endpoint = read_channel(self._run_dir)
            if endpoint is None or not self._converse(endpoint):
                self._clock.wait(self._stopping, _RETRY_S)

    def _converse(self, endpoint: ChannelEndpoint) -> bool:
        """One connection until it ends; whether the hub had accepted it."""
        try:
            connection = socket.create_connection(
                ("127.0.0.1", endpoint.port), timeout=_CONNECT_TIMEOUT_S
            )
        except OSError:
            return False
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader = connection.makefile("rb", buffering=1 << 16)
            self._greet(connection, endpoint)
            answer = _read_message(reader.read)
            if not isinstance(answer, wire.Accepted):
                reason = answer.reason if isinstance(answer, wire.Refused) else "no answer"
                logger.warning("%s: the hub refused the channel: %s", self._producer, reason)
                return False
            connection.settimeout(None)
            self._spool.acknowledge(answer.last_number)
            self._sent_number = answer.last_number
            self._socket = connection
            self._spool.appended.set()
            logger.info("%s: channel to the hub is open", self._producer)
            while (message := _read_message(reader.read)) is not None:
                self._handle(message)
        except (OSError, ValueError) as error:
            logger.debug("%s: channel broke: %s", self._producer, error)
        finally:
            was_open = self._socket is not None
            self._drop_socket()
            connection.close()
        return was_open

    def _greet(self, connection: socket.socket, endpoint: ChannelEndpoint) -> None:
        connection.sendall(
            wire.frame(
                wire.Hello(
                    protocol=wire.PROTOCOL,
                    producer=self._producer,
                    role=self._role,
                    session=self._session,
                    token=endpoint.token,
                )
            )
        )

    def _handle(self, message: wire.FromHub) -> None:
        match message:
            case wire.Ack(number=number):
                self._spool.acknowledge(number)
            case wire.Do(command=command):
                self._do(command)
            case wire.RingAnnounced() if self._on_rings is not None:
                self._on_rings(message)
            case _:
                logger.debug("%s: ignored %s", self._producer, type(message).__name__)

    def _do(self, command: AnyCommand) -> None:
        try:
            payload = self._on_command(command)
        except Exception as error:  # noqa: BLE001  any failure of a command is its answer
            logger.warning("%s: %s failed: %s", self._producer, type(command).__name__, error)
            self.send(wire.Reply(request_id=command.request_id, error=str(error) or repr(error)))
        else:
            self.send(wire.Reply(request_id=command.request_id, payload=payload))

    def _send_loop(self) -> None:
        while not self._stopping.is_set():
            self._clock.wait(self._spool.appended, 1.0)
            self._spool.appended.clear()
            self._flush()
        self._flush()

    def _flush(self) -> None:
        connection = self._socket
        if connection is None:
            return
        try:
            while facts := self._spool.pending(self._sent_number):
                connection.sendall(wire.frame(wire.Facts(facts=facts)))
                self._sent_number = facts[-1].number
            while self._queue:
                connection.sendall(wire.frame(self._queue.popleft()))
        except OSError:
            self._drop_socket()

    def _drop_socket(self) -> None:
        connection, self._socket = self._socket, None
        if connection is not None:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                logger.debug("%s: channel was closed already", self._producer)


def _read_message(read: Callable[[int], bytes]) -> wire.FromHub | None:
    prefix = read(4)
    if len(prefix) < 4:
        return None
    body = read(wire.body_length(prefix))
    message: wire.FromHub = wire.decode_from_hub(body)
    return message
