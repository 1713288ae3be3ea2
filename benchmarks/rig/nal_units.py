"""NAL units of H.264 as files hold them (ISO/IEC 14496-15: four bytes of length, then the unit)."""

from __future__ import annotations


def length_prefixed_units(data: bytes) -> list[bytes]:
    """The units of a sample."""
    units, at = [], 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        units.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return units
