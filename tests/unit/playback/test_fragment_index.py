"""Where fragments lie, on files of the product's own muxer: whole, growing, torn, damaged."""

import io

import av
import pytest

from engine.media.segment_muxer import SegmentMuxer
from engine.media.source import SourcePacket
from engine.playback.fragment_index import FragmentScan, NotIndexableError


@pytest.fixture(scope="module")
def segment(clip):
    """Four seconds, a keyframe a second, fragments of half a second."""
    out = io.BytesIO()
    with av.open(str(clip)) as source:
        video = source.streams.video[0]
        muxer = SegmentMuxer(out.write, video, None, fragment_s=0.5)
        for packet in source.demux(video):
            if packet.size:
                muxer.mux_video(SourcePacket(packet, True, packet.is_keyframe, 0))
        muxer.finish()
    return out.getvalue()


def scanned(data, scan=None):
    scan = scan or FragmentScan()
    scan.scan(lambda offset, size: data[offset : offset + size], len(data))
    return scan


def decoded(data):
    with av.open(io.BytesIO(data)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_fragments_are_a_gapless_cover_of_file_and_time(segment):
    scan = scanned(segment)
    assert [(t.kind, t.codec) for t in scan.tracks] == [("video", "avc1")]
    assert [f.start_us for f in scan.fragments] == [n * 500_000 for n in range(8)]
    assert [f.has_keyframe for f in scan.fragments] == [True, False] * 4
    place = scan.init_size
    for fragment in scan.fragments:
        assert fragment.offset == place
        place += fragment.size_bytes
    assert segment[place + 4 : place + 8] == b"mfra"  # what the muxer leaves at the end
    assert scan.scanned == len(segment)
    assert scan.damages == []


def test_head_and_fragments_from_a_keyframe_on_can_be_decoded_alone(segment):
    scan = scanned(segment)
    third = scan.fragments[4]
    assert decoded(segment[: scan.init_size] + segment[third.offset :]) == 60


@pytest.mark.parametrize("step", [1, 700, 5_000])
def test_a_growing_file_gives_the_same_index_whatever_the_steps(segment, step):
    whole = scanned(segment)
    scan = FragmentScan()
    for size in [*range(0, len(segment), step), len(segment)]:
        held = segment[:size]
        scan = scanned(held, scan)
        assert scan.scanned <= size
    assert scan.fragments == whole.fragments
    assert scan.damages == []


def test_a_torn_end_does_not_count_and_is_named_once_nothing_can_follow(segment):
    whole = scanned(segment)
    last = whole.fragments[-1]
    torn = segment[: last.offset + last.size_bytes - 100]
    scan = scanned(torn)
    assert scan.fragments == whole.fragments[:-1]
    scan.finish(len(torn))
    (damage,) = scan.damages
    assert damage.offset + damage.size_bytes == len(torn)
    assert damage.offset >= last.offset


@pytest.mark.parametrize("hit", [b"\0" * 64, b"\xff" * 64, b"moof" * 16])
@pytest.mark.parametrize("where", [0, 8, 30])
def test_what_is_overwritten_is_skipped_and_named_and_the_rest_is_there(segment, hit, where):
    whole = scanned(segment)
    victim = whole.fragments[3]
    at = victim.offset + where
    data = segment[:at] + hit + segment[at + len(hit) :]
    scan = scanned(data)
    assert [f for f in scan.fragments if f in whole.fragments] == [
        f for f in whole.fragments if f != victim
    ]
    (damage,) = scan.damages
    assert (damage.offset, damage.size_bytes) == (victim.offset, victim.size_bytes)


def test_a_file_without_a_readable_beginning_says_so(segment):
    with pytest.raises(NotIndexableError):
        scanned(b"\0" * 4_096 + segment[4_096:])
    text = b"no video at all, but long enough to be looked at"
    with pytest.raises(NotIndexableError):
        scanned(text).finish(len(text))
    assert scanned(segment[:100]).fragments == []
