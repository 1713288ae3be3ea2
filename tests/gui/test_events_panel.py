"""The events beside the wall: told by a real engine, bounded, filtered as somebody chose."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QColor, QImage

from nvr_app.contract.api import EventPage, EventView
from nvr_app.contract.events import TrackStarted
from nvr_app.contract.status import ModelStatus
from nvr_app.contract.timebase import iso_utc
from tests.support.fact_teller import BOX
from ui.client.http import EngineHttp
from ui.events.event_feed import EventFeed
from ui.events.events_panel import EventsPanel
from ui.events.list_model import EVENT
from ui.events.words import length_of

START_US = 1_700_000_000_000_000
READY = ModelStatus(state="ready", detail="it works")
_ids = itertools.count()


def new_id():
    return f"panel-{next(_ids)}"


def event(number, kind="track", *, end_s=5):
    start_us = START_US + number * 1_000_000
    end_us = None if end_s is None else start_us + end_s * 1_000_000
    return EventView(
        event_id=f"e{number}", camera_id="a", kind=kind,
        label="motion" if kind == "motion" else "person", score=0.5,
        start_wall_us=start_us, end_wall_us=end_us, start=iso_utc(start_us),
        end=None if end_us is None else iso_utc(end_us), snapshot="",
    )  # fmt: skip


@pytest.fixture
def make_panel(qtbot, settings_path):
    def make():
        settings = QSettings(str(settings_path), QSettings.Format.IniFormat)
        panel = EventsPanel(EngineHttp(), str, settings)
        qtbot.addWidget(panel)
        panel.show()
        return panel

    return make


def rows(panel):
    model = panel.view.model()
    return [model.index(row, 0).data(EVENT) for row in range(model.rowCount())]


def ids(panel):
    return [row.event_id for row in rows(panel)]


def test_a_fact_is_a_row_at_once_and_its_end_changes_that_row(window, teller, qtbot):
    event_id = new_id()
    begun = teller.begin_track(event_id)
    qtbot.waitUntil(lambda: event_id in ids(window.panel))
    assert rows(window.panel)[0].event_id == event_id
    assert length_of(rows(window.panel)[0]) == "now"
    teller.end_track(begun, length_s=184)
    qtbot.waitUntil(lambda: rows(window.panel)[0].end_wall_us is not None)
    assert ids(window.panel).count(event_id) == 1
    assert length_of(rows(window.panel)[0]) == "3:04 min"
    assert rows(window.panel)[0].score == 0.93


def test_earlier_events_are_there_when_a_window_opens(open_window, engine, teller, qtbot):
    event_id = new_id()
    teller.end_track(teller.begin_track(event_id, ago_s=60))
    engine.until(lambda: event_id in engine.ask("/api/v1/events")[1].decode(), "the index")
    window = open_window(engine.folder.root)
    qtbot.waitUntil(lambda: event_id in ids(window.panel))


def test_what_is_told_while_the_list_is_on_its_way_is_not_lost(window, teller, qtbot, engine):
    """The index may lag behind what was announced: the list then lacks what is newest."""
    heard = []
    window._client.fact_noted.connect(heard.append)
    window._feed.resync()
    begun = teller.begin_track(new_id())
    qtbot.waitUntil(lambda: begun in heard)
    qtbot.waitUntil(lambda: window._feed._told is None)
    assert ids(window.panel).count(begun.event_id) == 1


class LateHttp(EngineHttp):
    """Questions wait until the test answers them."""

    def __init__(self):
        super().__init__()
        self.questions = []

    def get(self, path, kind, done, refused, query=None):
        self.questions.append(done)


def test_of_two_lists_on_their_way_the_first_answer_ends_no_wait(make_panel):
    """A desk that resyncs twice in quick succession: both lists are older than the event."""
    http, panel = LateHttp(), make_panel()
    feed = EventFeed(http, panel)
    feed.resync()
    feed.resync()
    begun = TrackStarted(
        wall_us=START_US, camera_id="a", event_id="told", label="person", score=0.7,
        start_wall_us=START_US, frame_arrival_wall_us=START_US, box=BOX, model="tests", snapshot="",
    )  # fmt: skip
    first, second = http.questions
    first(EventPage(events=(), next=None))
    feed.take_fact(begun)
    second(EventPage(events=(event(-60),), next=None))
    assert ids(panel) == ["told", "e-60"]
    feed.resync()
    second(EventPage(events=(), next=None))  # an answer that comes late all the same
    assert ids(panel) == ["told", "e-60"]


def test_a_click_and_the_arrow_keys_choose_the_camera_on_the_wall(window, teller, qtbot):
    older = teller.begin_track(new_id(), camera_id="b")
    newer = teller.begin_track(new_id(), camera_id="a")
    qtbot.waitUntil(lambda: ids(window.panel)[:2] == [newer.event_id, older.event_id])
    view = window.panel.view
    place = view.visualRect(view.model().index(0, 0)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert window.wall.selected_camera == "a"
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert window.wall.selected_camera == "b"
    window.wall.maximise("b")
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert window.wall.maximised_camera == "a"


def test_the_picture_of_an_event_is_fetched_and_shown(window, teller, qtbot, engine):
    path = f"clips/snapshots/a/{new_id()}.jpg"
    file = engine.folder.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    image = QImage(640, 360, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    assert image.save(str(file))
    begun = teller.begin_track(new_id(), snapshot=path)
    kept = window.panel._thumbnails._kept
    qtbot.waitUntil(lambda: kept.get(begun.event_id) is not None)
    assert kept[begun.event_id].size().toTuple() == (112, 63)
    middle = kept[begun.event_id].toImage().pixelColor(56, 31)
    assert middle.red() > 200
    assert middle.green() < 60


def test_a_picture_that_could_not_be_had_is_asked_for_again_after_a_resync(make_panel, qtbot):
    panel = make_panel()
    pictured = msgspec.structs.replace(event(1), snapshot="clips/x.jpg")
    panel.reset([pictured])
    qtbot.waitUntil(lambda: "e1" in panel._thumbnails._kept)
    assert panel._thumbnails._kept["e1"] is None  # there is no engine to ask
    panel.reset([pictured])
    assert "e1" not in panel._thumbnails._kept


def test_a_picture_that_comes_later_than_its_event_is_shown_all_the_same(
    window, teller, qtbot, engine
):
    path = f"clips/snapshots/a/{new_id()}.jpg"
    late = teller.begin_track(new_id(), snapshot=path)
    thumbnails = window.panel._thumbnails
    qtbot.waitUntil(lambda: late.event_id in thumbnails._resting)
    assert late.event_id not in thumbnails._busy  # it keeps no other waiting
    image = QImage(640, 360, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    file = engine.folder.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    assert image.save(str(file))
    qtbot.waitUntil(lambda: thumbnails._kept.get(late.event_id) is not None)


def test_at_most_five_hundred_are_held_the_newest_first(make_panel):
    panel = make_panel()
    panel.set_model_status(READY)
    panel.reset([event(n) for n in range(600, 0, -1)])
    assert len(ids(panel)) == 500
    for number in range(601, 611):
        panel.put(event(number))
    assert len(ids(panel)) == 500
    assert ids(panel)[0] == "e610"
    assert ids(panel)[-1] == "e111"


def test_an_event_told_late_stands_where_its_time_belongs(make_panel):
    panel = make_panel()
    for number in (1, 5, 3):
        panel.put(event(number))
    assert ids(panel) == ["e5", "e3", "e1"]


def test_motion_is_hidden_until_somebody_wants_it_and_that_is_remembered(make_panel, qtbot):
    panel = make_panel()
    panel.set_model_status(READY)
    panel.reset([event(2, "motion"), event(1)])
    assert ids(panel) == ["e1"]
    qtbot.mouseClick(panel.motion, Qt.MouseButton.LeftButton, pos=panel.motion.rect().center())
    qtbot.keyClick(panel.motion, Qt.Key.Key_Space) if not panel.motion.isChecked() else None
    assert ids(panel) == ["e2", "e1"]
    again = make_panel()
    again.set_model_status(READY)
    assert again.motion.isChecked()
    again.motion.click()
    third = make_panel()
    third.set_model_status(ModelStatus(state="missing", detail="no model"))
    assert not third.motion.isChecked()  # somebody said no


@pytest.mark.parametrize("state", ["missing", "broken", "disabled"])
def test_without_a_detector_motion_is_listed_and_the_reason_told(make_panel, state):
    panel = make_panel()
    panel.set_model_status(ModelStatus(state=state, detail="because of this."))
    panel.put(event(1, "motion"))
    assert ids(panel) == ["e1"]
    panel.reset([])
    assert panel._empty.isVisible()
    assert panel._empty.text() == "No objects are recognised: because of this."


def test_an_empty_panel_says_what_will_come(make_panel):
    panel = make_panel()
    panel.set_model_status(READY)
    assert panel._empty.isVisible()
    assert panel._empty.text().startswith("No events yet.")
    panel.put(event(1, "motion"))
    assert panel._empty.isVisible()  # nothing that is shown has come
    panel.put(event(2))
    assert not panel._empty.isVisible()
    assert panel.view.isVisible()


def test_a_row_speaks_for_those_who_do_not_see_it(make_panel):
    panel = make_panel()
    panel.put(event(1))
    text = panel.view.model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert text.startswith("Person, a, ")
