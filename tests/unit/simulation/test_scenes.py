"""Scenes: what is said to be there is what is drawn, and the loop closes."""

from __future__ import annotations

import numpy as np
import pytest

from engine.simulation.canvas import HEIGHT, WIDTH
from engine.simulation.catalogue import all_scenes, scene_by_name
from engine.simulation.renderer import SceneRenderer
from engine.simulation.scene import ASPECT, Scene, placed_drawings, truth
from nvr_app.contract.ids import camera_id_fault

_NAMES = [scene.name for scene in all_scenes()]
_W, _H = 640, 360


@pytest.fixture(scope="module")
def renderers() -> dict[str, SceneRenderer]:
    return {scene.name: SceneRenderer(scene, scene.backdrop(), _W, _H) for scene in all_scenes()}


def _area(x0: float, y0: float, x1: float, y1: float, *, margin: int) -> tuple[slice, slice]:
    return (
        slice(max(0, int(y0 * _H) - margin), max(0, int(y1 * _H) + 1 + margin)),
        slice(max(0, int(x0 * _W) - margin), max(0, int(x1 * _W) + 1 + margin)),
    )


def _moments(scene: Scene) -> np.ndarray:
    return np.arange(0, scene.loop_s, 0.1)


def test_eight_places_by_day_and_by_night():
    scenes = all_scenes()
    assert len({scene.name for scene in scenes}) == 8
    assert len({scene.display_name for scene in scenes}) == 8
    assert all(scene.location for scene in scenes)
    assert {scene.is_night for scene in scenes} == {True, False}
    assert all(camera_id_fault(scene.name) is None for scene in scenes)


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(KeyError, match="front-door"):
        scene_by_name("attic")


@pytest.mark.parametrize("name", _NAMES)
def test_somebody_comes_half_of_the_time_and_nobody_for_three_seconds(name):
    scene = scene_by_name(name)
    occupied = [bool(truth(scene, t_s)) for t_s in _moments(scene)]
    assert np.mean(occupied) >= 0.5
    still, longest = 0, 0
    # Twice around: the still stretch may run across the loop's end.
    for is_occupied in occupied * 2:
        still = 0 if is_occupied else still + 1
        longest = max(longest, still)
    assert longest * 0.1 >= 3.0


@pytest.mark.parametrize("name", _NAMES)
def test_the_loop_closes_with_nobody_in_the_picture(name):
    scene = scene_by_name(name)
    assert truth(scene, 0.0) == truth(scene, scene.loop_s) == ()
    assert truth(scene, scene.loop_s - 0.01) == ()
    middle = scene.loop_s * 0.25
    assert truth(scene, middle) == truth(scene, middle + scene.loop_s)


@pytest.mark.parametrize("name", _NAMES)
def test_nothing_appears_or_vanishes_inside_the_picture(name):
    scene = scene_by_name(name)
    for before_s, after_s in zip(_moments(scene), _moments(scene)[1:], strict=False):
        before = {box.object_id: box for box in truth(scene, before_s)}
        after = {box.object_id: box for box in truth(scene, after_s)}
        for object_id in before.keys() ^ after.keys():
            assert {**before, **after}[object_id].visible < 0.75, (object_id, before_s)
        for object_id in before.keys() & after.keys():
            old, new = before[object_id].box.foot, after[object_id].box.foot
            assert abs(old[0] - new[0]) < 0.12, (object_id, before_s)


@pytest.mark.parametrize("name", _NAMES)
def test_what_is_drawn_lies_inside_the_truth_and_fills_it(name, renderers):
    scene = scene_by_name(name)
    renderer = renderers[name]
    empty = renderer.picture(0, 0.0)[:_H].astype(np.int16)
    for t_s in np.arange(0.35, scene.loop_s, 0.9):
        shown = renderer.picture(0, t_s)[:_H].astype(np.int16)
        changed = np.abs(shown - empty) > 12
        outside = changed.copy()
        for placed in placed_drawings(scene, t_s):
            # The shadow on the ground is drawn but is no part of anybody.
            beside, below = (1.25 * axis * placed.unit_height for axis in placed.drawing.shadow)
            beside /= ASPECT
            shadow = (placed.x - beside, placed.y - below, placed.x + beside, placed.y + below)
            outside[_area(*shadow, margin=3)] = False
        for seen in truth(scene, t_s):
            box = seen.box
            outside[_area(box.x0, box.y0, box.x1, box.y1, margin=4)] = False
            if seen.visible > 0.9:
                inside = changed[_area(box.x0, box.y0, box.x1, box.y1, margin=0)]
                assert inside.mean() > 0.25, (seen.object_id, t_s)
                assert inside.any(axis=1).mean() > 0.85, (seen.object_id, t_s)
        assert outside.sum() == 0, t_s


def test_places_look_different(renderers):
    # Means of small squares: noise alone must not make the difference.
    pictures = [
        renderer.picture(0, 0.0)[:_H].reshape(36, 10, 64, 10).mean(axis=(1, 3))
        for renderer in renderers.values()
    ]
    for index, picture in enumerate(pictures):
        for other in pictures[index + 1 :]:
            assert np.abs(picture - other).mean() > 3


def test_night_is_grey_and_darker_than_day(renderers):
    for scene in all_scenes():
        picture = renderers[scene.name].picture(0, 0.0)
        chroma = picture[_H:].astype(np.int16) - 128
        if scene.is_night:
            assert np.abs(chroma).max() <= 1
            assert picture[:_H].mean() < 85
        else:
            assert np.abs(chroma).max() > 10
            assert picture[:_H].mean() > 85


def test_neighbouring_pictures_differ_by_the_sensors_noise_alone(renderers):
    renderer = renderers["lobby"]
    first, second = (renderer.picture(index, 0.0)[:_H].astype(np.int16) for index in (0, 1))
    assert 1.0 < np.abs(first - second).mean() < 6.0


def test_a_picture_leaves_no_trace_in_the_next(renderers):
    renderer = renderers["plaza"]
    before = renderer.picture(0, 0.0)
    renderer.picture(0, 5.0)
    assert np.array_equal(renderer.picture(0, 0.0), before)


def test_an_odd_shape_is_refused():
    scene = scene_by_name("lobby")
    with pytest.raises(ValueError, match="16:9"):
        SceneRenderer(scene, np.zeros((HEIGHT, WIDTH, 3), np.uint8), 640, 480)
