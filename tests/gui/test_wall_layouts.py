"""Layouts fill the canvas, overlap nowhere, and arrow keys find their way."""

from __future__ import annotations

import itertools

import pytest

from ui.wall.layouts import LAYOUT_NAMES, LAYOUTS, Rect, find_layout, fit, next_tile, tile_rects

GAP = 2
TILES = {"1": 1, "4": 4, "6": 6, "8": 8, "4x2": 8, "3x3": 8, "9": 9, "16": 16}


def overlaps(first, second):
    return (
        first.x < second.x + second.width
        and second.x < first.x + first.width
        and first.y < second.y + second.height
        and second.y < first.y + first.height
    )


def test_every_promised_layout_exists():
    assert {layout.name: len(layout.cells) for layout in LAYOUTS} == TILES


@pytest.mark.parametrize("name", LAYOUT_NAMES)
@pytest.mark.parametrize("size", [(1920, 1080), (1351, 873), (640, 480)])
def test_tiles_stay_inside_and_apart(name, size):
    width, height = size
    rects = tile_rects(find_layout(name), width, height, GAP)
    for rect in rects:
        assert min(rect.x, rect.y) >= 0
        assert rect.x + rect.width <= width
        assert rect.y + rect.height <= height
        assert min(rect.width, rect.height) > 0
    for first, second in itertools.combinations(rects, 2):
        assert not overlaps(first, second)


@pytest.mark.parametrize("name", [name for name in LAYOUT_NAMES if name != "3x3"])
def test_tiles_reach_all_edges_and_leave_only_gaps(name):
    width, height = 1351, 873
    rects = tile_rects(find_layout(name), width, height, GAP)
    assert max(rect.x + rect.width for rect in rects) == width
    assert max(rect.y + rect.height for rect in rects) == height
    layout = find_layout(name)
    with_gaps = sum((rect.width + GAP) * (rect.height + GAP) for rect in rects)
    assert with_gaps == (width + GAP) * (height + GAP), layout.name


def test_eight_is_one_large_of_three_by_three_and_seven_small():
    large, *small = tile_rects(find_layout("8"), 1600, 900, 0)
    assert (large.width, large.height) == (1200, 675)
    assert {(rect.width, rect.height) for rect in small} == {(400, 225)}


def test_six_is_one_large_of_two_by_two_and_five_small():
    large, *small = tile_rects(find_layout("6"), 1200, 900, 0)
    assert (large.width, large.height) == (800, 600)
    assert {(rect.width, rect.height) for rect in small} == {(400, 300)}


def test_an_unknown_layout_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match=r"'7'.*4x2"):
        find_layout("7")


@pytest.mark.parametrize(
    ("outer", "picture", "expected"),
    [
        (Rect(0, 0, 320, 180), (640, 360), Rect(0, 0, 320, 180)),
        (Rect(10, 10, 320, 200), (640, 360), Rect(10, 20, 320, 180)),
        (Rect(0, 0, 400, 180), (640, 360), Rect(40, 0, 320, 180)),
        (Rect(0, 0, 100, 50), (0, 0), Rect(0, 0, 100, 50)),
    ],
)
def test_pictures_are_fitted_and_never_cropped(outer, picture, expected):
    assert fit(outer, *picture) == expected


@pytest.mark.parametrize(
    ("name", "start", "direction", "expected"),
    [
        ("4", 0, "right", 1),
        ("4", 0, "down", 2),
        ("4", 3, "left", 2),
        ("4", 3, "up", 1),
        ("4", 0, "left", 0),
        ("8", 0, "right", 1),
        ("8", 0, "down", 4),
        ("8", 6, "up", 0),
        ("8", 7, "up", 3),
        ("8", 2, "left", 0),
        ("3x3", 7, "right", 7),
        ("16", 5, "down", 9),
    ],
)
def test_arrow_keys_lead_to_the_tile_that_lies_there(name, start, direction, expected):
    assert next_tile(find_layout(name), start, direction) == expected


@pytest.mark.parametrize("name", LAYOUT_NAMES)
def test_every_tile_can_be_reached_by_arrow_keys(name):
    layout = find_layout(name)
    reached, fresh = {0}, {0}
    while fresh:
        fresh = {
            next_tile(layout, index, direction)
            for index in fresh
            for direction in ("left", "right", "up", "down")
        } - reached
        reached |= fresh
    assert reached == set(range(len(layout.cells)))
