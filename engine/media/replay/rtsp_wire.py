"""RTSP's bytes (RFC 2326): messages and interleaved packets out of one stream. Pure, bounded."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.media.replay.errors import ReplayError

_MOST_HEAD_BYTES = 16 * 1024
_MOST_BODY_BYTES = 64 * 1024
_DOLLAR = 0x24


@dataclass(frozen=True)
class Interleaved:
    """A packet of RTP or RTCP inside the RTSP connection."""

    channel: int
    data: bytes


@dataclass(frozen=True)
class Message:
    """An answer; `status` is 0 for a request of the camera's own."""

    status: int
    reason: str
    headers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By name in lower case; a name may come several times."""
    body: bytes = b""

    def first(self, name: str) -> str:
        """A header's first value, empty without it."""
        return next(iter(self.headers.get(name, ())), "")


class RtspReader:
    """`feed` what came; `next` gives what is complete. ReplayError: it is no RTSP."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> None:
        self._data += data

    def next(self) -> Interleaved | Message | None:
        """The next complete piece, None while more must come."""
        while self._data[:2] == b"\r\n":  # blank lines between messages are allowed
            del self._data[:2]
        if not self._data:
            return None
        if self._data[0] == _DOLLAR:
            return self._interleaved()
        return self._message()

    def _interleaved(self) -> Interleaved | None:
        if len(self._data) < 4:
            return None
        end = 4 + int.from_bytes(self._data[2:4], "big")
        if len(self._data) < end:
            return None
        packet = Interleaved(self._data[1], bytes(self._data[4:end]))
        del self._data[:end]
        return packet

    def _message(self) -> Message | None:
        end = self._data.find(b"\r\n\r\n", 0, _MOST_HEAD_BYTES + 4)
        if end < 0:
            if len(self._data) > _MOST_HEAD_BYTES or not _may_be_text(self._data):
                raise ReplayError("what answers there does not speak RTSP")
            return None
        status, reason, headers = _head(bytes(self._data[:end]))
        length = _length(headers)
        after = end + 4 + length
        if len(self._data) < after:
            return None
        message = Message(status, reason, headers, bytes(self._data[end + 4 : after]))
        del self._data[:after]
        return message


def _may_be_text(data: bytearray) -> bool:
    return all(byte in b"\r\n\t" or byte >= 0x20 for byte in data[:64])


def _head(head: bytes) -> tuple[int, str, dict[str, tuple[str, ...]]]:
    lines = head.decode("utf-8", "replace").split("\r\n")
    words = lines[0].split(" ", 2)
    status = 0
    if words[0].startswith("RTSP/"):
        if len(words) < 2 or not (words[1].isascii() and words[1].isdigit()) or len(words[1]) != 3:
            raise ReplayError("what answers there does not speak RTSP")
        status = int(words[1])
    elif len(words) < 3 or not words[2].startswith("RTSP/"):
        raise ReplayError("what answers there does not speak RTSP")
    headers: dict[str, tuple[str, ...]] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            key = name.strip().lower()
            headers[key] = (*headers.get(key, ()), value.strip())
    return status, words[2][:200] if len(words) > 2 else "", headers


def _length(headers: dict[str, tuple[str, ...]]) -> int:
    text = next(iter(headers.get("content-length", ())), "0")
    if not (text.isascii() and text.isdigit()) or int(text[:9]) > _MOST_BODY_BYTES:
        raise ReplayError("the camera announced an RTSP answer of an impossible length")
    return int(text)
