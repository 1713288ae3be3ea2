"""Footage over HTTP for a thread that may wait: one kept connection, no Qt."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

from nvr_app.contract.api import ErrorAnswer, Recordings, Timeline
from nvr_app.contract.endpoint import Endpoint
from nvr_app.contract.footage import SegmentIndex

_T = TypeVar("_T")
_TIMEOUT_S = 12.0
"""Longer than the engine waits for a storage root, so that its own sentence arrives."""


class FootageUnavailableError(Exception):
    """The engine did not give it; the sentence says why. `is_gone`: it never will."""

    def __init__(self, sentence: str, *, is_gone: bool = False) -> None:
        super().__init__(sentence)
        self.is_gone = is_gone


class FootageHttp:
    """Use from one thread; `abort` from any."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._connection: http.client.HTTPConnection | None = None
        self._is_aborted = False

    def recordings(self, camera_id: str, start_us: int, end_us: int, limit: int) -> Recordings:
        """Segments and gaps that touch [start, end)."""
        return self._struct(
            "/api/v1/recordings", Recordings,
            {"camera_id": camera_id, "start": _seconds(start_us), "end": _seconds(end_us),
             "limit": limit},
        )  # fmt: skip

    def timeline(self, camera_id: str, start_us: int, end_us: int) -> Timeline:
        return self._struct(
            "/api/v1/timeline", Timeline,
            {"camera_id": camera_id, "start": _seconds(start_us), "end": _seconds(end_us)},
        )  # fmt: skip

    def index(self, segment_id: str) -> SegmentIndex:
        return self._struct(f"/api/v1/segments/{segment_id}/index", SegmentIndex, {})

    def media(self, segment_id: str, offset: int, size: int, content_hash: str = "") -> bytes:
        """Exactly those bytes of the file with that content; it may have been encoded anew."""
        header = {"Range": f"bytes={offset}-{offset + size - 1}"}
        if content_hash:
            header["If-Range"] = f'"{content_hash}"'
        body = self._get(f"/api/v1/segments/{segment_id}/media", header)
        if len(body) != size:
            raise FootageUnavailableError(
                f"segment {segment_id} is no longer what its index said; it is read anew"
            )
        return body

    def abort(self) -> None:
        """From any thread: let a request that waits fail now, and every later one."""
        self._is_aborted = True
        connection = self._connection
        sock = connection.sock if connection is not None else None
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)  # wakes a thread that reads from it
            except OSError:
                return

    def close(self) -> None:
        """From the thread itself; idempotent."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _struct(self, path: str, kind: type[_T], query: Mapping[str, object]) -> _T:
        body = self._get(f"{path}?{urlencode(query)}" if query else path, {})
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.MsgspecError as error:
            raise FootageUnavailableError(
                f"the engine's answer was not understood: {error}"
            ) from None

    def _get(self, path: str, headers: Mapping[str, str]) -> bytes:
        try:
            try:
                status, body = self._ask(path, headers)
            except (http.client.HTTPException, ConnectionError):
                # A kept connection may have been closed at the other end meanwhile.
                self.close()
                status, body = self._ask(path, headers)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            raise FootageUnavailableError(f"the engine could not be asked: {error}") from None
        if status in {200, 206}:
            return body
        try:
            sentence = msgspec.json.decode(body, type=ErrorAnswer).error
        except msgspec.MsgspecError:
            sentence = f"the engine answered {status}"
        raise FootageUnavailableError(sentence, is_gone=status in {404, 422})

    def _ask(self, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        if self._is_aborted:
            raise ConnectionAbortedError("playback was ended")
        connection = self._connection = self._connection or self._connect()
        connection.request(
            "GET", path, headers={"Authorization": f"Bearer {self._endpoint.token}", **headers}
        )
        answer = connection.getresponse()
        return answer.status, answer.read()

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self._endpoint.url)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        return kind(parts.hostname or "127.0.0.1", parts.port, timeout=_TIMEOUT_S)


def _seconds(wall_us: int) -> str:
    """As the API reads it, exact to the microsecond."""
    return f"{wall_us // 1_000_000}.{wall_us % 1_000_000:06d}"
