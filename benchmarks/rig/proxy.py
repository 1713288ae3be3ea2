"""A TCP proxy before a camera: it passes, stalls, slows, resets, refuses or says nothing."""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit, urlunsplit

Mode = Literal["pass", "stall", "silent", "slow"]
_CHUNK = 1 << 18
_CONTENT_BASE = re.compile(rb"Content-Base: rtsps?://[^/]+(/[^\r\n]*)")
_TICK_S = 0.05
Tap = Callable[[bytes, int], None]
"""Given bytes from the server and the nanosecond (UTC) after which they had been passed on."""


@dataclass(eq=False, kw_only=True)
class _End:
    """One side of a connection; `pending` is what it has not taken yet."""

    sock: socket.socket
    is_server: bool
    tap: Tap | None = None
    pending: bytearray = field(default_factory=bytearray)
    watched: int = 0


class FaultProxy:
    """Its thread does all the work; any thread may command."""

    def __init__(self, host: str, port: int, tap: Callable[[], Tap] | None = None) -> None:
        """`tap` makes a listener for each connection."""
        self._target = (host, port)
        self._make_tap = tap
        self._listener: socket.socket | None = None
        self._ends: dict[_End, _End] = {}
        self._selector: selectors.BaseSelector | None = None
        self._wake: socket.socket | None = None
        self._woken: socket.socket | None = None
        self._stopping = threading.Event()
        self._jobs: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._bytes_per_s = 0
        self._allowance = 0.0
        self._slow_since = 0.0
        self.mode: Mode = "pass"
        self.port = 0
        self.accepted = 0
        """Connections taken so far."""
        self.passed_bytes = 0
        """Bytes from the server that clients have been sent."""

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
        self.join(5)

    def start(self) -> None:
        """Listen on a port of the system's choice."""
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._listen()
        self._thread.start()

    def stop(self) -> None:
        """Idempotent; does not wait."""
        self._stopping.set()
        self._awaken()

    def join(self, timeout_s: float) -> None:
        """Wait for the end; every socket is closed then."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def url_through(self, url: str) -> str:
        """The same address by way of this proxy."""
        parts = urlsplit(url)
        login, at, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{login}{at}127.0.0.1:{self.port}"))

    def connections(self) -> int:
        """Open connections through the proxy."""
        return len(self._ends) // 2

    def set_target(self, host: str, port: int) -> None:
        """Lead whoever connects from now on to another server."""
        self._target = (host, port)

    def set_mode(self, mode: Literal["pass", "stall", "silent"]) -> None:
        """Pass on; stall what is open and comes; or accept anew and say nothing."""
        self._do(lambda: self._change(mode))

    def slow(self, bytes_per_s: int) -> None:
        """Bring no more than this from the server, over all connections together."""
        self._do(lambda: self._change("slow", bytes_per_s))

    def reset_all(self) -> None:
        """RST on every connection."""
        self._do(self._reset)

    def refuse(self) -> None:
        """Close the door and every connection."""

        def close() -> None:
            self._close_listener()
            self._reset()

        self._do(close)

    def accept(self) -> None:
        """Open the door again, on the same port."""
        self._do(self._listen)

    def _do(self, job: Callable[[], None]) -> None:
        done = threading.Event()

        def work() -> None:
            try:
                job()
            finally:
                done.set()

        with self._lock:
            self._jobs.append(work)
        self._awaken()
        if not done.wait(5):
            raise RuntimeError("the proxy did not take the command within 5 s; is it running?")

    def _awaken(self) -> None:
        if self._wake is not None:
            with contextlib.suppress(OSError):
                self._wake.send(b"x")

    def _run(self) -> None:
        selector, woken = self._selector, self._woken
        if selector is None or woken is None:
            return
        try:
            while not self._stopping.is_set():
                for key, events in selector.select(_TICK_S if self.mode == "slow" else 1.0):
                    self._serve(key, events)
                with self._lock:
                    jobs, self._jobs = self._jobs, []
                for job in jobs:
                    job()
                if self.mode == "slow":
                    self._trickle()
        finally:
            self._close_listener()
            for one in list(self._ends):
                self._close(one)
            selector.close()
            for sock in (self._wake, woken):
                if sock is not None:
                    sock.close()

    def _serve(self, key: selectors.SelectorKey, events: int) -> None:
        if key.fileobj is self._listener:
            self._accept()
        elif not isinstance(key.data, _End):
            if self._woken is not None:
                self._woken.recv(4096)
        elif key.data in self._ends:  # an earlier event may have closed it
            if events & selectors.EVENT_WRITE:
                self._send(key.data)
            if events & selectors.EVENT_READ and key.data in self._ends:
                self._read(key.data, _CHUNK)

    def _listen(self) -> None:
        if self._listener is not None or self._selector is None:
            return
        listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._selector.register(listener, selectors.EVENT_READ)

    def _close_listener(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None and self._selector is not None:
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
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)
        tap = self._make_tap() if self._make_tap is not None else None
        near = _End(sock=client, is_server=False)
        far = _End(sock=server, is_server=True, tap=tap)
        self._ends[near], self._ends[far] = far, near
        self._watch(near)
        self._watch(far)

    def _watch(self, one: _End) -> None:
        """Listen to what this end may do now: a full neighbour or a fault forbids reading."""
        if self._selector is None:
            return
        flows = self.mode == "pass" or (self.mode == "slow" and not one.is_server)
        wanted = 0
        if flows and not self._ends[one].pending:
            wanted |= selectors.EVENT_READ
        if one.pending and self.mode in {"pass", "slow"}:
            wanted |= selectors.EVENT_WRITE
        if wanted == one.watched:
            return
        if not wanted:
            self._selector.unregister(one.sock)
        elif one.watched:
            self._selector.modify(one.sock, wanted, one)
        else:
            self._selector.register(one.sock, wanted, one)
        one.watched = wanted

    def _read(self, one: _End, limit: int) -> int:
        """Bytes passed on; a closed end closes the connection."""
        try:
            data = one.sock.recv(limit)
        except BlockingIOError:
            return 0
        except OSError:
            data = b""
        if not data:
            self._close(one)
            return 0
        other = self._ends[one]
        other.pending += data
        self._send(other)
        if one.is_server:
            self.passed_bytes += len(data)
        if one.tap is not None:
            one.tap(data, time.time_ns())
        return len(data)

    def _send(self, one: _End) -> None:
        try:
            sent = one.sock.send(one.pending)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._close(one)
            return
        del one.pending[:sent]
        self._watch(one)
        self._watch(self._ends[one])

    def _trickle(self) -> None:
        """Read from the servers what the time since the last round allows."""
        now = time.monotonic()
        # Unused allowance does not add up to a burst of more than a fifth of a second.
        earned = (now - self._slow_since) * self._bytes_per_s
        self._allowance = min(self._allowance + earned, self._bytes_per_s / 5)
        self._slow_since = now
        for one in list(self._ends):
            if one.is_server and one in self._ends and not self._ends[one].pending:
                limit = min(_CHUNK, int(self._allowance))
                if limit:
                    self._allowance -= self._read(one, limit)

    def _change(self, mode: Mode, bytes_per_s: int = 0) -> None:
        self.mode = mode
        self._bytes_per_s, self._allowance, self._slow_since = bytes_per_s, 0.0, time.monotonic()
        for one in self._ends:
            self._watch(one)

    def _reset(self) -> None:
        for one in list(self._ends):
            if one in self._ends:
                self._close(one, reset=True)

    def _close(self, one: _End, *, reset: bool = False) -> None:
        other = self._ends.get(one)
        for end in (one, other):
            if end is None:
                continue
            if end.watched and self._selector is not None:
                self._selector.unregister(end.sock)
                end.watched = 0
            if reset:
                with contextlib.suppress(OSError):
                    linger = struct.pack("ii", 1, 0)
                    end.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            end.sock.close()
            self._ends.pop(end, None)


class RtpTap:
    """Finds the ends of pictures in interleaved RTP (RFC 2326, 10.12): the marker bit's packets.

    `ends` holds (RTP timestamp, UTC ns at which the last of the picture's packets was passed on).
    """

    _VIDEO_CHANNEL = 0

    def __init__(self, ends: list[tuple[int, int]] | None = None) -> None:
        self.ends = [] if ends is None else ends
        self.path = ""
        """Of the mount, as the server names it."""
        self._rest = b""

    def __call__(self, data: bytes, wall_ns: int) -> None:
        if not self.path and (found := _CONTENT_BASE.search(data)):
            self.path = found[1].decode().rstrip("/")
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
                self.ends.append((int.from_bytes(data[at + 8 : at + 12], "big"), wall_ns))
            at += 4 + length
        self._rest = data[at:]
