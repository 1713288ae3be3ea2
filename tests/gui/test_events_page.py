"""Search in events, on a real engine that holds some hundreds of them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage

PICTURE = "clips/snapshots/b/searched.jpg"
DAMAGED = "clips/snapshots/b/damaged.jpg"


@pytest.fixture(scope="module")
def told(engine, teller):
    """250 bicycles two days ago, a dog with a picture, one with a damaged one, motion of late."""
    picture = engine.folder.root / PICTURE
    picture.parent.mkdir(parents=True, exist_ok=True)
    image = QImage(640, 360, QImage.Format.Format_RGB32)
    image.fill(QColor("blue"))
    assert image.save(str(picture))
    (engine.folder.root / DAMAGED).write_bytes(b"no picture at all")
    for number in range(250):
        begun = teller.begin_track(
            f"old-{number:03}", camera_id="b", label="bicycle", ago_s=172_800 + number
        )
        teller.end_track(begun)
    teller.end_track(
        teller.begin_track("dog", camera_id="b", label="dog", ago_s=7200, snapshot=PICTURE)
    )
    teller.end_track(
        teller.begin_track("cat", camera_id="b", label="cat", ago_s=7300, snapshot=DAMAGED)
    )
    teller.motion("moved", camera_id="a", ago_s=600)
    engine.until(
        lambda: b"moved" in engine.ask("/api/v1/events?kind=motion&limit=1000")[1], "the index"
    )


@pytest.fixture
def page(window, told, qtbot):
    window.show_page(1)
    qtbot.waitUntil(lambda: "event" in window.events_page._note.text())
    return window.events_page


@pytest.fixture
def search(page, qtbot):
    """Choose, and return the ids found."""

    def search(*, camera="", what="", since=0):
        with qtbot.waitSignal(page.model.loaded):
            page.camera.setCurrentIndex(-1)  # so that something changes in any case
            page.camera.setCurrentIndex(page.camera.findData(camera))
            page.what.setCurrentIndex(page.what.findData(what))
            page.since.setCurrentIndex(page.since.findData(since))
        return found(page)

    return search


def found(page):
    return [page.model.event_at(row).event_id for row in range(page.model.rowCount())]


def test_each_filter_asks_for_what_it_says(search):
    assert "moved" in search(what="kind=motion")
    assert "dog" not in search(what="kind=motion")
    assert search(what="label=dog") == ["dog"]
    assert search(what="label=dog", camera="a") == []
    assert search(what="label=dog", camera="b") == ["dog"]
    assert search(what="label=dog", since=3600) == []
    assert search(what="label=dog", since=86_400) == ["dog"]
    assert "moved" in search(camera="a", since=3600)
    assert search(what="label=truck") == []


def test_the_number_found_is_told(page, search):
    search(what="label=dog")
    assert page._note.text() == "1 event"
    search(what="label=truck")
    assert page._note.text() == "No events match"


def test_more_come_as_somebody_scrolls(page, search, qtbot):
    ids = search(what="label=bicycle")
    assert len(ids) == 200
    assert page._note.text() == "200 events; scroll for more"
    bar = page.table.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: page.model.rowCount() == 250)
    assert found(page) == [f"old-{number:03}" for number in range(250)]
    assert page._note.text() == "250 events"
    bar.setValue(bar.maximum())
    qtbot.wait(200)
    assert page.model.rowCount() == 250


def test_the_picture_of_the_chosen_event_is_shown(page, search, qtbot):
    search(what="label=dog")
    page.table.selectRow(0)
    qtbot.waitUntil(lambda: not page._still.pixmap().isNull())
    shown = page._still.pixmap().toImage()
    assert shown.pixelColor(shown.width() // 2, shown.height() // 2).blue() > 200
    assert "Dog 0.93 · Ramp" in page._facts.text()
    assert page._to_wall.isEnabled()
    search(what="label=truck")  # another search: nothing is chosen any more
    assert page._still.pixmap().isNull()
    assert not page._to_wall.isEnabled()
    assert page._facts.text() == ""


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("label=cat", "The picture of this event is damaged."),
        ("label=bicycle", "No picture was kept of this event."),
    ],
)
def test_a_picture_that_is_not_to_be_had_is_a_sentence(page, search, qtbot, what, sentence):
    search(what=what)
    page.table.selectRow(0)
    qtbot.waitUntil(lambda: page._still.text() == sentence)


def test_the_camera_of_an_event_is_shown_live(window, page, search, qtbot):
    search(what="label=dog")
    page.table.selectRow(0)
    qtbot.mouseClick(page._to_wall, Qt.MouseButton.LeftButton)
    assert window.pages.currentWidget() is window.wall
    assert window.wall.maximised_camera == "b"
    assert not window.playback.is_playback


def test_enter_on_an_event_plays_its_footage_from_five_seconds_before(window, page, search, qtbot):
    search(what="label=dog")
    page.table.setFocus()
    page.table.selectRow(0)
    event = page.model.event_at(0)
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert window.pages.currentWidget() is window.wall
    assert window.wall.selected_camera == "b"
    assert window.playback.current.position_us == event.start_wall_us - 5_000_000
    assert set(window.wall.cameras_in_the_past) == {"a", "b"}
    assert "(Enter)" in page._play.text()


def test_a_refused_query_shows_the_engines_sentence(page, qtbot):
    page.model.search({"start": "yesterday or so"})
    qtbot.waitUntil(lambda: "yesterday or so" in page._note.text())
    assert page.model.rowCount() == 0


def test_without_an_engine_the_search_says_so(window, page):
    window._client.http.endpoint = None
    page.search()
    assert page._note.text() == "The engine is not reachable."


def test_the_picture_stands_below_the_table_where_the_page_is_narrow(window, page, qtbot):
    window.resize(1200, 760)
    qtbot.waitUntil(lambda: page._split.orientation() == Qt.Orientation.Vertical)
    window.resize(1900, 1000)
    qtbot.waitUntil(lambda: page._split.orientation() == Qt.Orientation.Horizontal)


def test_the_choices_name_themselves(page):
    names = [choice.accessibleName() for choice in (page.camera, page.what, page.since)]
    assert names == ["Camera", "What", "Since"]
    assert page.table.accessibleName()
