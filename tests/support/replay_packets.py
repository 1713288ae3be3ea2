"""Pictures as a replaying camera packs them into RTP: the other side of the client under test."""

from __future__ import annotations

import struct

NTP_S = 2_208_988_800
PAYLOAD_TYPE = 96


def packets_of(codec, pictures, mtu=1_400, first_sequence=0, *, last_flags=0):
    """RTP packets of (wall_us, nals) pictures; small units travel together, large ones in parts."""
    packets, sequence = [], first_sequence
    pictures = list(pictures)
    for number, (wall_us, nals) in enumerate(pictures):
        flags = last_flags if number == len(pictures) - 1 else 0
        payloads = list(payloads_of(codec, nals, mtu))
        for n, payload in enumerate(payloads):
            packets.append(
                rtp(
                    payload, sequence, wall_us, is_last=n == len(payloads) - 1,
                    mark=mark(wall_us, flags) if n == 0 else b"",
                )
            )  # fmt: skip
            sequence = (sequence + 1) & 0xFFFF
    return packets


def mark(wall_us, flags=0):
    """The replay header extension 0xABAC."""
    seconds, micros = divmod(wall_us, 1_000_000)
    body = struct.pack(
        ">IIBBH", (seconds + NTP_S) & 0xFFFFFFFF, (micros << 32) // 1_000_000, flags, 0, 0
    )
    return struct.pack(">HH", 0xABAC, 3) + body


def rtp(payload, sequence, wall_us, *, is_last, mark=b""):
    stamp = (wall_us * 90 // 1_000) & 0xFFFFFFFF
    first = 0x90 if mark else 0x80
    second = (0x80 if is_last else 0) | PAYLOAD_TYPE
    return struct.pack(">BBHII", first, second, sequence & 0xFFFF, stamp, 7) + mark + payload


def payloads_of(codec, nals, mtu):
    waiting = []
    for nal in nals:
        if sum(len(one) + 2 for one in waiting) + len(nal) + 4 > mtu:
            yield from together(codec, waiting)
            waiting = []
        if len(nal) + 4 > mtu:
            yield from fragments(codec, nal, mtu)
        else:
            waiting.append(nal)
    yield from together(codec, waiting)


def together(codec, nals):
    if len(nals) == 1:
        yield nals[0]
    elif nals:
        head = bytes((48 << 1, 1)) if codec == "hevc" else bytes((0x60 | 24,))
        yield head + b"".join(struct.pack(">H", len(nal)) + nal for nal in nals)


def fragments(codec, nal, mtu):
    if codec == "hevc":
        head, kind, body = bytes((nal[0] & 0x81 | 49 << 1, nal[1])), nal[0] >> 1 & 0x3F, nal[2:]
    else:
        head, kind, body = bytes((nal[0] & 0xE0 | 28,)), nal[0] & 0x1F, nal[1:]
    step = mtu - 3
    for begin in range(0, len(body), step):
        flags = (0x80 if begin == 0 else 0) | (0x40 if begin + step >= len(body) else 0)
        yield head + bytes((flags | kind,)) + body[begin : begin + step]
