"""A TCP proxy before a camera that passes, stalls, resets, refuses or stays silent on command."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit, urlunsplit

Mode = Literal["pass", "stall", "silent"]
_CHUNK = 1 << 18
Tap = Callable[[bytes, int], None]
"""Given bytes from the server and the nanosecond (UTC) after which they had been passed on."""


class FaultProxy:
    """Its thread does all the work; any thread may command."""

    def __init__(self, host: str, port: int, tap: Callable[[], Tap] | None = None) -> None:
        """`tap` makes a listener for each connection."""
        self._target = (host, port)
        self._make_tap = tap
        self._listener: socket.socket | None = None
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._taps: dict[socket.socket, Tap] = {}
        self._servers: set[socket.socket] = set()
        self._selector = selectors.DefaultSelector()
        self._stopping = threading.Event()
        self._jobs: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self.mode: Mode = "pass"
        self.port = 0
        self.accepted = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._listen()
        self._thread.start()

    def stop(self) -> None:
        """Idempotent."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._wake.send(b"x")
        self._thread.join(5)
        for one in (*self._pairs, self._listener, self._wake, self._woken):
            if one is not None:
                one.close()
        self._selector.close()

    def url_through(self, url: str) -> str:
        """The same address by way of this proxy."""
        parts = urlsplit(url)
        login, at, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{login}{at}127.0.0.1:{self.port}"))

    def set_mode(self, mode: Mode) -> None:
        """Pass on; stall what is open and comes; or accept anew and say nothing."""
        self._do(lambda: self._change(mode))

    def reset_all(self) -> None:
        """RST on every connection."""
        self._do(lambda: self._close_all(reset=True))

    def refuse(self) -> None:
        """Close the door and every connection."""

        def close() -> None:
            self._close_listener()
            self._close_all(reset=True)

        self._do(close)

    def accept(self) -> None:
        """Open the door again, on the same port."""
        self._do(self._listen)

    def _do(self, job: Callable[[], None]) -> None:
        done = threading.Event()

        def work() -> None:
            job()
            done.set()

        with self._lock:
            self._jobs.append(work)
        self._wake.send(b"x")
        done.wait(5)

    def _run(self) -> None:
        while not self._stopping.is_set():
            for key, _ in self._selector.select(1.0):
                one = key.fileobj
                if one is self._woken:
                    self._woken.recv(4096)
                elif one is self._listener:
                    self._accept()
                elif isinstance(one, socket.socket) and one in self._pairs:
                    self._pass_on(one)
            with self._lock:
                jobs, self._jobs = self._jobs, []
            for job in jobs:
                job()

    def _listen(self) -> None:
        if self._listener is not None:
            return
        listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._selector.register(listener, selectors.EVENT_READ)

    def _close_listener(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            self._selector.unregister(listener)
            listener.close()

    def _accept(self) -> None:
        if self._listener is None:
            return
        client, _ = self._listener.accept()
        self.accepted += 1
        try:
            server = socket.create_connection(self._target, timeout=5)
        except OSError:
            client.close()
            return
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server.settimeout(None)
        self._pairs[client], self._pairs[server] = server, client
        self._servers.add(server)
        if self._make_tap is not None:
            self._taps[server] = self._make_tap()
        if self.mode == "pass":
            self._selector.register(client, selectors.EVENT_READ)
            self._selector.register(server, selectors.EVENT_READ)

    def _pass_on(self, one: socket.socket) -> None:
        other = self._pairs[one]
        try:
            data = one.recv(_CHUNK)
            if data:
                other.sendall(data)
        except OSError:
            data = b""
        if not data:
            self._close(one, reset=False)
        elif one in self._taps:
            self._taps[one](data, time.time_ns())

    def _change(self, mode: Mode) -> None:
        before, self.mode = self.mode, mode
        if (before == "pass") == (mode == "pass"):
            return
        for one in self._pairs:
            if mode == "pass":
                self._selector.register(one, selectors.EVENT_READ)
            else:
                self._selector.unregister(one)

    def _close_all(self, *, reset: bool) -> None:
        for one in list(self._servers):
            self._close(one, reset=reset)

    def _close(self, one: socket.socket, *, reset: bool) -> None:
        other = self._pairs.get(one)
        for end in (one, other):
            if end is None:
                continue
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(end)
            if reset:
                with contextlib.suppress(OSError):
                    linger = struct.pack("ii", 1, 0)
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            end.close()
            self._pairs.pop(end, None)
            self._taps.pop(end, None)
            self._servers.discard(end)


class RtpTap:
    """Finds the ends of pictures in interleaved RTP (RFC 2326, 10.12): the marker bit's packets.

    `ends` holds (RTP timestamp, UTC ns at which the last of the picture's packets was passed on).
    """

    _VIDEO_CHANNEL = 0

    def __init__(self, ends: list[tuple[int, int]]) -> None:
        self._ends = ends
        self._rest = b""

    def __call__(self, data: bytes, wall_ns: int) -> None:
        data = self._rest + data
        at, size = 0, len(data)
        while at + 4 <= size:
            if data[at] != 0x24:  # "$"; anything else is RTSP text
                following = data.find(b"$", at + 1)
                if following < 0:
                    at = size
                    break
                at = following
                continue
            channel, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
            if at + 4 + length > size:
                break
            if channel == self._VIDEO_CHANNEL and length >= 12 and data[at + 5] & 0x80:
                self._ends.append((int.from_bytes(data[at + 8 : at + 12], "big"), wall_ns))
            at += 4 + length
        self._rest = data[at:]
