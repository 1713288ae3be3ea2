"""What playback decides without looking at anything: speed, clock, holes, sizes."""

import pytest

from nvr_app.contract.api import GapView, Recordings, SegmentView
from ui.playback.clock import PlaybackClock
from ui.playback.footage_map import FootageMap, Hole, is_worth_telling
from ui.playback.goal import LaneKind, LaneState
from ui.playback.pace import choose_edge, choose_jump
from ui.playback.shots import fitted
from ui.playback.speed import choose_keys_only, decoder_threads


@pytest.mark.parametrize(
    ("rate", "shares", "processors", "keys"),
    [
        (1, [0.3] * 8, 2, False),  # its own pace is always tried: late pictures are left out
        (2, [0.1] * 4, 2, False),
        (2, [0.1] * 8, 2, True),
        (4, [0.02] * 8, 2, False),
        (16, [0.1], 2, True),
        (16, [0.02], 2, False),
        (-4, [0.1, 0.1], 2, False),
        (-4, [0.15, 0.15], 2, True),
        (16, [0.0], 1, True),  # not measured yet: taken for a large picture
    ],
)
def test_keyframes_alone_where_everything_would_be_too_much(rate, shares, processors, keys):
    assert choose_keys_only(rate, shares, processors) is keys


def test_threads_are_shared_out():
    assert [decoder_threads(lanes, 4) for lanes in (1, 2, 4, 8, 64)] == [8, 4, 2, 1, 1]


def test_the_clock_keeps_its_place_through_every_change():
    clock = PlaybackClock().at(1_000_000, 0).running(0, is_running=True)
    assert clock.position_us(500_000_000) == 1_500_000
    faster = clock.with_rate(4, 500_000_000)
    assert faster.position_us(500_000_000) == 1_500_000
    assert faster.position_us(600_000_000) == 1_900_000
    back = faster.with_rate(-0.5, 600_000_000)
    assert back.position_us(800_000_000) == 1_800_000
    still = back.running(800_000_000, is_running=False)
    assert still.position_us(9_000_000_000) == 1_800_000


def listed(*spans, gaps=()):
    segments = [
        SegmentView(
            segment_id=str(n), camera_id="a", root="main", path="p", start_wall_us=start,
            end_wall_us=end, size_bytes=1, state=state,
        )
        for n, (start, end, state) in enumerate(spans)
    ]  # fmt: skip
    told = [GapView(camera_id="a", start_wall_us=s, end_wall_us=e, reason=r) for s, e, r in gaps]
    return FootageMap(Recordings(segments=tuple(segments), gaps=tuple(told)), 0, 100_000_000)


def test_a_moment_is_in_a_segment_or_in_a_hole_with_its_reason():
    known = listed(
        (30_000_000, None, "open"), (10_000_000, 20_000_000, "closed"),
        (20_000_000, 24_000_000, "garbage"), gaps=[(20_000_000, 30_000_000, "camera_lost")],
    )  # fmt: skip
    assert known.at(10_000_000).segment_id == "1"
    assert known.at(19_999_999).segment_id == "1"
    assert known.at(99_000_000).segment_id == "0"
    assert known.at(20_000_000) is None
    assert known.hole(22_000_000) == Hole(20_000_000, 30_000_000, "camera_lost")
    assert known.hole(5) == Hole(None, 10_000_000)
    assert known.before(10_000_000) is None
    assert known.after(10_000_001).segment_id == "0"


def test_a_seam_is_no_gap():
    assert not is_worth_telling(Hole(0, 1_000_000))
    assert is_worth_telling(Hole(0, 2_000_000))
    assert is_worth_telling(Hole(None, 2_000_000))


@pytest.mark.parametrize(
    ("size", "tile", "result"),
    [
        ((1920, 1080), (640, 360), (640, 360)),
        ((1920, 1080), (641, 641), (640, 360)),
        ((640, 480), (1920, 1080), (640, 480)),
        ((640, 480), (0, 0), (640, 480)),
        ((1080, 1920), (300, 300), (168, 300)),
    ],
)
def test_pictures_fit_their_tile_in_even_numbers(size, tile, result):
    assert fitted(*size, *tile) == result


PLAYING = LaneState(LaneKind.PLAYING)


def gap(start_us, end_us):
    return LaneState(LaneKind.GAP, start_us, end_us, "camera_lost")


def edge(start_us):
    return LaneState(LaneKind.EDGE, start_us)


def test_a_gap_is_left_where_the_first_camera_has_footage_again():
    assert choose_jump([gap(10, 50), gap(20, 40)], 30, 1) == 40
    assert choose_jump([gap(10, 50), gap(20, 40)], 30, -1) == 20
    assert choose_jump([gap(10, 50), edge(25)], 30, 1) == 50
    assert choose_jump([gap(10, 50), PLAYING], 30, 1) is None
    assert choose_jump([gap(10, None)], 30, 1) is None
    assert choose_jump([edge(25)], 30, 1) is None
    assert choose_jump([], 30, 1) is None


def test_the_clock_waits_where_the_last_camera_ends():
    assert choose_edge([edge(25), edge(28)], 30, 1) == 28
    assert choose_edge([edge(25), edge(35)], 30, 1) == 30
    assert choose_edge([edge(25), PLAYING], 30, 1) is None
    assert choose_edge([edge(25), gap(10, 40)], 30, 1) is None
    assert choose_edge([edge(None)], 30, -1) == 30
