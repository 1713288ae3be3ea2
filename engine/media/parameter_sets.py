"""Parameter sets inside an access unit: they tell when a camera changed its picture mid-stream.

NAL unit types: ITU-T H.264 table 7-1 and H.265 table 7-1; start codes as in annex B of both.
"""

from __future__ import annotations

import av

from engine.media.decoder import video_decoder

_START = b"\x00\x00\x01"
_H264_SETS = frozenset({7, 8})
_HEVC_SETS = frozenset({32, 33, 34})


def parameter_sets(codec: str, access_unit: bytes) -> bytes:
    """The parameter sets before the first coded slice, annex B; empty where there are none."""
    if codec not in {"h264", "hevc"}:
        return b""
    found: list[bytes] = []
    start = access_unit.find(_START)
    while start >= 0:
        head = start + 3
        if head >= len(access_unit):
            break
        kind = _nal_type(codec, access_unit[head])
        if _is_slice(codec, kind):
            break
        following = access_unit.find(_START, head)
        if kind in (_H264_SETS if codec == "h264" else _HEVC_SETS):
            unit = access_unit[head : following if following >= 0 else len(access_unit)]
            # A four-byte start code leaves its first zero at the end of the unit before it.
            found.append(b"\x00" + _START + unit.rstrip(b"\x00"))
        start = following
    return b"".join(found)


def _nal_type(codec: str, first_byte: int) -> int:
    return first_byte & 0x1F if codec == "h264" else (first_byte >> 1) & 0x3F


def _is_slice(codec: str, kind: int) -> bool:
    return 1 <= kind <= 5 if codec == "h264" else kind <= 31


def picture_size(codec: str, keyframe: bytes, width: int, height: int) -> tuple[int, int]:
    """Size of the picture in a keyframe with its parameter sets; the given one if it is unclear."""
    context = video_decoder(codec)
    try:
        for packet in (av.Packet(keyframe), None):
            for frame in context.decode(packet):
                return frame.width, frame.height
    except av.FFmpegError:
        pass
    return width, height
