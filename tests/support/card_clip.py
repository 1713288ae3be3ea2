"""A clip as what a camera sees without end: at every moment the picture of that moment."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np


def make_unlike_clip(path, *, seconds=6, fps=15, size=(320, 192), codec="libx264"):
    """A clip in which no picture is like another, a keyframe a second; its path."""
    width, height = size
    chance = np.random.default_rng(7)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, 90_000)
        stream.options = {
            "bf": "0", "g": str(fps), "keyint_min": str(fps), "sc_threshold": "0",
            "preset": "ultrafast", "x265-params": f"bframes=0:keyint={fps}:scenecut=0:log-level=0",
        }  # fmt: skip
        for index in range(seconds * fps):
            picture = np.full((height * 3 // 2, width), 128, np.uint8)
            blocks = chance.integers(0, 255, (height // 16, width // 16), np.uint8)
            picture[:height] = np.kron(blocks, np.ones((16, 16), np.uint8))
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = index * 90_000 // fps, Fraction(1, 90_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def split_nals(annex_b):
    """The units between start codes."""
    parts, start = [], annex_b.find(b"\0\0\1")
    while start >= 0:
        following = annex_b.find(b"\0\0\1", start + 3)
        end = following if following >= 0 else len(annex_b)
        parts.append(annex_b[start + 3 : end].rstrip(b"\0") if following >= 0
                     else annex_b[start + 3 : end])  # fmt: skip
        start = following
    return tuple(parts)


def slices_of(nals, codec="h264"):
    """The coded pictures alone: parameter sets and remarks may be moved about by muxers."""
    if codec == "hevc":
        return tuple(nal for nal in nals if nal[0] >> 1 & 0x3F < 32)
    return tuple(nal for nal in nals if 1 <= nal[0] & 0x1F <= 5)


@dataclass(frozen=True)
class Frame:
    at_us: int
    nals: tuple[bytes, ...]
    is_keyframe: bool


class CardClip:
    """Position in the clip = wall time modulo its length."""

    def __init__(self, path):
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            self.codec = stream.codec_context.name
            to_annex_b = av.BitStreamFilterContext(f"{self.codec}_mp4toannexb", stream)
            self.length_us = int(stream.duration * stream.time_base * 1_000_000)
            self.frames = []
            for packet in container.demux(stream):
                if not packet.size:
                    continue
                at_us = int(packet.pts * packet.time_base * 1_000_000)
                is_keyframe = packet.is_keyframe
                for one in to_annex_b.filter(packet):
                    self.frames.append(Frame(at_us, split_nals(bytes(one)), is_keyframe))
        self.by_slices = {slices_of(f.nals, self.codec): f for f in self.frames}

    def frames_from(self, wall_us):
        """(wall_us, frame) for ever, from the keyframe at or before that moment."""
        loop, since = divmod(wall_us, self.length_us)
        first = max(
            (n for n, f in enumerate(self.frames) if f.is_keyframe and f.at_us <= since), default=0
        )
        while True:
            for frame in self.frames[first:]:
                yield loop * self.length_us + frame.at_us, frame
            loop, first = loop + 1, 0

    def moment_of(self, nals, near_wall_us):
        """When this picture was seen, at the time nearest to the one given; None: never."""
        frame = self.by_slices.get(slices_of(nals, self.codec))
        if frame is None:
            return None
        loop = round((near_wall_us - frame.at_us) / self.length_us)
        return loop * self.length_us + frame.at_us
