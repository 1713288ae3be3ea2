"""The timeline under a person's hands, and what it asks of a real engine."""

from __future__ import annotations

import time
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from nvr_app.contract.api import CameraTimeline, Span, Timeline
from nvr_app.contract.events import GapEnded
from nvr_app.contract.ids import new_id
from nvr_app.contract.timebase import US_PER_S, parse_wall_us
from ui.client.http import EngineHttp
from ui.theme.tokens import DARK
from ui.timeline.axis import SHORTEST_US, Axis
from ui.timeline.model import wanted_axis
from ui.timeline.panel import TimelinePanel
from ui.timeline.rows import Lane, joined, merged_rows, next_moment, pixel_runs, row_of
from ui.timeline.zone import Zone

pytestmark = pytest.mark.timeout(60)
NOW_US = parse_wall_us("2026-11-23T21:00:00Z")
MINUTE_US = 60 * US_PER_S
BERLIN = Zone(ZoneInfo("Europe/Berlin"))


def ago(minutes):
    return NOW_US - round(minutes * MINUTE_US)


DOOR = CameraTimeline(
    camera_id="door",
    recorded=(Span(ago(58), ago(40), "recorded"), Span(ago(30), NOW_US, "recorded")),
    gaps=(Span(ago(40), ago(30), "camera_lost"),),
    motion=(Span(ago(50), ago(48), "motion"),),
    events=(Span(ago(20), ago(18), "person"),),
    bookmarks=(Span(ago(10), ago(10), "the van"),),
    protected=(Span(ago(12), ago(6), "police"),),
)
RAMP = CameraTimeline(camera_id="ramp", recorded=(Span(ago(55), ago(5), "recorded"),))
NAMES = {"door": "Front door", "ramp": "Ramp"}


@pytest.fixture
def panel(qtbot, theme):
    now = [NOW_US]
    made = TimelinePanel(EngineHttp(), NAMES.get, lambda: now[0], zone=BERLIN)
    made.now = now
    qtbot.addWidget(made)
    made.resize(1400, made.height())
    with qtbot.waitExposed(made):
        made.show()
    made.timeline.set_axis(Axis(ago(60), ago(-4), made.timeline.axis.width))
    axis = wanted_axis(made.timeline.axis)
    made.model.take(
        axis, Timeline(start_wall_us=axis.start_us, end_wall_us=axis.end_us, cameras=(DOOR, RAMP))
    )
    made.set_camera("door")
    return made


def point_at(panel, wall_us, row=0):
    places = panel.timeline.places()
    x = places.labels.left() + panel.timeline.axis.x_of(wall_us)
    return QPoint(round(x), places.rows[row].center().y())


def colour_at(panel, wall_us, row=0, dy=0):
    image = panel.timeline.grab().toImage()
    return image.pixelColor(point_at(panel, wall_us, row) + QPoint(0, dy))


def hover(panel, wall_us, row=0):
    panel.timeline.hovered.emit(wall_us, QPointF(point_at(panel, wall_us, row)))
    return panel.card.text


