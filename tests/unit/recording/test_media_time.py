from engine.recording.media_time import MediaTime

STEP_US = 40_000


def play(stamps, step_us=STEP_US):
    """Shifted times and leaps of pictures that arrive evenly."""
    time = MediaTime()
    leaps = [time.take(stamp, 1_000 + n * step_us * 1_000) for n, stamp in enumerate(stamps)]
    return time, leaps


def test_even_stamps_pass_unchanged():
    time, leaps = play([n * STEP_US for n in range(100)])
    assert (time.shift_us, time.pause_us, set(leaps)) == (0, STEP_US, {0})


def test_a_leap_is_told_once_and_taken_out():
    for leap_us in (3_600_000_000, -3_600_000_000):
        stamps = [n * STEP_US + (leap_us if n >= 10 else 0) for n in range(20)]
        time, leaps = play(stamps)
        assert [leap for leap in leaps if leap] == [leap_us]
        assert leaps[10] == leap_us
        assert stamps[-1] + time.shift_us == 19 * STEP_US


def test_a_clock_that_stands_still_is_replaced_by_the_arrival():
    time, leaps = play([7_000_000] * 50)
    assert time.shift_us == 49 * STEP_US
    assert set(leaps) == {0}


def test_a_late_picture_is_no_leap():
    _, leaps = play([0, STEP_US, 2 * STEP_US], step_us=3_000_000)
    assert set(leaps) == {0}
