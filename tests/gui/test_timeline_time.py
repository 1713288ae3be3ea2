"""The timeline's arithmetic: local days of 23 and 25 hours, zoom, labels that never overlap."""

from __future__ import annotations

import itertools
import time
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr_app.contract.timebase import US_PER_S, parse_wall_us
from ui.timeline.axis import LONGEST_US, SHORTEST_US, Axis
from ui.timeline.ticks import axis_ticks, exact_label
from ui.timeline.zone import Zone

HOUR_US = 3600 * US_PER_S
BERLIN = Zone(ZoneInfo("Europe/Berlin"))
KOLKATA = Zone(ZoneInfo("Asia/Kolkata"))
KATHMANDU = Zone(ZoneInfo("Asia/Kathmandu"))
LORD_HOWE = Zone(ZoneInfo("Australia/Lord_Howe"))
CAIRO = Zone(ZoneInfo("Africa/Cairo"))
ALL = (BERLIN, KOLKATA, KATHMANDU, LORD_HOWE, CAIRO)


def utc(text):
    return parse_wall_us(text + "Z")


def clock(*parts):
    return datetime(*parts)  # noqa: DTZ001  what a clock shows has no zone


def seconds(first, last):
    return st.integers(utc(first) // US_PER_S, utc(last) // US_PER_S)


@pytest.mark.parametrize(
    ("zone", "noon", "hours"),
    [
        (BERLIN, "2026-03-29T10:00:00", 23),
        (BERLIN, "2026-10-25T11:00:00", 25),
        (BERLIN, "2026-11-25T11:00:00", 24),
        (KOLKATA, "2026-03-29T06:30:00", 24),
        (LORD_HOWE, "2026-04-05T01:00:00", 24.5),
        (LORD_HOWE, "2026-10-04T01:00:00", 23.5),
        (CAIRO, "2026-04-24T10:00:00", 23),  # there clocks skip midnight itself
    ],
)
def test_a_local_day_is_as_long_as_it_is(zone, noon, hours):
    start, end = zone.day(utc(noon))
    assert (end - start) / HOUR_US == hours
    assert zone.local(start).date() == zone.local(end - 1).date() == zone.local(utc(noon)).date()
    assert zone.local(start - 1).date() < zone.local(start).date()
    assert zone.day(start)[0] == start
    assert zone.day(end)[0] == end


def test_an_hour_that_comes_twice_is_found_twice_and_one_that_is_skipped_never():
    assert BERLIN.moments(clock(2026, 10, 25, 2, 30)) == (
        utc("2026-10-25T00:30:00"),
        utc("2026-10-25T01:30:00"),
    )
    assert BERLIN.moments(clock(2026, 3, 29, 2, 30)) == ()
    assert BERLIN.moments(clock(2026, 3, 29, 3, 0)) == (utc("2026-03-29T01:00:00"),)
    assert LORD_HOWE.moments(clock(2026, 4, 5, 1, 45)) == (
        utc("2026-04-04T14:45:00"),
        utc("2026-04-04T15:15:00"),
    )
    assert CAIRO.start_of(date(2026, 4, 24)) == utc("2026-04-23T22:00:00")


def test_the_system_s_own_zone_follows_its_rules(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        own = Zone()
        for text in ("2026-03-29T00:30:00", "2026-03-29T01:30:00", "2026-10-25T00:30:00"):
            assert own.local(utc(text)) == BERLIN.local(utc(text))
            assert own.abbreviation(utc(text)) == BERLIN.abbreviation(utc(text))
        assert own.day(utc("2026-10-25T11:00:00")) == BERLIN.day(utc("2026-10-25T11:00:00"))
    finally:
        monkeypatch.undo()
        time.tzset()


@given(
    wall_s=seconds("2020-01-01T00:00:00", "2030-01-01T00:00:00"),
    zone=st.sampled_from(ALL),
)
def test_what_a_clock_shows_leads_back_to_the_moment(wall_s, zone):
    moment = wall_s * US_PER_S
    assert moment in zone.moments(zone.local(moment))
    start, end = zone.day(moment)
    assert start <= moment < end


def test_sections_meet_at_the_change_of_clocks():
    start, end = BERLIN.day(utc("2026-10-25T11:00:00"))
    summer, winter = BERLIN.sections(start, end)
    assert (summer.start_us, summer.end_us) == (start, utc("2026-10-25T01:00:00"))
    assert (winter.start_us, winter.end_us) == (summer.end_us, end)
    assert (summer.offset_us, winter.offset_us) == (2 * HOUR_US, HOUR_US)


@given(
    notches=st.lists(st.floats(-12, 12), max_size=12),
    x=st.floats(0, 1920),
)
def test_zoom_keeps_what_lies_under_the_mouse_and_its_limits(notches, x):
    axis = Axis(utc("2026-11-23T20:00:00"), utc("2026-11-23T21:00:00"), 1920)
    for notch in notches:
        before = axis.time_at(x)
        axis = axis.zoomed(notch, x)
        assert SHORTEST_US <= axis.span_us <= LONGEST_US
        assert abs(axis.time_at(x) - before) <= 2
    assert axis.x_of(axis.time_at(x)) == pytest.approx(x, abs=axis.width / axis.span_us * 2)


def test_the_view_follows_a_moment_that_leaves_it_and_no_other():
    axis = Axis(0, 100, 100)
    assert axis.following(99, share=0.5) is axis
    assert axis.following(150, share=0.5) == Axis(100, 200, 100)
    assert axis.centred(10) == Axis(-40, 60, 100)


# --- labels


def width_of(text):
    return 7.0 * len(text)


def labels(axis, zone):
    return axis_ticks(
        axis, zone, width_of, lambda wall_us: zone.local(wall_us).strftime("%a %d %b"), gap=12
    )


@given(
    start_s=seconds("2026-03-27T00:00:00", "2026-11-01T00:00:00"),
    span_us=st.integers(SHORTEST_US, LONGEST_US),
    width=st.integers(120, 4000),
    zone=st.sampled_from(ALL),
)
def test_labels_never_overlap_and_stay_inside(start_s, span_us, width, zone):
    axis = Axis(start_s * US_PER_S, start_s * US_PER_S + span_us, width)
    shown = [tick for tick in labels(axis, zone) if tick.text]
    edges = [(tick.x - width_of(tick.text) / 2, tick.x + width_of(tick.text) / 2) for tick in shown]
    for (_, right), (left, _) in itertools.pairwise(edges):
        assert left - right >= 12 - 1e-6
    assert all(left >= 0 and right <= width for left, right in edges)


@pytest.mark.parametrize("zone", ALL)
@pytest.mark.parametrize("span_us", [SHORTEST_US, 600 * US_PER_S, HOUR_US, 24 * HOUR_US])
def test_labels_are_round_on_the_local_clock(zone, span_us):
    start = utc("2026-06-23T20:17:23")
    shown = [t for t in labels(Axis(start, start + span_us, 1200), zone) if t.text and not t.is_day]
    assert len(shown) >= 3
    for tick in shown:
        local = zone.local(tick.wall_us)
        assert local.microsecond == 0
        if span_us >= HOUR_US:
            assert local.second == 0
            assert local.minute % 5 == 0
        if span_us >= 24 * HOUR_US:
            assert local.minute == 0


def test_the_night_of_25_hours_shows_the_hour_that_comes_twice_with_its_zone():
    start, end = BERLIN.day(utc("2026-10-25T11:00:00"))
    texts = [tick.text for tick in labels(Axis(start, end, 2600), BERLIN) if tick.text]
    assert texts[:4] == ["01:00", "02:00 CEST", "02:00 CET", "03:00"]


def test_the_night_of_23_hours_shows_no_hour_that_is_not():
    start, end = BERLIN.day(utc("2026-03-29T11:00:00"))
    axis = Axis(start, end, 2600)
    texts = [tick.text for tick in labels(axis, BERLIN) if tick.text]
    assert texts[:3] == ["01:00", "03:00", "04:00"]


def test_a_date_goes_before_the_times_beside_it():
    midnight, _ = BERLIN.day(utc("2026-11-25T11:00:00"))
    axis = Axis(midnight - 12 * HOUR_US, midnight + 12 * HOUR_US, 900)
    dates = [tick for tick in labels(axis, BERLIN) if tick.is_day]
    assert [tick.text for tick in dates] == ["Wed 25 Nov"]


def test_a_moment_is_told_as_precisely_as_frames_are():
    assert exact_label(utc("2026-11-23T19:51:12.400"), BERLIN) == "20:51:12.400"
    assert exact_label(utc("2026-10-25T00:30:00"), BERLIN) == "02:30:00.000 CEST"
