"""Which footage is encoded anew, and when it is left alone."""

from __future__ import annotations

import pytest

from engine.ageing.footage import DAY_US, AgedSegment
from engine.ageing.stages import backlog, choose_reencodings, stages_of
from nvr_app.contract.config import AgeingSettings

NOW = 1_900_000_000_000_000
PLAN = stages_of(AgeingSettings())


def segment(days, *, codec="h264", n=0, **changes):
    end = NOW - int(days * DAY_US)
    return AgedSegment(
        segment_id=f"s{n}", camera_id="a", root="hot", path=f"a/{n}.mp4",
        start_wall_us=end - 60_000_000, end_wall_us=end, size_bytes=100, codec=codec,
        content_hash="x", **changes,
    )  # fmt: skip


def becomes(one, stages=PLAN):
    found = choose_reencodings([one], stages, NOW, 9)
    return found[0].target.codec if found else None


@pytest.mark.parametrize(
    ("days", "codec", "aged", "wanted"),
    [
        (6.9, "h264", "", None),
        (7, "h264", "", "hevc"),
        (7, "hevc", "", "hevc"),  # a camera's own H.265: to a lower quality
        (29.9, "hevc", "hevc", None),
        (30, "hevc", "hevc", "av1"),
        (45, "h264", "", "av1"),  # it was away, or the machine busy, while H.265 was due
        (45, "h264", "hevc", "av1"),  # H.265 would not have been smaller
        (45, "av1", "av1", None),
        (45, "hevc", "av1", None),  # AV1 was tried in vain
        (45, "av1", "", None),
        (8, "av1", "", None),
        (90, "h264", "", None),
        (-5, "h264", "", None),
    ],
)
def test_stage_by_age_and_past(days, codec, aged, wanted):
    assert becomes(segment(days, codec=codec, aged=aged)) == wanted


def test_protected_footage_stays_as_it_was_recorded():
    assert becomes(segment(10, is_protected=True)) is None


def test_a_root_that_is_away_is_left_alone():
    assert choose_reencodings([segment(10)], PLAN, NOW, 9, frozenset({"hot"})) == []


def test_oldest_first_and_no_more_than_wanted():
    many = [segment(8 + n / 10, n=n) for n in range(9)]
    assert [one.segment.segment_id for one in choose_reencodings(many, PLAN, NOW, 3)] == [
        "s8", "s7", "s6",
    ]  # fmt: skip
    assert backlog(many, PLAN, NOW).segments == 9
    assert backlog(many, PLAN, NOW).size_bytes == 900


def test_settings_make_the_stages():
    assert stages_of(AgeingSettings(reencode=False)) == ()
    only = stages_of(AgeingSettings(hevc_after_days=0, av1_after_days=3, reencode_until_days=5))
    assert [(s.after_days, s.before_days, s.target.codec) for s in only] == [(3, 5, "av1")]
    assert [(s.after_days, s.before_days, s.target.codec) for s in PLAN] == [
        (7, 30, "hevc"), (30, 90, "av1"),
    ]  # fmt: skip
