"""Packets of a camera stream on their way to a desk (`WS /api/v1/live`)."""

from __future__ import annotations

import msgspec


class MediaHeader(msgspec.Struct, frozen=True, kw_only=True, tag="header"):
    """First of a relay, and again when the stream changes: what a decoder needs to start."""

    camera_id: str
    role: str
    codec: str
    width: int
    height: int
    extradata: bytes
    audio_codec: str = ""
    audio_rate: int = 0
    audio_channels: int = 0
    audio_extradata: bytes = b""


class MediaPacket(msgspec.Struct, frozen=True, kw_only=True, tag="packet", omit_defaults=True):
    """One access unit as received; `wall_us` is its arrival at the engine."""

    pts_us: int
    wall_us: int
    is_keyframe: bool
    data: bytes
    is_audio: bool = False
    buffered: bool = False
    """From the GOP buffer: decode it, show only the last of them."""


AnyMedia = MediaHeader | MediaPacket
