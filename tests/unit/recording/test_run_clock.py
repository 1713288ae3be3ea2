from hypothesis import given
from hypothesis import strategies as st

from engine.recording.run_clock import RunClock

WALL = 1_700_000_000_000_000


@given(st.integers(min_value=-500, max_value=500))
def test_a_drifting_camera_is_followed_to_the_millisecond_within_hours(ppm):
    clock = RunClock(WALL, 0, 0)
    for minute in range(1, 601):
        true_us = minute * 60_000_000
        pts_us = int(true_us / (1 + ppm / 1e6))
        clock = clock.settle(pts_us, true_us * 1_000)
    assert abs(clock.wall_us(pts_us) - (WALL + true_us)) < 40_000


def test_one_late_packet_moves_the_clock_by_no_more_than_500_ppm():
    clock = RunClock(WALL, 0, 0)
    settled = clock.settle(60_000_000, 63_000_000_000)
    assert settled.wall_us(60_000_000) - clock.wall_us(60_000_000) == 30_000


def test_segments_of_one_run_never_overlap_while_settling():
    clock, last_end = RunClock(WALL, 0, 0), 0
    for minute in range(1, 50):
        pts = minute * 60_000_000
        clock = clock.settle(pts, (pts - 2_000_000 * (minute % 2)) * 1_000)
        assert clock.wall_us(pts) > last_end
        last_end = clock.wall_us(pts + 59_000_000)


def test_a_step_of_the_wall_clock_shows():
    clock = RunClock(WALL, 1_000_000_000, 0)
    assert clock.clock_step_us(WALL + 10_000_000, 11_000_000_000) == 0
    assert clock.clock_step_us(WALL + 3_610_000_000, 11_000_000_000) == 3_600_000_000
