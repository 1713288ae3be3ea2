"""Looking back at a real engine's footage: all tiles under one clock, one alone, and back."""

from __future__ import annotations

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from nvr_app.contract.timebase import US_PER_S, parse_wall_us
from ui.playback.goal import LaneKind, LaneState
from ui.playback.keys import KEYS, Do, hint_of
from ui.playback.lane_words import lane_words
from ui.playback.speed_steps import SPEEDS, faster, slower, speed_text
from ui.playback.tile_menu import tile_menu
from ui.playback.when import parse_when
from ui.timeline.zone import Zone
from ui.wall.words import TileWords

pytestmark = pytest.mark.timeout(90)
BERLIN = Zone(ZoneInfo("Europe/Berlin"))
NOW_US = parse_wall_us("2026-11-23T20:00:00Z")
LIMIT_MS = 20_000


@pytest.fixture
def recorded(engine):
    """A moment of which both cameras have footage."""

    def spans():
        now = time.time()
        told = engine.json(f"/api/v1/timeline?start={now - 3600}&end={now}")
        return [camera["recorded"] for camera in told["cameras"]]

    def is_long_enough():
        rows = spans()
        return len(rows) == 2 and all(
            row and row[-1][1] - row[-1][0] > 4 * US_PER_S for row in rows
        )

    engine.until(is_long_enough, "four seconds of footage of both cameras")
    return max(row[-1][0] for row in spans()) + 2 * US_PER_S


