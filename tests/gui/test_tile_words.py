"""The sentences on a tile are for people: since when, why, what next."""

from __future__ import annotations

import pytest

from nvr_app.contract.status import CameraStatus
from ui.wall.moment import Moment
from ui.wall.tile_state import tile_state
from ui.wall.words import (
    badge_text,
    clock_text,
    duration_text,
    file_time_text,
    tile_words,
    tool_tip_text,
)

S = 1_000_000
NOW = Moment(mono_ns=60_000_000_000, wall_us=1_700_000_000_000_000)
OLD_NS, FRESH_NS = 1_000_000_000, 59_900_000_000


def camera(status="active", **more):
    return CameraStatus(
        camera_id="c1",
        name="Door",
        location="Yard",
        status=status,
        since_wall_us=NOW.wall_us - 42 * S,
        **more,
    )


def words(status, picture_ns=OLD_NS, picture_wall_us=0, connection=None):
    state = tile_state(status, picture_ns, NOW, is_engine_reachable=connection is None)
    return tile_words(status, state, picture_wall_us, NOW, connection)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0:00"),
        (0, "0:00"),
        (42, "0:42"),
        (725, "12:05"),
        (3729, "1:02:09"),
        (86_399, "23:59:59"),
        (2 * 86_400 + 3 * 3600 + 59, "2 d 3 h"),
    ],
)
def test_durations_are_read_at_a_glance(seconds, text):
    assert duration_text(seconds * S) == text


def test_a_lost_camera_says_how_long_since_when_what_next_and_why():
    picture_us = NOW.wall_us - 45 * S
    status = camera("lost", next_try_wall_us=NOW.wall_us + 8_500_000, detail="No packets for 5 s.")
    assert words(status, picture_wall_us=picture_us) == (
        "Lost for 0:42",
        (f"no picture since {clock_text(picture_us)}", "next try in 9 s", "No packets for 5 s."),
    )


def test_a_try_that_is_over_is_not_announced():
    assert words(camera("lost", next_try_wall_us=NOW.wall_us)).lines == ()


@pytest.mark.parametrize(
    ("status", "headline"),
    [
        ("connecting", "Connecting"),
        ("refused", "Password refused"),
        ("paused", "Paused"),
        ("unsupported", "Stream not supported"),
        ("stopped", "Stopped"),
        ("unwritable", "Storage refused"),
        ("active", "No picture"),
    ],
)
def test_every_state_has_a_word(status, headline):
    assert words(camera(status)).headline == headline


def test_before_the_first_picture_the_tile_waits():
    assert words(camera(), picture_ns=None) == ("Waiting for the first picture", ())


def test_without_the_engine_the_reason_stands_first_and_no_try_of_the_camera():
    status = camera("lost", next_try_wall_us=NOW.wall_us + 9 * S, detail="old news")
    said = words(status, picture_wall_us=NOW.wall_us, connection="The engine does not answer.")
    assert said.headline == "Engine unreachable"
    assert said.lines[0] == "The engine does not answer."
    assert "next try" not in " ".join(said.lines)
    assert "old news" not in " ".join(said.lines)


def test_a_badge_says_what_arrives_of_what_was_promised():
    status = camera(received_fps=14.2, nominal_fps=30)
    assert badge_text(status, tile_state(status, FRESH_NS, NOW)) == "14 of 30 fps"
    healthy = camera(received_fps=29.7, nominal_fps=30)
    assert badge_text(healthy, tile_state(healthy, FRESH_NS, NOW)) == ""
    full = camera("unwritable")
    assert badge_text(full, tile_state(full, FRESH_NS, NOW)) == "storage refused"


def test_file_times_bear_milliseconds():
    assert file_time_text(NOW.wall_us + 7_000).endswith(".007")
    assert len(file_time_text(NOW.wall_us)) == len("20260131T083000.123")


def test_the_tool_tip_has_the_raw_figures():
    text = tool_tip_text(camera(width=1920, height=1080, codec="h264", bitrate_bps=4_120_000))
    assert "1920 x 1080 h264" in text
    assert "4.12 Mbit/s" in text
    assert "Yard" in text
