"""Whatever is held: never what is open or protected, oldest first, no more than needed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.retention.choose import (
    Held,
    Rule,
    choose_emergency,
    choose_expired,
    choose_over_quota,
)
from engine.retention.shield import Protection, Shield

DAY = 86_400_000_000
NOW = 20_000 * DAY
NOTHING = Shield(())


def seg(number, *, age=1.0, camera="a", size=100, is_open=False):
    start = NOW - round(age * DAY)
    end = None if is_open else start + 60_000_000
    return Held(camera, f"s{number}", "main", f"{camera}/{number}.mp4", start, end, size)


def rule(keep=10.0, minimum=0.0, quota=0):
    keep_us = None if keep is None else round(keep * DAY)
    return lambda _camera: Rule(keep_us, round(minimum * DAY), quota)


def ids(segments):
    return [one.segment_id for one in segments]


def test_what_ended_before_the_period_goes_and_the_rest_stays():
    held = [seg(1, age=12), seg(2, age=10.1), seg(3, age=9.9), seg(4, age=0)]
    assert ids(choose_expired(held, rule(10), NOTHING, NOW)) == ["s1", "s2"]


def test_a_segment_that_reaches_into_the_period_stays():
    assert choose_expired([seg(1, age=10)], rule(10), NOTHING, NOW) == []


def test_forever_is_for_ever():
    assert choose_expired([seg(1, age=9_000)], rule(None), NOTHING, NOW) == []


def test_each_camera_has_its_own_period():
    rules = {"a": Rule(5 * DAY), "b": Rule(50 * DAY)}
    held = [seg(1, age=10), seg(2, age=10, camera="b")]
    assert ids(choose_expired(held, rules.__getitem__, NOTHING, NOW)) == ["s1"]


def test_an_open_segment_is_no_candidate_however_old_it_looks():
    held = [seg(1, age=400, is_open=True)]
    assert choose_expired(held, rule(10), NOTHING, NOW) == []
    assert choose_over_quota(held, 1000, rule(10), NOTHING, NOW) == []
    assert choose_emergency(held, 1000, rule(10), NOTHING, NOW).segments == ()


def around(segment, *, before=0, after=0, cameras=()):
    return Protection(cameras, segment.start_wall_us - before, segment.end_wall_us + after)


@pytest.mark.parametrize(
    "protection",
    [
        around,
        lambda s: around(s, cameras=("x", "a")),
        lambda s: Protection((), s.end_wall_us - 1, s.end_wall_us + DAY),
        lambda s: Protection((), s.start_wall_us - DAY, s.start_wall_us + 1),
        lambda s: Protection((), s.start_wall_us + 5, s.start_wall_us + 6),
    ],
)
def test_a_moment_under_protection_keeps_the_whole_segment(protection):
    """Invariant S6."""
    one = seg(1, age=100)
    shield = Shield([protection(one)])
    assert choose_expired([one], rule(10), shield, NOW) == []
    assert choose_over_quota([one], 1000, rule(10), shield, NOW) == []
    choice = choose_emergency([one], 1000, rule(10), shield, NOW)
    assert (choice.segments, choice.short_bytes) == ((), 1000)


def test_a_protection_of_another_camera_or_time_keeps_nothing():
    one = seg(1, age=100)
    shield = Shield([around(one, cameras=("b",)), Protection((), NOW - DAY, NOW)])
    assert ids(choose_expired([one], rule(10), shield, NOW)) == ["s1"]


def test_a_quota_takes_the_oldest_until_it_is_met():
    held = [seg(n, age=9 - n) for n in range(5)]
    assert ids(choose_over_quota(held[::-1], 250, rule(10), NOTHING, NOW)) == ["s0", "s1", "s2"]
    assert choose_over_quota(held, 0, rule(10), NOTHING, NOW) == []


def test_a_quota_does_not_take_what_a_minimum_keeps():
    held = [seg(1, age=8), seg(2, age=3)]
    assert ids(choose_over_quota(held, 1000, rule(10, minimum=5), NOTHING, NOW)) == ["s1"]


def test_an_emergency_takes_expired_then_oldest_then_below_the_minimum():
    held = [seg(1, age=2), seg(2, age=12), seg(3, age=7), seg(4, age=11), seg(5, age=1)]
    choice = choose_emergency(held, 450, rule(10, minimum=5), NOTHING, NOW)
    assert ids(choice.expired) == ["s2", "s4"]
    assert ids(choice.oldest) == ["s3"]
    assert ids(choice.below_minimum) == ["s1", "s5"]
    assert choice.short_bytes == 0
    small = choose_emergency(held, 150, rule(10, minimum=5), NOTHING, NOW)
    assert ids(small.segments) == ["s2", "s4"]


def test_an_emergency_says_what_it_does_not_come_to():
    choice = choose_emergency([seg(1), seg(2)], 500, rule(10), NOTHING, NOW)
    assert (len(choice.segments), choice.short_bytes) == (2, 300)


# --- whatever is held

CAMERAS = st.sampled_from(["a", "b", "c"])
SEGMENTS = st.lists(
    st.builds(
        seg,
        st.integers(0, 10**6),
        age=st.floats(0, 40),
        camera=CAMERAS,
        size=st.integers(1, 1000),
        is_open=st.booleans(),
    ),
    max_size=40,
    unique_by=lambda s: s.segment_id,
)
PROTECTIONS = st.lists(
    st.tuples(st.lists(CAMERAS, max_size=2).map(tuple), st.floats(0, 41), st.floats(0, 3)).map(
        lambda p: Protection(p[0], NOW - round(p[1] * DAY), NOW - round((p[1] - p[2]) * DAY))
    ),
    max_size=6,
)
RULES = st.fixed_dictionaries(
    {
        name: st.builds(
            lambda keep, least: Rule(
                None if keep is None else round(keep * DAY), round(least * DAY)
            ),
            st.none() | st.floats(0.01, 40),
            st.floats(0, 20),
        )
        for name in "abc"
    }
)


def is_protected(one, protections):
    """The long way round, to compare with."""
    return any(
        (not p.camera_ids or one.camera_id in p.camera_ids)
        and p.start_wall_us <= one.end_wall_us
        and p.end_wall_us >= one.start_wall_us
        for p in protections
    )


@given(SEGMENTS, PROTECTIONS, RULES)
def test_expired_is_just_what_is_closed_old_and_free(held, protections, rules):
    chosen = choose_expired(held, rules.__getitem__, Shield(protections), NOW)
    expected = [
        s for s in held
        if s.end_wall_us is not None and not is_protected(s, protections)
        and (keep := rules[s.camera_id].keep_us) is not None and s.end_wall_us < NOW - keep
    ]  # fmt: skip
    assert chosen == expected


@given(SEGMENTS, PROTECTIONS, RULES, st.integers(-5, 20_000))
def test_over_quota_never_takes_more_than_needed_nor_younger_before_older(
    held, protections, rules, excess
):
    chosen = choose_over_quota(held, excess, rules.__getitem__, Shield(protections), NOW)
    assert all(s.end_wall_us is not None and not is_protected(s, protections) for s in chosen)
    assert all(s.end_wall_us < NOW - rules[s.camera_id].minimum_us for s in chosen)
    assert chosen == sorted(chosen, key=lambda s: (s.start_wall_us, s.segment_id))
    if chosen:
        assert sum(s.size_bytes for s in chosen[:-1]) < excess
    left_out = [s for s in held if s not in chosen and s.end_wall_us is not None
                and not is_protected(s, protections)
                and s.end_wall_us < NOW - rules[s.camera_id].minimum_us]  # fmt: skip
    assert not left_out or sum(s.size_bytes for s in chosen) >= max(excess, 0)


@given(SEGMENTS, PROTECTIONS, RULES, st.integers(0, 20_000))
def test_an_emergency_never_takes_protected_open_or_more_than_needed(
    held, protections, rules, needed
):
    choice = choose_emergency(held, needed, rules.__getitem__, Shield(protections), NOW)
    chosen = choice.segments
    assert len(set(ids(chosen))) == len(chosen)
    assert all(s.end_wall_us is not None and not is_protected(s, protections) for s in chosen)
    freed = sum(s.size_bytes for s in chosen)
    assert choice.short_bytes == max(needed - freed, 0)
    if chosen:
        assert sum(s.size_bytes for s in chosen[:-1]) < needed
    free = [s for s in held if s.end_wall_us is not None and not is_protected(s, protections)]
    if choice.short_bytes:
        assert set(ids(chosen)) == set(ids(free))
    if choice.below_minimum:
        assert all(s in chosen for s in free if s.end_wall_us < NOW - rules[s.camera_id].minimum_us)
