"""From RTP payloads to whole pictures: H.264 (RFC 6184) and H.265 (RFC 7798). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.media.replay.errors import ReplayError
from engine.media.replay.rtp import ReplayMark, RtpPacket

_START_CODE = b"\x00\x00\x00\x01"
_MOST_UNIT_BYTES = 16 * 1024**2
_MOST_NALS = 4096

_H264_STAP_A, _H264_FU_A = 24, 28
_HEVC_AP, _HEVC_FU = 48, 49


@dataclass(frozen=True)
class AccessUnit:
    """One picture as it was encoded."""

    nals: tuple[bytes, ...]
    is_keyframe: bool
    mark: ReplayMark

    def annex_b(self) -> bytes:
        """With start codes, as FFmpeg takes it."""
        return b"".join(_START_CODE + nal for nal in self.nals)


class UnitAssembler:
    """One media stream's packets become pictures; memory stays bounded whatever comes.

    A picture of which a packet is missing is left out, and so are those that build on it.
    """

    def __init__(self, codec: str) -> None:
        self._is_hevc = codec == "hevc"
        self._nals: list[bytes] = []
        self._fragment: bytearray | None = None
        self._size_bytes = 0
        self._timestamp = -1
        self._mark: ReplayMark | None = None
        self._next_sequence = -1
        self._needs_keyframe = True
        self.left_out = 0
        """Pictures that were damaged, or built on one that was."""

    def take(self, packet: RtpPacket) -> Iterator[AccessUnit]:
        """Pictures that this packet completes. ReplayError: it cannot be read."""
        if packet.sequence != self._next_sequence and self._next_sequence >= 0:
            self._lose()
        self._next_sequence = (packet.sequence + 1) & 0xFFFF
        if packet.timestamp != self._timestamp:
            yield from self._finish()
            self._timestamp = packet.timestamp
        if self._mark is None:
            self._mark = packet.mark
        self._take_payload(packet.payload)
        if packet.is_picture_end:
            yield from self._finish()

    def flush(self) -> Iterator[AccessUnit]:
        """The picture that stands alone at the end of a replay."""
        yield from self._finish()

    def _lose(self) -> None:
        self._needs_keyframe = True
        self._nals, self._fragment, self._size_bytes = [], None, 0

    def _finish(self) -> Iterator[AccessUnit]:
        nals, mark = tuple(self._nals), self._mark
        is_torn = self._fragment is not None
        self._nals, self._fragment, self._size_bytes, self._mark = [], None, 0, None
        if not nals:
            return
        if mark is None:
            raise ReplayError(
                "the camera replays pictures without telling when they were taken "
                "(RTP header extension 0xABAC): they cannot be placed in time"
            )
        is_keyframe = any(self._is_key(nal) for nal in nals)
        if is_torn or (self._needs_keyframe and not is_keyframe):
            self._needs_keyframe = True
            self.left_out += 1
            return
        self._needs_keyframe = False
        yield AccessUnit(nals, is_keyframe, mark)

    def _is_key(self, nal: bytes) -> bool:
        if self._is_hevc:
            return 16 <= (nal[0] >> 1 & 0x3F) <= 21
        return nal[0] & 0x1F == 5

    def _take_payload(self, payload: bytes) -> None:
        head = 2 if self._is_hevc else 1
        if len(payload) <= head:
            return  # no more than a header: some cameras pad a stream so
        kind = payload[0] >> 1 & 0x3F if self._is_hevc else payload[0] & 0x1F
        together, fragment, most = (
            (_HEVC_AP, _HEVC_FU, 47) if self._is_hevc else (_H264_STAP_A, _H264_FU_A, 23)
        )
        if kind == together:
            self._take_together(payload[head:], head)
        elif kind == fragment:
            self._take_fragment(payload, head)
        elif kind <= most:
            self._add(payload)
        else:
            raise ReplayError(f"the camera packs pictures in a way (type {kind}) that is not known")

    def _take_together(self, body: bytes, head: int) -> None:
        """Several small units in one packet, each behind its length."""
        while body:
            length = int.from_bytes(body[:2], "big")
            if len(body) < 2 + length or length < head:
                raise ReplayError("the camera sent a packet of several units that is cut off")
            self._add(body[2 : 2 + length])
            body = body[2 + length :]

    def _take_fragment(self, payload: bytes, head: int) -> None:
        """A part of a large unit: first, middle or last."""
        flags = payload[head]
        kind = flags & (0x3F if self._is_hevc else 0x1F)
        body = payload[head + 1 :]
        if flags & 0x80:
            if self._is_hevc:
                start = bytes(((payload[0] & 0x81) | kind << 1, payload[1]))
            else:
                start = bytes(((payload[0] & 0xE0) | kind,))
            self._fragment = bytearray(start)
        if self._fragment is None:
            self._needs_keyframe = True  # its beginning was lost
            return
        self._count(len(body))
        self._fragment += body
        if flags & 0x40:
            whole, self._fragment = bytes(self._fragment), None
            self._add(whole, counted=True)

    def _add(self, nal: bytes, *, counted: bool = False) -> None:
        if not counted:
            self._count(len(nal))
        if len(self._nals) >= _MOST_NALS:
            raise ReplayError(f"the camera sent a picture of more than {_MOST_NALS} units")
        self._nals.append(nal)

    def _count(self, size_bytes: int) -> None:
        self._size_bytes += size_bytes
        if self._size_bytes > _MOST_UNIT_BYTES:
            raise ReplayError(
                f"the camera sent a picture of more than {_MOST_UNIT_BYTES // 1024**2} MiB"
            )