@pytest.fixture
def press(window, qtbot):
    window.activateWindow()
    window.wall.setFocus()
    qtbot.waitUntil(window.isActiveWindow)

    def press(key, modifier=Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(window.focusWidget() or window, key, modifier)

    return press


def shows_past(window, *camera_ids):
    scenes = [window.wall.shown_scene(camera_id) for camera_id in camera_ids]
    return all(scene is not None and scene.past_mark and scene.is_lit for scene in scenes)


def test_all_tiles_look_back_together_and_say_so(window, qtbot, recorded):
    window.show_playback(recorded)
    assert window.top_bar._sections[1].isChecked()
    assert window.timeline.height() == 236
    qtbot.waitUntil(lambda: shows_past(window, "a", "b"), timeout=LIMIT_MS)
    shots = [window.wall.shown_shot(camera_id).wall_us for camera_id in "ab"]
    assert abs(shots[0] - shots[1]) < US_PER_S
    assert all(recorded - US_PER_S <= shot < time.time_ns() // 1000 for shot in shots)
    begun = window.playback.current.position_us
    qtbot.waitUntil(lambda: window.playback.current.position_us > begun, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: window.timeline.timeline.cursor_us >= begun, timeout=LIMIT_MS)


def test_space_pauses_and_l_goes_back_to_live(window, qtbot, press, recorded):
    window.show_playback(recorded)
    press(Qt.Key.Key_Space)
    assert not window.playback.current.is_playing
    press(Qt.Key.Key_J)
    assert window.playback.current.is_playing
    assert window.playback.current.speed == -1
    press(Qt.Key.Key_Plus)
    assert window.playback.current.speed == -2
    assert window.timeline.bar._speed.text() == speed_text(-2)
    press(Qt.Key.Key_L)
    assert window.playback.current is None
    assert window.wall.cameras_in_the_past == ()
    assert window.timeline.height() == 132
    assert window.top_bar._sections[0].isChecked()

    def is_live():
        scene = window.wall.shown_scene("a")
        return scene is not None and scene.state.is_live

    qtbot.waitUntil(is_live, timeout=LIMIT_MS)


def test_a_step_goes_to_the_next_picture_and_back(window, qtbot, press, recorded):
    window.wall.select("a")
    window.show_playback(recorded)
    press(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: shows_past(window, "a"), timeout=LIMIT_MS)
    first = window.wall.shown_shot("a").wall_us
    press(Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.wall.shown_shot("a").wall_us > first, timeout=LIMIT_MS)
    assert window.wall.shown_shot("a").wall_us - first < US_PER_S // 2
    press(Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.wall.shown_shot("a").wall_us == first, timeout=LIMIT_MS)


def test_one_tile_looks_back_alone_while_the_other_is_live(window, qtbot, press, recorded):
    window.wall.select("b")
    press(Qt.Key.Key_A)
    assert window.wall.cameras_in_the_past == ("b",)
    assert not window.playback.is_playback
    window.playback.go_to(recorded)
    qtbot.waitUntil(lambda: shows_past(window, "b"), timeout=LIMIT_MS)
    assert not window.timeline.timeline.is_live
    window.wall.select("a")
    assert window.timeline.timeline.is_live
    assert window.wall.shown_scene("a").past_mark == ""
    window.wall.select("b")
    press(Qt.Key.Key_L)
    assert window.wall.cameras_in_the_past == ()


def test_only_what_is_seen_is_decoded(window, qtbot, recorded):
    window.show_playback(recorded)
    assert set(window.wall.cameras_in_the_past) == {"a", "b"}
    window.wall.maximise("b")
    assert window.wall.cameras_in_the_past == ("b",)
    qtbot.waitUntil(lambda: shows_past(window, "b"), timeout=LIMIT_MS)
    window.wall.restore()
    assert set(window.wall.cameras_in_the_past) == {"a", "b"}


def test_a_click_on_the_live_timeline_goes_there_and_a_page_away_comes_back(window, recorded):
    window.timeline.sought.emit(recorded)
    assert window.playback.is_playback
    window.playback.current.pause()
    held = window.playback.current.position_us
    window.show_page(1)
    assert not window.playback.is_playback
    window.show_playback()
    assert window.playback.current.position_us == held


def test_go_to_a_time_is_a_field_that_refuses_nonsense_in_words(window, press, qtbot, recorded):
    window.show_playback(recorded)
    press(Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    field = window.timeline.bar.go_to
    assert field.line.hasFocus()
    field.line.setText("half past ten")
    QTest.keyClick(field.line, Qt.Key.Key_Return)
    assert "half past ten" in field.fault
    shown = datetime.fromtimestamp(recorded // US_PER_S)  # noqa: DTZ006  as a clock shows it
    field.line.setText(shown.strftime("%Y-%m-%d %H:%M:%S"))
    QTest.keyClick(field.line, Qt.Key.Key_Return)
    assert field.isHidden()
    assert abs(window.playback.current.position_us - recorded) <= US_PER_S
    assert window.wall.hasFocus()


def test_the_next_event_is_gone_to_and_none_is_said(window, qtbot, teller, recorded):
    window.wall.select("a")
    told = []
    window.playback.message.connect(told.append)
    teller.motion("x" * 12, ago_s=1.0)  # motion is no event to go to
    window.show_playback(recorded)
    window.playback.go_to(parse_wall_us("2020-01-01T00:00:00Z"))
    window.playback.do(Do.EVENT_BACK)
    qtbot.waitUntil(lambda: bool(told), timeout=LIMIT_MS)
    assert told[0].startswith("No event within a day before ")


def test_button_and_key_hand_the_range_to_the_export(window, qtbot, press, recorded):
    panel = window.evidence_page.panel
    qtbot.waitUntil(lambda: panel.cameras.count() == 2, timeout=LIMIT_MS)
    window.wall.select("a")
    window.timeline.timeline.set_range((recorded, recorded + 60 * US_PER_S))
    for begin in (
        lambda: qtbot.mouseClick(window.timeline.bar.buttons[Do.EXPORT], Qt.MouseButton.LeftButton),
        lambda: press(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier),
    ):
        window.show_page(0)
        begin()
        assert window.pages.currentWidget() is window.evidence_page
        assert panel.start.dateTime().toSecsSinceEpoch() == recorded // US_PER_S


def test_the_menu_of_a_tile_offers_what_it_can_do_now(window, qtbot, recorded):
    def texts(camera_id):
        menu = tile_menu(window.wall, camera_id, window.playback.do)
        return [action.text() for action in menu.actions() if action.text()]

    assert "Look back on this tile alone" in texts("a")
    assert "Back to live" not in texts("a")
    window.playback.look_alone("a", recorded)
    assert "Back to live" in texts("a")
    window.wall.tell_past("a", recorded, TileWords("No recording", ()))
    assert "Next footage" in texts("a")
    assert "Back to live" not in texts("b")


def titled(marks, title):
    return [mark for mark in marks.marks if mark.title == title]


def test_bookmarks_are_set_listed_and_removed(window, qtbot, press, recorded):
    window.wall.select("a")
    window.show_playback(recorded)
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    panel = window.marking.panel
    assert panel.bookmark.title.hasFocus()
    QTest.keyClick(panel.bookmark.title, Qt.Key.Key_Return)
    assert panel.bookmark.fault == "A bookmark needs a title."
    QTest.keyClicks(panel.bookmark.title, "The van")
    QTest.keyClick(panel.bookmark.title, Qt.Key.Key_Return)
    marks = window.marking.feed
    qtbot.waitUntil(lambda: bool(titled(marks, "The van")), timeout=LIMIT_MS)
    (mark,) = titled(marks, "The van")
    assert mark.camera_ids == ("a",)
    assert abs(mark.start_wall_us - window.playback.current.position_us) < 2_000
    qtbot.waitUntil(panel.isHidden, timeout=LIMIT_MS)  # it was there for the form alone
    marks.take_back(mark, "")
    qtbot.waitUntil(lambda: not titled(marks, "The van"), timeout=LIMIT_MS)


def test_protection_takes_a_range_a_reason_and_an_end_and_is_lifted_with_a_reason(
    window, qtbot, engine, recorded
):
    window.wall.select("b")
    window.show_playback(recorded)
    window.timeline.timeline.set_range((recorded, recorded + US_PER_S))
    window.playback.do(Do.PROTECT)
    form = window.marking.panel.protect
    assert "No clean-up deletes this footage before " in form._effect.text()
    form.saved.emit()
    assert "needs a reason" in form.fault
    form.reason.setText("police")
    form.saved.emit()
    marks = window.marking.feed
    qtbot.waitUntil(lambda: bool(titled(marks, "police")), timeout=LIMIT_MS)
    (mark,) = titled(marks, "police")
    assert (mark.start_wall_us, mark.end_wall_us) == pytest.approx(
        (recorded, recorded + US_PER_S), abs=1_000
    )
    assert mark.until_wall_us > time.time_ns() // 1000 + 29 * 86_400 * US_PER_S
    engine.until(
        lambda: mark.mark_id.encode() in engine.ask("/api/v1/protections")[1], "the index to know"
    )
    window.marking.panel.lift.ask(mark)
    window.marking.panel.lift.saved.emit()
    assert "needs a reason" in window.marking.panel.lift.fault
    window.marking.panel.lift.reason.setText("case closed")
    window.marking.panel.lift.saved.emit()
    qtbot.waitUntil(lambda: not titled(marks, "police"), timeout=LIMIT_MS)


# --- words and arithmetic


def test_keys_stand_in_the_tool_tips(window):
    for do, button in window.timeline.bar.buttons.items():
        assert button.toolTip() == hint_of(do)
        assert all(key in button.toolTip() for key in KEYS[do])


def test_speeds_go_in_steps_and_stop_at_their_ends():
    assert [faster(speed) for speed in SPEEDS] == [0.5, 1, 2, 4, 8, 16, 16]
    assert [slower(speed) for speed in SPEEDS] == [0.25, 0.25, 0.5, 1, 2, 4, 8]
    assert faster(-1) == -2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10:02", "2026-11-23T09:02:00Z"),
        ("20:59:59", "2026-11-23T19:59:59Z"),
        ("21:30", "2026-11-22T20:30:00Z"),  # of yesterday: today it is still to come
        ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
        ("2026-10-25 02:30 CET", "2026-10-25T01:30:00Z"),
        ("2026-11-23 10:02:11.5", "2026-11-23T09:02:11.5Z"),
    ],
)
def test_a_time_is_understood_as_people_type_it(text, expected):
    assert parse_when(text, BERLIN, NOW_US) == parse_wall_us(expected)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("soon", "is no time"),
        ("25:00", "no time of any day"),
        ("2026-03-29 02:30", "clocks were put forward"),
        ("2026-12-24 18:00", "still to come"),
        ("2026-10-25 02:30 EST", "CEST, CET"),
    ],
)
def test_a_time_that_is_none_is_refused_in_words(text, sentence):
    with pytest.raises(ValueError, match=sentence):
        parse_when(text, BERLIN, NOW_US)


def test_a_gap_is_told_on_its_tile_with_its_reason():
    start, end = parse_wall_us("2026-11-23T09:02:00Z"), parse_wall_us("2026-11-23T09:07:00Z")
    words = lane_words(LaneState(LaneKind.GAP, start, end, "camera_lost"), BERLIN)
    assert words.headline == "No recording"
    assert words.lines == ("10:02:00 to 10:07:00 · camera lost", "Next footage (Shift+N)")
    assert lane_words(LaneState(LaneKind.PLAYING), BERLIN) is None
    failed = lane_words(LaneState(LaneKind.FAILED, reason="the disk is away"), BERLIN)
    assert failed.lines == ("the disk is away",)
