"""RTP packets as a replaying camera sends them (RFC 3550; ONVIF Streaming Specification, 6.3).

Pure: bytes in, packets out. Whatever cannot be read is a ReplayError, never another exception.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from engine.media.replay.errors import ReplayError

_HEADER = struct.Struct(">BBHII")
_EXTENSION = struct.Struct(">HH")
_MARK = struct.Struct(">IIB")
_REPLAY_PROFILE = 0xABAC
_NTP_TO_UNIX_S = 2_208_988_800
_NTP_ERA_S = 1 << 32


@dataclass(frozen=True)
class ReplayMark:
    """The replay header extension: when the picture was taken, by the camera's clock."""

    wall_us: int
    is_section_end: bool
    """The footage has a hole after this picture, or ends."""
    is_last: bool
    """Nothing follows in this replay."""


@dataclass(frozen=True)
class RtpPacket:
    """One packet; `mark` stands on the first of every picture."""

    payload_type: int
    sequence: int
    timestamp: int
    is_picture_end: bool
    payload: bytes
    mark: ReplayMark | None


def parse_rtp(data: bytes) -> RtpPacket:
    """Read one packet. ReplayError: it is none."""
    if len(data) < _HEADER.size:
        raise ReplayError(f"the camera sent an RTP packet of {len(data)} bytes: that is no packet")
    first, second, sequence, timestamp, _ = _HEADER.unpack_from(data)
    if first >> 6 != 2:
        raise ReplayError("the camera sent something that is no RTP packet")
    offset = _HEADER.size + 4 * (first & 0x0F)
    mark = None
    if first & 0x10:
        mark, offset = _extension(data, offset)
    end = len(data)
    if first & 0x20 and end > offset:
        end -= data[-1]
    if end < offset:
        raise ReplayError("the camera sent an RTP packet whose parts do not fit into it")
    return RtpPacket(
        payload_type=second & 0x7F,
        sequence=sequence,
        timestamp=timestamp,
        is_picture_end=bool(second & 0x80),
        payload=data[offset:end],
        mark=mark,
    )


def _extension(data: bytes, offset: int) -> tuple[ReplayMark | None, int]:
    """The mark, when the extension is one, and where the payload begins."""
    body = offset + _EXTENSION.size
    if len(data) < body:
        raise ReplayError("the camera sent an RTP packet that is cut off")
    profile, words = _EXTENSION.unpack_from(data, offset)
    after = body + 4 * words
    if len(data) < after:
        raise ReplayError("the camera sent an RTP packet that is cut off")
    if profile != _REPLAY_PROFILE or 4 * words < _MARK.size:
        return None, after
    seconds, fraction, flags = _MARK.unpack_from(data, body)
    # RFC 4330, 3: from 2036 on the seconds begin anew at zero.
    era_s = 0 if seconds & 0x8000_0000 else _NTP_ERA_S
    wall_us = (seconds + era_s - _NTP_TO_UNIX_S) * 1_000_000 + (fraction * 1_000_000 + 2**31 >> 32)
    mark = ReplayMark(wall_us, is_section_end=bool(flags & 0x40), is_last=bool(flags & 0x10))
    return mark, after
