"""Measuring a segment from its bytes alone, for adoption after a crash and for `nvr check`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av

from engine.media.errors import source_error


@dataclass(frozen=True)
class SegmentMeasure:
    """What is really in the file; a torn last fragment does not count."""

    duration_us: int
    frames: int
    keyframes: int
    codec: str
    width: int
    height: int


def measure_segment(path: Path) -> SegmentMeasure:
    """Read a segment's packets without decoding. SourceError when nothing can be read."""
    try:
        container = av.open(str(path), options={"protocol_whitelist": "file"})
    except (av.FFmpegError, OSError) as error:
        raise source_error(path.name, error) from None
    frames = keyframes = 0
    first = last = step = 0
    with container:
        if not container.streams.video:
            raise source_error(path.name, ValueError("there is no video in it"))
        stream = container.streams.video[0]
        try:
            for packet in container.demux(stream):
                if packet.pts is None or not packet.size:
                    continue
                at_us = int(packet.pts * packet.time_base * 1_000_000)
                first = at_us if frames == 0 else min(first, at_us)
                step = at_us - last if frames else 0
                last = at_us
                frames += 1
                keyframes += packet.is_keyframe
        except (av.FFmpegError, OSError):
            pass  # the torn tail of a killed writer: what came before it counts
        context = stream.codec_context
        return SegmentMeasure(
            last - first + max(step, 0),
            frames,
            keyframes,
            context.name,
            context.width,
            context.height,
        )
