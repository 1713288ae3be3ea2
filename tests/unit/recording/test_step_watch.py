from engine.recording.step_watch import StepWatch

SECOND_NS = 1_000_000_000
SECOND_US = 1_000_000


def first_break(latenesses, step_ns=SECOND_NS // 10):
    """Seconds until the watch objects, or None."""
    watch = StepWatch()
    for number, lateness_us in enumerate(latenesses):
        if watch.is_out_of_step(lateness_us, SECOND_NS + number * step_ns):
            return number * step_ns / SECOND_NS
    return None


def test_steady_and_slightly_wrong_clocks_are_left_alone():
    assert first_break([0] * 1000) is None
    assert first_break([900_000] * 1000) is None
    assert first_break([-900_000] * 1000) is None


def test_pictures_that_come_early_are_told_at_once():
    assert first_break([0] * 10 + [-2 * SECOND_US] * 5) == 1.0


def test_a_burst_after_a_stall_is_no_clock_that_fell_behind():
    burst = [3 * SECOND_US - n * SECOND_US // 10 for n in range(30)]
    assert first_break(([0] * 20 + burst) * 20) is None


def test_a_clock_that_stays_behind_is_told_within_two_windows():
    told_s = first_break([0] * 7 + [2 * SECOND_US] * 200)
    assert told_s is not None
    assert 5.0 < told_s < 11.0


def test_a_slow_stream_is_watched_as_well():
    told_s = first_break([2 * SECOND_US] * 10, step_ns=6 * SECOND_NS)
    assert told_s == 6.0
