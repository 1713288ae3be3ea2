"""Payloads beside the chain: salted frames, in one file per retention class and journal part.

A frame is `seq` (8 bytes), length (4 bytes, both big endian), the salt (16 bytes), the payload.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_HEAD = struct.Struct(">QI16s")
SALT_BYTES = 16


def encode_frame(seq: int, salt: bytes, payload: bytes) -> bytes:
    """Bytes of one frame."""
    return _HEAD.pack(seq, len(payload), salt) + payload


def decode_frames(data: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """(end offset, seq, salt, payload) of every whole frame; stops at a torn one."""
    position, size = 0, len(data)
    while position + _HEAD.size <= size:
        seq, length, salt = _HEAD.unpack_from(data, position)
        start = position + _HEAD.size
        if start + length > size:
            return
        position = start + length
        yield position, seq, salt, data[start:position]
