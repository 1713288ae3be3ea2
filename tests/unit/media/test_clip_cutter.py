"""Clips out of segments: keyframe first, across segments, from one that is being written."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import av
import pytest

from engine.media.clip_cutter import ClipCutError, CutSource, cut_clip
from engine.media.segment_muxer import SegmentMuxer
from engine.media.source import SourcePacket
from tests.conftest import make_clip

T0 = 1_800_000_000_000_000
S = 1_000_000


def nothing():
    return None


def as_segment(clip: Path, target: Path) -> Path:
    """What the recorder makes of a camera's packets."""
    data = bytearray()
    with av.open(str(clip)) as source:
        video = source.streams.video[0]
        muxer = SegmentMuxer(data.extend, video, None, fragment_s=0.5)
        for packet in source.demux(video):
            if packet.size:
                muxer.mux_video(
                    SourcePacket(packet, is_video=True, is_keyframe=packet.is_keyframe, pts_us=0)
                )
        muxer.finish()
    target.write_bytes(data)
    return target


@pytest.fixture(scope="module")
def segment(tmp_path_factory, clip):
    return as_segment(clip, tmp_path_factory.mktemp("segment") / "s.mp4")


def sources(segment, count=2):
    """Segments of four seconds, one after the other."""
    return [
        CutSource(name=f"s{n}", file=segment, start_wall_us=T0 + n * 4 * S) for n in range(count)
    ]


def pictures_of(path):
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        times, keys = [], []
        for packet in container.demux(video):
            if packet.size:
                times.append(float(packet.pts * packet.time_base))
                keys.append(packet.is_keyframe)
        container.seek(0)
        return times, keys, sum(1 for _ in container.decode(video))


def test_a_clip_crosses_segments_and_begins_with_a_keyframe(segment, tmp_path):
    cut = cut_clip(sources(segment), T0 + 2_500_000, T0 + 5_500_000, tmp_path / "c.mp4", nothing)
    assert cut.start_wall_us == T0 + 2 * S  # the keyframe before what was asked for
    assert abs(cut.end_wall_us - (T0 + 5_500_000)) < 40_000
    times, keys, decoded = pictures_of(tmp_path / "c.mp4")
    assert keys[0]
    assert len(times) == decoded == cut.pictures == 105
    steps = [b - a for a, b in pairwise(times)]
    assert max(abs(step - 1 / 30) for step in steps) < 0.002, "no jump where segments meet"
    assert cut.codec == "h264"


def test_a_segment_that_is_being_written_gives_what_it_has(segment, tmp_path):
    growing = tmp_path / "open.mp4"
    data = segment.read_bytes()
    growing.write_bytes(data[: len(data) * 6 // 10])
    cut = cut_clip(
        [CutSource(name="o", file=growing, start_wall_us=T0)], T0 + S, T0 + 60 * S,
        tmp_path / "c.mp4", nothing,
    )  # fmt: skip
    _, keys, decoded = pictures_of(tmp_path / "c.mp4")
    assert keys[0]
    assert 20 < decoded == cut.pictures < 90
    assert cut.end_wall_us < T0 + 4 * S


def test_footage_that_is_no_local_file_is_cut_as_well(segment, tmp_path):
    held = io.BytesIO(segment.read_bytes())
    cut = cut_clip(
        [CutSource(name="b", file=held, start_wall_us=T0)], T0 + S, T0 + 2 * S,
        tmp_path / "c.mp4", nothing,
    )  # fmt: skip
    assert cut.pictures == 30


def test_a_damaged_segment_in_between_costs_only_itself(segment, tmp_path):
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"junk" * 1000)
    parts = sources(segment, 3)
    parts[1] = CutSource(name="bad", file=bad, start_wall_us=T0 + 4 * S)
    cut = cut_clip(parts, T0 + 3 * S, T0 + 9 * S, tmp_path / "c.mp4", nothing)
    times, _, decoded = pictures_of(tmp_path / "c.mp4")
    assert decoded == cut.pictures == 60
    assert max(b - a for a, b in pairwise(times)) > 3.9


def test_where_the_picture_changes_its_size_the_clip_ends(segment, tmp_path):
    other = as_segment(make_clip(tmp_path / "o.mp4", size=(160, 90)), tmp_path / "other.mp4")
    parts = [*sources(segment, 1), CutSource(name="o", file=other, start_wall_us=T0 + 4 * S)]
    cut = cut_clip(parts, T0 + 3 * S, T0 + 6 * S, tmp_path / "c.mp4", nothing)
    assert cut.pictures == 30
    assert abs(cut.end_wall_us - (T0 + 4 * S)) < 40_000


def test_time_without_footage_is_an_error(segment, tmp_path):
    with pytest.raises(ClipCutError, match="no footage in that time"):
        cut_clip(sources(segment), T0 + 90 * S, T0 + 99 * S, tmp_path / "c.mp4", nothing)
    with pytest.raises(ClipCutError):
        cut_clip([], T0, T0 + S, tmp_path / "d.mp4", nothing)
