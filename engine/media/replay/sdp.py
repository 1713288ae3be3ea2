"""The description of a replay (RFC 4566): its first video stream. Pure."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from engine.media.replay.errors import ReplayError

_CODECS = {"H264": "h264", "H265": "hevc"}
_CLOCK_HZ = 90_000


@dataclass(frozen=True)
class VideoDescription:
    """What is replayed; parameter sets come again within the stream with most cameras."""

    codec: str
    payload_type: int
    control: str
    parameter_sets: tuple[bytes, ...]


def parse_sdp(text: str) -> VideoDescription:
    """The first video stream. ReplayError: there is none that can be recorded."""
    section = _video_section(text)
    payload_type, codec = _codec_of(section)
    formats = _format_of(section, payload_type)
    if formats.get("sprop-max-don-diff", "0") not in {"", "0"}:
        raise ReplayError("the camera replays its pictures out of order: that is not supported")
    names = (
        ("sprop-parameter-sets",) if codec == "h264" else ("sprop-vps", "sprop-sps", "sprop-pps")
    )
    sets = tuple(
        _decoded(part) for name in names for part in formats.get(name, "").split(",") if part
    )
    return VideoDescription(codec, payload_type, _attribute(section, "control"), sets)


def _video_section(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines()]
    starts = [n for n, line in enumerate(lines) if line.startswith("m=")]
    for n, begin in enumerate(starts):
        if lines[begin].startswith("m=video "):
            return lines[begin : starts[n + 1] if n + 1 < len(starts) else len(lines)]
    raise ReplayError("the camera's card holds no video there, or does not describe it")


def _codec_of(section: list[str]) -> tuple[int, str]:
    for line in section:
        number, _, name = line.removeprefix("a=rtpmap:").partition(" ")
        if not line.startswith("a=rtpmap:") or not (number.isascii() and number.isdigit()):
            continue
        encoding, _, rate = name.partition("/")
        codec = _CODECS.get(encoding.upper())
        if codec is None or rate.partition("/")[0] != str(_CLOCK_HZ):
            raise ReplayError(
                f"the camera's card replays {encoding[:20] or 'an unknown codec'}: only H.264 and "
                "H.265 can be fetched from it"
            )
        return int(number[:3]), codec
    raise ReplayError("the camera does not say which codec its card replays")


def _format_of(section: list[str], payload_type: int) -> dict[str, str]:
    head = f"a=fmtp:{payload_type} "
    found: dict[str, str] = {}
    for line in section:
        if line.startswith(head):
            for part in line.removeprefix(head).split(";"):
                name, _, value = part.partition("=")
                found[name.strip().lower()] = value.strip()
    return found


def _attribute(section: list[str], name: str) -> str:
    head = f"a={name}:"
    return next((line.removeprefix(head) for line in section if line.startswith(head)), "")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ReplayError("the camera describes its replay with broken parameter sets") from None
