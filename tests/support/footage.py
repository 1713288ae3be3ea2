"""Recorded footage without a recorder: real segments, with the facts that a journal would hold."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

from engine.media.segment_muxer import SegmentMuxer
from engine.media.source import SourcePacket
from engine.playback.segment_file import SegmentOpener
from engine.recording.content_hash import hash_file
from nvr_app.contract.exporting import ExportCamera, ExportSegment

T0 = 1_769_846_400_000_000
"""2026-01-31 08:00:00 UTC."""
S = 1_000_000


def write_sounding_clip(path, *, seconds=4.0, fps=15, size=(160, 96), seed=0):
    """A moving picture with a tone, a keyframe a second."""
    width, height = size
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=fps)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.options = {
            "bf": "0", "g": str(fps), "keyint_min": str(fps), "sc_threshold": "0",
            "preset": "ultrafast",
        }  # fmt: skip
        audio = container.add_stream("aac", rate=16_000, layout="mono")
        for index in range(round(seconds * fps)):
            picture = np.full((height * 3 // 2, width), 128, np.uint8)
            picture[:height] = (np.arange(width)[None, :] * (1 + seed) + 5 * index) % 256
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, fps)
            container.mux(video.encode(frame))
        for index in range(round(seconds * 16_000 / 1024)):
            tone = np.sin(np.arange(1024) / 8 + index).astype(np.float32)[None, :] / 4
            sound = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = (
                16_000,
                index * 1024,
                Fraction(1, 16_000),
            )
            container.mux(audio.encode(sound))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return path


def segment_bytes(clip, *, up_to=None) -> bytes:
    """The clip as our recorder writes it; `up_to` packets only, unfinished, as in an open file."""
    parts = []
    with av.open(str(clip)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        muxer = SegmentMuxer(parts.append, video, audio, fragment_s=0.5)
        for number, packet in enumerate(container.demux(video, audio)):
            if packet.dts is None or (up_to is not None and number >= up_to):
                continue
            is_video = packet.stream.type == "video"
            unit = SourcePacket(packet, is_video, packet.is_keyframe, 0)
            (muxer.mux_video if is_video else muxer.mux_audio)(unit)
        written = list(parts)
        muxer.finish()
    return b"".join(parts if up_to is None else written)


class Footage:
    """A storage root with segments of one camera that follow each other."""

    def __init__(self, root, clip, *, length_us=4 * S):
        self.root = root
        self.length_us = length_us
        self.data = segment_bytes(clip)
        self.segments: list[ExportSegment] = []

    def add(self, number, *, run="0a0a0a0a", start=None, data=None, is_open=False):
        start = T0 + number * self.length_us if start is None else start
        path = f"front-door/2026-01-31/08/{start // 1000:013d}-{run}-{number}.mp4"
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(self.data if data is None else data)
        self.segments.append(
            ExportSegment(
                segment_id=f"{run}-{number}", run_id=run, root="main", path=path,
                start_wall_us=start, end_wall_us=None if is_open else start + self.length_us,
                size_bytes=place.stat().st_size,
                content_hash="" if is_open else hash_file(place),
            )
        )  # fmt: skip
        return place

    def camera(self, **changes):
        return ExportCamera(
            camera_id="front-door", name="Front door", segments=tuple(self.segments), **changes
        )

    def opener(self):
        return SegmentOpener({"main": self.root}.get)
