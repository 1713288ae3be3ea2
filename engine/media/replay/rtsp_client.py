"""One RTSP connection (RFC 2326): requests with a login, answers, and the packets between them."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from engine.base.clock import Clock
from engine.base.redact import bare_url
from engine.media.replay.digest import Challenge, authorization, choose_challenge
from engine.media.replay.errors import NothingRecordedError, ReplayError, ReplayRefusedError
from engine.media.replay.rtsp_wire import Interleaved, Message, RtspReader
from nvr_app.contract.config import Credentials
from nvr_app.contract.timebase import NS_PER_S

_CONNECT_S = 5.0
_ANSWER_S = 10.0
_LOOK_UP_S = 0.5
_READ_BYTES = 64 * 1024
_MOST_PACKETS_BEFORE_ANSWER = 100_000
_NO_SUCH_RANGE = 457


class RtspClient:
    """For one thread. `look_up` is called while it waits and may raise to leave off."""

    def __init__(
        self,
        url: str,
        credentials: Credentials | None,
        clock: Clock,
        look_up: Callable[[], None],
    ) -> None:
        self._url = url
        self._name = bare_url(url)
        self._credentials = credentials
        self._clock = clock
        self._look_up = look_up
        self._socket: socket.socket | None = None
        self._reader = RtspReader()
        self._sequence = 0
        self._challenge: Challenge | None = None
        self._nonce_uses = 0
        self._cnonce = secrets.token_hex(8)
        self.session = ""

    def connect(self) -> None:
        """To the URL's host and port. ReplayError."""
        parts = urlsplit(self._url)
        if parts.scheme != "rtsp" or not parts.hostname:
            raise ReplayError(f"the camera offers its replay at {self._name}: only rtsp:// is read")
        try:
            self._socket = socket.create_connection(
                (parts.hostname, parts.port or 554), timeout=_CONNECT_S
            )
            self._socket.settimeout(_LOOK_UP_S)
        except OSError as error:
            raise self._fault("connect", error.strerror or str(error)) from None

    def ask(self, method: str, url: str, headers: Mapping[str, str]) -> Message:
        """Send a request and wait for its answer, with the login when one is wanted. ReplayError.

        Packets that come before the answer are dropped: nothing was asked to be played yet.
        """
        answer = self._ask_once(method, url, headers)
        if answer.status == 401:
            if self._credentials is None:
                raise ReplayRefusedError(
                    f"{self._name} wants a login and the camera has none here: nvr camera password"
                )
            had_answered = self._challenge is not None
            self._challenge = choose_challenge(answer.headers.get("www-authenticate", ()))
            self._nonce_uses = 0
            if not had_answered or "stale=true" in answer.first("www-authenticate").lower():
                answer = self._ask_once(method, url, headers)
        self._require_success(method, answer)
        return answer

    def tell(self, method: str, url: str) -> None:
        """Send a request whose answer does not matter. ReplayError."""
        self._send(method, url, {})

    def next(self, timeout_s: float) -> Interleaved | Message | None:
        """What comes next; None when the camera closed the connection. ReplayError: silence."""
        until_ns = self._clock.mono_ns() + int(timeout_s * NS_PER_S)
        while True:
            piece = self._reader.next()
            if piece is not None:
                return piece
            self._look_up()
            if self._clock.mono_ns() > until_ns:
                raise ReplayError(f"{self._name} sent nothing for {timeout_s:g} s: it has stalled")
            try:
                data = self._connected().recv(_READ_BYTES)
            except TimeoutError:
                continue
            except OSError as error:
                raise self._fault("read from", error.strerror or str(error)) from None
            if not data:
                return None
            self._reader.feed(data)

    def close(self) -> None:
        """Idempotent."""
        if self._socket is not None:
            if self.session:
                with contextlib.suppress(ReplayError):
                    self._send("TEARDOWN", self._url, {})
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None

    def _ask_once(self, method: str, url: str, headers: Mapping[str, str]) -> Message:
        self._send(method, url, headers)
        number = str(self._sequence)
        for _ in range(_MOST_PACKETS_BEFORE_ANSWER):
            piece = self.next(_ANSWER_S)
            if piece is None:
                raise self._fault(f"ask {method} of", "it closed the connection")
            if isinstance(piece, Message) and piece.status and piece.first("cseq") == number:
                return piece
        raise self._fault(f"ask {method} of", "it does not answer")

    def _send(self, method: str, url: str, headers: Mapping[str, str]) -> None:
        self._sequence += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self._sequence}", "User-Agent: nvr"]
        if self.session:
            lines.append(f"Session: {self.session}")
        if self._challenge is not None and self._credentials is not None:
            self._nonce_uses += 1
            login = authorization(
                self._challenge, self._credentials, method, url, self._nonce_uses, self._cnonce
            )
            lines.append(f"Authorization: {login}")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        # What a camera told comes back to it in these lines: it must not break them.
        clean = ["".join(sign for sign in line if sign.isprintable()) for line in lines]
        try:
            self._connected().sendall(("\r\n".join(clean) + "\r\n\r\n").encode())
        except OSError as error:
            raise self._fault("ask", error.strerror or str(error)) from None

    def _require_success(self, method: str, answer: Message) -> None:
        if answer.status == 200:
            return
        if answer.status in {401, 403}:
            raise ReplayRefusedError(
                f"{self._name} refuses this login for its replay: check it, and the user's rights "
                "in the camera"
            )
        if answer.status == _NO_SUCH_RANGE or (answer.status == 404 and method == "PLAY"):
            raise NothingRecordedError(f"{self._name} holds nothing of that time")
        # A redirection is refused like any other answer: nothing but the camera is spoken to.
        raise self._fault(f"ask {method} of", f"it answered {answer.status} {answer.reason}")

    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise ReplayError(f"there is no connection to {self._name}")
        return self._socket

    def _fault(self, doing: str, reason: str) -> ReplayError:
        return ReplayError(f"could not {doing} {self._name}: {reason}")