def wheel(panel, wall_us, notches, modifiers=Qt.KeyboardModifier.NoModifier):
    where = QPointF(point_at(panel, wall_us))
    event = QWheelEvent(
        where, panel.timeline.mapToGlobal(where), QPoint(), QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(panel.timeline, event)


# --- what it shows


def test_each_kind_has_its_colour_and_a_gap_is_hatched(panel):
    expected = {45: DARK.recorded, 49: DARK.motion, 19: DARK.event, 10: DARK.bookmark}
    for minutes, token in expected.items():
        assert colour_at(panel, ago(minutes)).name() == token, minutes
    upper = panel.timeline.places().rows[0]
    foot = upper.bottom() - upper.center().y()
    assert colour_at(panel, ago(8), dy=foot).name() == DARK.protected
    assert colour_at(panel, ago(8)).name() == DARK.recorded
    image = panel.timeline.grab().toImage()
    left = point_at(panel, ago(39))
    pixels = {image.pixelColor(left + QPoint(x, 0)).name() for x in range(40)}
    assert DARK.background in pixels
    assert len(pixels) > 1
    assert colour_at(panel, ago(59)).name() == DARK.background  # before the first footage: no gap
    assert colour_at(panel, ago(-2)).name() == DARK.background  # what is still to come


def test_the_row_of_all_shows_a_gap_of_one_though_others_record(panel):
    lower = panel.timeline.places().rows[1]
    assert colour_at(panel, ago(35), row=1, dy=-lower.height() // 4).name() == DARK.recorded
    image = panel.timeline.grab().toImage()
    low = point_at(panel, ago(39), row=1) + QPoint(0, lower.height() // 4)
    pixels = {image.pixelColor(low + QPoint(x, 0)).name() for x in range(40)}
    assert DARK.recorded not in pixels


def test_the_card_tells_a_gap_with_its_reason(panel):
    assert "no recording 21:20:00 to 21:30:00 (camera lost)" in hover(panel, ago(35))
    assert hover(panel, ago(35)).startswith("Mon 23 Nov  21:25:00\n")
    assert "person" in hover(panel, ago(19))
    told = hover(panel, ago(10))
    assert "bookmark: the van" in told
    assert "protected: police" in told
    assert "nothing recorded" in hover(panel, ago(59))


def test_the_card_tells_of_all_cameras_in_the_lower_row(panel):
    told = hover(panel, ago(35), row=1)
    assert "1 of 2 cameras recorded" in told
    assert "Front door: no recording 21:20:00 to 21:30:00 (camera lost)" in told


def test_a_camera_that_is_silent_now_has_a_gap_that_is_not_over(panel):
    panel.set_camera("ramp")
    assert "no recording since 21:55:00" in hover(panel, ago(2))


# --- hands


def test_the_wheel_zooms_around_the_mouse_down_to_ten_seconds(panel):
    panel.set_cursor(ago(50))
    place = point_at(panel, ago(20))
    for _ in range(60):
        wheel(panel, ago(20), 1)
        assert (point_at(panel, ago(20)) - place).manhattanLength() <= 2
    assert panel.timeline.axis.span_us == SHORTEST_US


def test_shift_and_wheel_move_the_view(panel):
    before = panel.timeline.axis
    wheel(panel, ago(20), 1, Qt.KeyboardModifier.ShiftModifier)
    after = panel.timeline.axis
    assert after.span_us == before.span_us
    assert after.start_us < before.start_us


def test_dragging_scrubs_and_letting_go_seeks(panel, qtbot):
    scrubbed, sought = [], []
    panel.scrubbed.connect(scrubbed.append)
    panel.sought.connect(sought.append)
    timeline = panel.timeline
    QTest.mousePress(timeline, Qt.MouseButton.LeftButton, pos=point_at(panel, ago(50)))
    QTest.mouseMove(timeline, point_at(panel, ago(45)))
    QTest.mouseRelease(timeline, Qt.MouseButton.LeftButton, pos=point_at(panel, ago(40)))
    slack = timeline.axis.us_per_pixel
    assert scrubbed[0] == pytest.approx(ago(50), abs=slack)
    assert sought == [pytest.approx(ago(40), abs=slack)]
    assert sorted(scrubbed) == scrubbed


def test_nothing_behind_the_present_can_be_sought(panel):
    sought = []
    panel.sought.connect(sought.append)
    QTest.mouseClick(panel.timeline, Qt.MouseButton.LeftButton, pos=point_at(panel, ago(-3)))
    assert sought == [NOW_US]


def test_shift_and_drag_choose_a_range_whose_ends_can_be_moved(panel):
    timeline, shift = panel.timeline, Qt.KeyboardModifier.ShiftModifier
    QTest.mousePress(timeline, Qt.MouseButton.LeftButton, shift, point_at(panel, ago(20)))
    QTest.mouseMove(timeline, point_at(panel, ago(30)))
    QTest.mouseRelease(timeline, Qt.MouseButton.LeftButton, shift, point_at(panel, ago(30)))
    slack = timeline.axis.us_per_pixel
    assert timeline.range_us == (
        pytest.approx(ago(30), abs=slack),
        pytest.approx(ago(20), abs=slack),
    )
    QTest.mousePress(timeline, Qt.MouseButton.LeftButton, pos=point_at(panel, ago(30)))
    QTest.mouseMove(timeline, point_at(panel, ago(35)))
    QTest.mouseRelease(timeline, Qt.MouseButton.LeftButton, pos=point_at(panel, ago(35)))
    assert timeline.range_us[0] == pytest.approx(ago(35), abs=slack)
    assert timeline.range_us[1] == pytest.approx(ago(20), abs=slack)


def test_brackets_mark_a_range_at_the_cursor(panel):
    timeline = panel.timeline
    panel.set_cursor(ago(30))
    timeline.mark(is_end=False)
    panel.set_cursor(ago(20))
    timeline.mark(is_end=True)
    assert timeline.range_us == (ago(30), ago(20))
    panel.set_cursor(ago(40))
    timeline.mark(is_end=True)  # an end before the start: the range is a moment
    assert timeline.range_us == (ago(40), ago(40))


def test_the_present_moves_and_the_view_goes_along(panel):
    timeline = panel.timeline
    timeline.show_span(600 * US_PER_S)
    before = timeline.axis
    assert before.shows(NOW_US)
    panel.now[0] += 3 * MINUTE_US
    timeline._tick()
    assert timeline.axis.shows(panel.now[0])
    assert timeline.axis.start_us > before.start_us
    panel.set_cursor(ago(9))
    held = timeline.axis
    panel.now[0] += 60 * MINUTE_US
    timeline._tick()
    assert timeline.axis == held  # whoever looks back is not carried away


def test_the_whole_local_day_of_25_hours_is_shown(panel):
    panel.set_cursor(parse_wall_us("2026-10-25T11:00:00Z"))
    panel.timeline.show_day()
    assert panel.timeline.axis.span_us == 25 * 3600 * US_PER_S


def test_the_height_is_as_designed(panel):
    assert panel.height() == 132
    panel.set_tall(is_tall=True)
    assert panel.height() == 236
    assert panel.strip.isVisible()


# --- the rows' arithmetic


def test_pixels_of_many_spans_are_few_and_nothing_is_lost():
    spans = [Span(i * 1_000, i * 1_000 + 100, "motion") for i in range(100_000)]
    axis = Axis(0, 100_000_000, 1_000)
    assert pixel_runs(joined(spans, 0), axis) == [(0, 1_000)]
    lonely = joined([Span(50_000_000, 50_000_000, "note")], 100)
    assert pixel_runs(lonely, axis, least=3) == [(500, 503)]
    assert pixel_runs(lonely, Axis(60_000_000, 70_000_000, 100), least=3) == []


def test_a_long_span_under_a_short_one_is_not_cut():
    shape = joined([Span(0, 90, "a"), Span(10, 20, "b"), Span(95, 99, "c")], 1)
    assert list(zip(*(part.tolist() for part in shape), strict=True)) == [(0, 90), (95, 99)]


def test_the_row_of_all_holds_what_any_camera_has():
    rows = [row_of(told, end_us=NOW_US, now_us=NOW_US, step_us=1) for told in (DOOR, RAMP)]
    everyone = merged_rows(rows, 1)
    starts, ends = everyone.shape(Lane.RECORDED)
    assert (starts.tolist(), ends.tolist()) == ([ago(58)], [NOW_US])
    starts, ends = everyone.shape(Lane.GAP)
    assert (starts.tolist(), ends.tolist()) == ([ago(40), ago(5)], [ago(30), NOW_US])


def test_the_next_moment_is_looked_for_in_both_directions():
    starts = [100, 200, 300]
    assert next_moment(starts, 200, forward=True, slack_us=5) == 300
    assert next_moment(starts, 203, forward=False, slack_us=5) == 100
    assert next_moment(starts, 300, forward=True, slack_us=5) is None


# --- a real engine


def test_a_real_engine_s_footage_and_events_stand_on_the_timeline(window, engine, teller, qtbot):
    now = time.time_ns() // 1000
    teller.motion(new_id(), ago_s=4.0, length_s=3.0)
    teller.tell(
        GapEnded(
            wall_us=now, camera_id="a", start_wall_us=now - 600_000_000,
            end_wall_us=now - 500_000_000, reason="camera_lost",
        )
    )  # fmt: skip
    window.wall.select("a")
    model = window.timeline.model

    def is_told():
        row = model.row("a")
        kinds = (Lane.RECORDED, Lane.MOTION, Lane.GAP)
        return row is not None and all(row.of(lane) for lane in kinds)

    qtbot.waitUntil(is_told, timeout=15_000)
    assert {row.camera_id for row in model.rows} == {"a", "b"}
    (gap,) = [span for span in model.row("a").of(Lane.GAP) if span.what == "camera_lost"]
    assert gap.end_wall_us - gap.start_wall_us == 100_000_000
    assert model.is_complete


def test_a_wheel_that_turns_asks_once(panel, qtbot):
    asked = []
    panel.model._http.get = lambda path, *rest: asked.append(rest[-1])
    for _ in range(8):
        wheel(panel, ago(20), -1)
    qtbot.waitUntil(lambda: bool(asked), timeout=3_000)
    qtbot.wait(200)
    assert len(asked) == 1
    assert asked[0]["width"] <= 9_000
