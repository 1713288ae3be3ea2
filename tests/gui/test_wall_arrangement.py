"""Places of cameras are remembered per layout, and survive cameras that come and go."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSettings

from ui.wall.arrangement import Arrangement, merged_order


@pytest.fixture
def settings(tmp_path):
    return QSettings(str(tmp_path / "desk.ini"), QSettings.Format.IniFormat)


def arranged(settings, cameras="abcdefgh"):
    arrangement = Arrangement(settings)
    arrangement.set_known(list(cameras))
    return arrangement


def test_saved_places_come_first_then_new_cameras():
    assert merged_order(["c", "x", "a", "c"], ["a", "b", "c", "d"]) == ["c", "a", "b", "d"]


def test_layout_and_order_are_remembered_per_layout(settings):
    first = arranged(settings)
    first.choose("4x2")
    first.swap("a", "d")
    first.choose("9")
    assert first.shown()[:2] == ("a", "b")
    settings.sync()

    again = arranged(QSettings(settings.fileName(), QSettings.Format.IniFormat))
    assert again.layout.name == "9"
    again.choose("4x2")
    assert "".join(again.shown()) == "dbcaefgh"


def test_a_camera_that_is_away_gets_its_place_back(settings):
    first = arranged(settings, "abcd")
    first.swap("a", "d")
    first.set_known(list("bcd"))
    first.swap("b", "c")
    assert "".join(filter(None, arranged(settings, "bcd").shown())) == "dcb"
    assert "".join(filter(None, arranged(settings, "abcd").shown())) == "dcba"


def test_an_empty_list_at_start_costs_no_memory(settings):
    arranged(settings).swap("a", "h")
    again = arranged(settings, "")
    assert again.shown() == (None,) * 8
    again.set_known(list("abcdefgh"))
    assert "".join(again.shown()) == "hbcdefga"


def test_what_does_not_fit_stands_on_further_pages(settings):
    arrangement = arranged(settings, "abcdefghij")
    assert arrangement.page_count == 2
    assert arrangement.turn_page(1)
    assert arrangement.shown() == ("i", "j", *([None] * 6))
    assert not arrangement.turn_page(1)
    assert arrangement.turn_to("b")
    assert arrangement.shown()[1] == "b"
    assert not arrangement.turn_to("nobody")


@pytest.mark.parametrize("damaged", ["not json", "7", '{"a": 1}'])
def test_a_damaged_memory_is_a_wall_in_plain_order(settings, damaged):
    settings.setValue("wall/order/8", damaged)
    settings.setValue("wall/layout", "seventeen")
    arrangement = arranged(settings)
    assert arrangement.layout.name == "8"
    assert "".join(arrangement.shown()) == "abcdefgh"
