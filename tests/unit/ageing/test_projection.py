"""How long footage will fit, in figures and in words."""

from __future__ import annotations

import pytest

from engine.ageing.footage import DAY_US, TierRoot
from engine.ageing.projection import RecordedSpan, growth_of, project, room_of, sentence, warning

NOW = 1_900_000_000_000_000
GB = 1024**3


def span(camera_id, gb, days=7.0, oldest=23.0):
    return RecordedSpan(
        camera_id=camera_id, size_bytes=int(gb * GB), first_wall_us=NOW - int(days * DAY_US),
        oldest_wall_us=NOW - int(oldest * DAY_US),
    )  # fmt: skip


def disk(name="main", role="hot", *, used=0, total=1000, free=None, **changes):
    free = total - used if free is None else free
    return TierRoot(
        name=name, role=role, total_bytes=total * GB, free_bytes=free * GB, used_bytes=used * GB,
        **changes,
    )  # fmt: skip


def test_growth_is_what_was_recorded_a_day():
    (camera,) = growth_of([span("a", 70)], {"a": 90.0}, NOW)
    assert camera.bytes_per_day == pytest.approx(10 * GB)
    assert camera.held_days == pytest.approx(23)
    assert camera.promised_days == 90
    (new,) = growth_of([span("b", 70, days=0.01, oldest=0.01)], {}, NOW)
    assert new.bytes_per_day == 0
    assert new.promised_days is None


def test_room_is_above_the_floor_and_below_the_quota():
    assert room_of(disk(used=100, floor_free_bytes=50 * GB)) == 850 * GB
    assert room_of(disk(used=100, quota_bytes=300 * GB)) == 200 * GB
    assert room_of(disk(used=100, quota_bytes=90 * GB)) == 0
    assert room_of(disk(is_usable=False)) == 0
    assert room_of(TierRoot(name="s3", role="cold")) is None


def test_days_until_full_and_days_that_fit():
    cameras = growth_of([span("a", 70), span("b", 70)], {"a": 90.0, "b": 30.0}, NOW)
    made = project(cameras, [disk(used=460, free=80)], {"main": 20 * GB})
    assert made.bytes_per_day == pytest.approx(20 * GB)
    assert made.days_until_full == pytest.approx(4)
    assert made.holdable_days == pytest.approx(27)
    assert made.needed_bytes == pytest.approx(1200 * GB)
    assert made.roots[0].days_until_full == pytest.approx(4)
    assert not made.is_promise_kept
    assert sentence(made) == (
        "23 days held; full in 4 days; the disks hold 27 days; policy wants 90"
    )
    assert warning(made) == (
        "The disks hold 27 days at the present rate, the policies promise 90: "
        "add 709 GB, record less, or promise less"
    )


def test_where_retention_deletes_before_it_is_full_it_never_is():
    cameras = growth_of([span("a", 70)], {"a": 30.0}, NOW)  # it grows for 7 days more
    made = project(cameras, [disk(total=100), disk("w", "warm", total=400)], {"main": 10 * GB})
    assert made.days_until_full is None
    assert made.roots[0].days_until_full is None
    assert "full in" not in sentence(made)
    assert made.holdable_days == pytest.approx(50)
    assert made.is_promise_kept
    assert warning(made) == ""


def test_cameras_stop_growing_each_in_its_time():
    spans = [span("a", 70, oldest=10), span("b", 70, oldest=10), span("c", 70, oldest=10)]
    cameras = growth_of(spans, {"a": 12.0, "b": 15.0, "c": None}, NOW)  # 10 GB a day each
    assert project(cameras, [disk(total=60)], {}).days_until_full == pytest.approx(2)
    assert project(cameras, [disk(total=120)], {}).days_until_full == pytest.approx(5)
    assert project(cameras, [disk(total=220)], {}).days_until_full == pytest.approx(15)


def test_a_bucket_holds_any_time():
    cameras = growth_of([span("a", 70)], {"a": 3650.0}, NOW)
    made = project(cameras, [disk(total=100), TierRoot(name="s3", role="cold")], {})
    assert made.holdable_days is None
    assert made.is_promise_kept
    assert "the disks hold" not in sentence(made)


def test_nothing_recorded_promises_nothing():
    made = project((), [disk()], {})
    assert made.days_until_full is None
    assert made.is_promise_kept
    assert sentence(made) == "0 hours held; too little recorded to tell how long it fits"


def test_a_root_that_is_away_holds_nothing_now():
    cameras = growth_of([span("a", 70)], {"a": 60.0}, NOW)
    made = project(cameras, [disk(total=300), disk("w", "warm", total=900, is_usable=False)], {})
    assert made.holdable_days == pytest.approx(30)
    assert not made.is_promise_kept
