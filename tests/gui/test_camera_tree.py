"""The tree of cameras: states, search, changes; and its choice, which is the wall's too."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt

from nvr_app.contract.status import CameraStatus
from ui.cameras.camera_tree import CameraTree
from ui.cameras.tree_model import MARK, RATE, TONE
from ui.wall.tile_state import Mark, Tone


def camera(camera_id, name="", location="Gate", status="active", **more):
    facts = {"received_fps": 25.0, "nominal_fps": 25.0, "recording": True} | more
    return CameraStatus(
        camera_id=camera_id, name=name or camera_id.upper(), location=location, status=status,
        since_wall_us=1_700_000_000_000_000, **facts,
    )  # fmt: skip


@pytest.fixture
def tree(qtbot):
    made = CameraTree()
    qtbot.addWidget(made)
    made.set_cameras([camera("a"), camera("b", location="Yard"), camera("c", location="Yard")])
    with qtbot.waitExposed(made):
        made.show()
    made.chosen_ids = []
    made.selected.connect(made.chosen_ids.append)
    return made


def shown(tree):
    """{location: [names]} as the view lists them."""
    model = tree.view.model()
    listed = {}
    for row in range(model.rowCount()):
        place = model.index(row, 0)
        names = [model.index(n, 0, place).data() for n in range(model.rowCount(place))]
        listed[place.data()] = names
    return listed


def test_cameras_stand_below_their_locations_by_name(tree):
    tree.update_cameras([camera("d", name="Attic", location="Yard"), camera("e", location="")])
    assert shown(tree) == {"Cameras": ["E"], "Gate": ["A"], "Yard": ["Attic", "B", "C"]}


@pytest.mark.parametrize(
    ("status", "more", "mark", "tone", "rate"),
    [
        ("active", {}, Mark.DISC, Tone.OK, "25"),
        ("active", {"received_fps": 8.0}, Mark.DIAMOND, Tone.WARN, "8"),
        ("connecting", {}, Mark.DIAMOND, Tone.WARN, "connecting"),
        ("lost", {}, Mark.SQUARE, Tone.CRITICAL, "lost"),
        ("refused", {}, Mark.SQUARE, Tone.CRITICAL, "refused"),
        ("unwritable", {}, Mark.SQUARE, Tone.CRITICAL, "unwritable"),
        ("paused", {}, Mark.RING, Tone.QUIET, "paused"),
        ("stopped", {}, Mark.RING, Tone.QUIET, "stopped"),
    ],
)
def test_a_state_is_told_by_shape_colour_and_word(tree, status, more, mark, tone, rate):
    tree.update_cameras([camera("a", status=status, **more)])
    item = tree.model.item_of("a")
    assert (item.data(MARK), item.data(TONE), item.data(RATE)) == (mark, tone, rate)
    assert item.data(Qt.ItemDataRole.ToolTipRole)


def test_search_finds_names_and_locations_in_any_case_and_escape_ends_it(tree, qtbot):
    qtbot.keyClicks(tree.search, "b")
    assert shown(tree) == {"Yard": ["B"]}
    tree.search.setText("yard")
    assert shown(tree) == {"Yard": ["B", "C"]}
    tree.search.setText("nowhere")
    assert shown(tree) == {}
    qtbot.keyClick(tree.search, Qt.Key.Key_Escape)
    assert tree.search.text() == ""
    assert len(shown(tree)) == 2
    assert tree.chosen_ids == []


def test_enter_in_the_search_chooses_the_first_camera_listed(tree, qtbot):
    qtbot.keyClicks(tree.search, "c")
    qtbot.keyClick(tree.search, Qt.Key.Key_Return)
    assert tree.chosen_ids == ["c"]


def test_a_location_leaves_with_its_last_camera(tree):
    tree.remove_camera("a")
    tree.remove_camera("a")
    tree.remove_camera("unknown")
    assert shown(tree) == {"Yard": ["B", "C"]}


def test_a_camera_moves_to_its_new_location(tree):
    tree.update_cameras([camera("a", location="Yard")])
    assert shown(tree) == {"Yard": ["A", "B", "C"]}


def test_a_camera_with_a_new_name_stands_where_that_belongs(tree):
    tree.update_cameras([camera("b", name="Zenith", location="Yard")])
    assert shown(tree)["Yard"] == ["C", "Zenith"]


def test_a_full_list_drops_whoever_is_not_in_it(tree):
    tree.set_cameras([camera("c", location="Yard")])
    assert shown(tree) == {"Yard": ["C"]}
    tree.set_cameras([])
    assert shown(tree) == {}


def test_no_change_of_the_rows_chooses_another_camera(tree):
    tree.select("b")
    assert tree.view.currentIndex().data() == "B"
    tree.update_cameras([camera("b", location="Gate")])
    assert tree.view.currentIndex().data() == "B"
    tree.search.setText("a")
    tree.search.setText("")
    assert tree.view.currentIndex().data() == "B"
    tree.remove_camera("b")
    assert not tree.view.currentIndex().isValid()
    assert tree.chosen_ids == []


def test_a_click_chooses_and_a_double_click_activates(tree, qtbot):
    activated = []
    tree.activated.connect(activated.append)
    index = tree.view.model().mapFromSource(tree.model.item_of("c").index())
    place = tree.view.visualRect(index).center()
    qtbot.mouseClick(tree.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert (tree.chosen_ids, activated) == (["c"], [])
    qtbot.keyClick(tree.view, Qt.Key.Key_Return)
    assert activated == ["c"]


def test_the_wall_follows_the_tree_and_the_tree_the_wall(window, qtbot):
    index = window.tree.view.model().mapFromSource(window.tree.model.item_of("b").index())
    place = window.tree.view.visualRect(index).center()
    qtbot.mouseClick(window.tree.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert window.wall.selected_camera == "b"
    window.wall.select("a")
    assert window.tree.view.currentIndex().data() == "Door"
    window.wall.maximise("a")
    window.tree.selected.emit("b")
    assert (window.wall.maximised_camera, window.wall.selected_camera) == ("b", "b")


def test_a_resync_with_no_cameras_at_all_empties_wall_tree_and_choices(window):
    client = window._client
    client.stop()
    client.resynced.emit()
    client.cameras_changed.emit(())
    assert {place.camera_id for place in window.wall.places()} == {None}
    assert shown(window.tree) == {}
    assert window.events_page.camera.count() == 1
    assert window.status_bar._recording.text() == "Recording 0 of 0"
    client.cameras_changed.emit((camera("x"),))
    client.cameras_changed.emit((camera("y"),))
    assert {place.camera_id for place in window.wall.places()} >= {"x", "y"}
    assert shown(window.tree) == {"Gate": ["X", "Y"]}


def test_a_resync_doubles_no_row_and_drops_what_is_gone(window):
    client = window._client
    client.stop()
    before = tuple(window._cameras.values())
    client.resynced.emit()
    client.cameras_changed.emit(before)
    assert shown(window.tree) == {"Gate": ["Door"], "Yard": ["Ramp"]}
    client.resynced.emit()
    client.cameras_changed.emit((msgspec.structs.replace(before[1], name="Gangway"),))
    assert shown(window.tree) == {"Yard": ["Gangway"]}
    assert [window.events_page.camera.itemText(n) for n in range(2)] == ["All cameras", "Gangway"]
    client.camera_removed.emit("b")
    assert shown(window.tree) == {}
    assert {place.camera_id for place in window.wall.places()} == {None}
