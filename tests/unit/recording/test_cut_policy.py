from hypothesis import given
from hypothesis import strategies as st

from engine.recording.cut_policy import boundary_offset_us, choose_cut, is_jump, next_boundary_us

MINUTE = 60_000_000
walls = st.integers(min_value=0, max_value=4_000_000_000_000_000)


@given(walls, st.integers(min_value=0, max_value=MINUTE - 1))
def test_a_boundary_lies_a_quarter_to_one_and_a_quarter_segments_ahead(start, offset):
    boundary = next_boundary_us(start, MINUTE, offset)
    assert MINUTE // 4 <= boundary - start < MINUTE + MINUTE // 4
    assert (boundary - offset) % MINUTE == 0


def test_boundaries_of_eight_cameras_are_spread():
    offsets = {boundary_offset_us(f"cam_0{n}", MINUTE) for n in range(1, 9)}
    assert len(offsets) == 8


def test_a_segment_begins_and_ends_with_keyframes_only():
    assert choose_cut(is_open=False, is_keyframe=False, wall_us=0, boundary_us=0) == "skip"
    assert choose_cut(is_open=False, is_keyframe=True, wall_us=0, boundary_us=0) == "open"
    assert choose_cut(is_open=True, is_keyframe=False, wall_us=9, boundary_us=5) == "append"
    assert choose_cut(is_open=True, is_keyframe=True, wall_us=4, boundary_us=5) == "append"
    assert choose_cut(is_open=True, is_keyframe=True, wall_us=5, boundary_us=5) == "rotate"


def test_late_packets_are_no_jump_but_a_leap_is():
    assert not is_jump(0, 33_000, 0, 4_000_000_000)
    assert is_jump(0, 600_000_000, 0, 33_000_000)
    assert is_jump(600_000_000, 0, 0, 33_000_000)
