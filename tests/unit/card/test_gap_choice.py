"""Which gap is asked of a card next."""

from hypothesis import given
from hypothesis import strategies as st

from engine.card.gap_choice import (
    LONGEST_PIECE_US,
    MOST_TRIES,
    OLDEST_US,
    Gap,
    Tries,
    choose_fill_root,
    choose_gaps_to_fill,
    piece_of,
)
from nvr_app.contract.api import RootUsage

S = 1_000_000
NOW = 1_700_000_000 * S


def gap(ago_s=100, length_s=20, camera_id="a", reason="camera_lost"):
    end_us = NOW - int(ago_s * S)
    return Gap(camera_id, end_us - int(length_s * S), end_us, reason)


def chosen(*gaps, cameras=("a", "b"), tried=None, now_us=NOW):
    return choose_gaps_to_fill(gaps, cameras, tried or {}, now_us)


def test_the_gap_that_has_waited_longest_comes_first_and_one_for_each_camera():
    old, new, other = gap(500), gap(50), gap(70, camera_id="b")
    assert chosen(new, other, old) == [old, other]


def test_what_is_too_fresh_too_old_too_short_or_was_wanted_is_left():
    assert chosen(gap(5)) == []
    assert chosen(gap(OLDEST_US // S + 1)) == []
    assert chosen(gap(length_s=1.9)) == []
    assert chosen(gap(reason="paused"), gap(reason="refused")) == []
    assert chosen(gap(camera_id="c")) == []
    assert chosen(gap(-20)) == []  # the clock was set back: it is waited for


def test_a_gap_rests_between_tries_and_is_given_up_after_the_last():
    one = gap()
    assert chosen(one, tried={one: Tries(1, NOW - 20 * S)}) == []
    assert chosen(one, tried={one: Tries(1, NOW - 40 * S)}) == [one]
    assert chosen(one, tried={one: Tries(2, NOW - 40 * S)}) == []
    assert chosen(one, tried={one: Tries(2, NOW - 700 * S)}) == [one]
    assert chosen(one, tried={one: Tries(MOST_TRIES, NOW - 86_400 * S)}) == []
    # One that was tried in vain holds no other up.
    assert chosen(one, gap(50), tried={one: Tries(1, NOW)}) == [gap(50)]


def test_a_clock_that_was_set_back_by_a_day_makes_no_gap_wait_for_ever():
    one = gap()
    assert chosen(one, tried={one: Tries(1, NOW + 86_400 * S)}) == [one]


def test_a_long_gap_is_fetched_in_pieces():
    long = gap(length_s=1_500)
    first = chosen(long)[0]
    assert first == piece_of(long)
    assert (first.start_wall_us, first.end_wall_us - first.start_wall_us) == (
        long.start_wall_us, LONGEST_PIECE_US,
    )  # fmt: skip


@given(st.lists(st.tuples(st.integers(-100, 2_000_000), st.integers(0, 5_000),
                          st.sampled_from("abc")), max_size=20))  # fmt: skip
def test_never_two_of_a_camera_and_never_outside_the_gaps(raw):
    gaps = [gap(ago, length, camera) for ago, length, camera in raw]
    found = chosen(*gaps)
    assert len({one.camera_id for one in found}) == len(found)
    for one in found:
        assert any(
            g.camera_id == one.camera_id and g.start_wall_us == one.start_wall_us
            and one.end_wall_us <= g.end_wall_us for g in gaps
        )  # fmt: skip


def usage(name, **changes):
    values = {"name": name, "total_bytes": 100, "free_bytes": 90} | changes
    return RootUsage(**values)


def test_footage_of_a_card_goes_where_live_footage_goes():
    full, roomy = usage("one", free_bytes=10), usage("two")
    cold, gone = usage("cold", role="cold"), usage("gone", state="missing")
    assert choose_fill_root([cold, gone, full, roomy]) == "two"
    assert choose_fill_root([full]) == "one"
    assert choose_fill_root([usage("q", quota_bytes=10, used_bytes=9), roomy]) == "two"
    assert choose_fill_root([cold, gone]) == ""
