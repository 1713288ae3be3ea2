"""Simulated cameras show the real pipeline at work: a public detector sees what is drawn."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.simulation.catalogue import all_scenes
from engine.simulation.renderer import SceneRenderer
from engine.simulation.scene import Scene, TruthBox, truth
from nvr_app.contract.geometry import Box, intersection_over_union

onnxruntime = pytest.importorskip("onnxruntime")

_MODEL = "yolox_nano_416.onnx"
_SIZE = 416
_PERSON = frozenset({0})
_VEHICLES = frozenset({2, 5, 7})  # car, bus, truck
_LEAST_SCORE = 0.4
_LEAST_OVERLAP = 0.5


def _model_path() -> Path:
    beside = Path(__file__).parents[3].parent / "shared" / "models"
    path = Path(os.environ.get("NVR_MODELS_DIR", str(beside))) / _MODEL
    if not path.is_file():
        pytest.skip(f"{_MODEL} is not there: set NVR_MODELS_DIR to a folder that holds it")
    return path


@pytest.fixture(scope="module")
def detector():
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(_model_path()), options, providers=["CPUExecutionProvider"]
    )
    grids = [
        np.stack(
            [
                *np.meshgrid(np.arange(_SIZE // s), np.arange(_SIZE // s)),
            ],
            -1,
        ).reshape(-1, 2)
        for s in (8, 16, 32)
    ]
    grid = np.concatenate(grids)
    stride = np.concatenate(
        [np.full((len(g), 1), s) for g, s in zip(grids, (8, 16, 32), strict=True)]
    )

    def detect(picture: np.ndarray, classes: frozenset[int]) -> list[Box]:
        height, width = picture.shape[:2]
        scale = min(_SIZE / width, _SIZE / height)
        padded = np.full((_SIZE, _SIZE, 3), 114, np.uint8)
        small = cv2.resize(picture, (round(width * scale), round(height * scale)))
        padded[: small.shape[0], : small.shape[1]] = small
        tensor = padded.transpose(2, 0, 1)[None].astype(np.float32)
        (rows,) = session.run(None, {"images": tensor})[0]
        scores = rows[:, 4] * rows[:, [5 + c for c in sorted(classes)]].max(axis=1)
        keep = scores >= _LEAST_SCORE
        centre = ((rows[:, :2] + grid) * stride / scale)[keep]
        half = (np.exp(rows[:, 2:4]) * stride / scale / 2)[keep]
        size = np.array([width, height])
        low, high = (centre - half) / size, (centre + half) / size
        return [Box(*map(float, (*a, *b))) for a, b in zip(low, high, strict=True)]

    return detect


def _samples(scene: Scene) -> Iterator[tuple[np.ndarray, list[TruthBox]]]:
    renderer = SceneRenderer(scene, scene.backdrop(), 640, 360)
    for index, t_s in enumerate(np.arange(0.3, scene.loop_s, 0.4)):
        boxes = [
            box for box in truth(scene, t_s) if box.visible > 0.9 and not _hidden(scene, t_s, box)
        ]
        if boxes:
            yield cv2.cvtColor(renderer.picture(index, t_s), cv2.COLOR_YUV2BGR_I420), boxes


def _hidden(scene: Scene, t_s: float, box: TruthBox) -> bool:
    """Whether somebody nearer stands before it."""
    shown = truth(scene, t_s)
    place = [other.object_id for other in shown].index(box.object_id)
    return any(intersection_over_union(box.box, other.box) > 0.15 for other in shown[place + 1 :])


def _recall(detector, *, is_night: bool, persons: bool) -> float:
    classes = _PERSON if persons else _VEHICLES
    found: list[bool] = []
    for scene in all_scenes():
        if scene.is_night is not is_night:
            continue
        for picture, boxes in _samples(scene):
            wanted = [box for box in boxes if (box.label == "person") is persons]
            if not wanted:
                continue
            seen = detector(picture, classes)
            found.extend(
                any(intersection_over_union(box.box, one) >= _LEAST_OVERLAP for one in seen)
                for box in wanted
            )
    assert len(found) >= 8
    return sum(found) / len(found)


def test_people_by_day_are_found(detector):
    assert _recall(detector, is_night=False, persons=True) >= 0.8


def test_people_by_night_are_mostly_found(detector):
    assert _recall(detector, is_night=True, persons=True) >= 0.8


def test_vehicles_by_day_are_mostly_found(detector):
    assert _recall(detector, is_night=False, persons=False) >= 0.7


def test_vehicles_by_night_are_mostly_found(detector):
    assert _recall(detector, is_night=True, persons=False) >= 0.7


def test_empty_places_show_nobody_and_nothing(detector):
    for scene in all_scenes():
        renderer = SceneRenderer(scene, scene.backdrop(), 640, 360)
        assert truth(scene, 0.0) == ()
        empty = cv2.cvtColor(renderer.picture(0, 0.0), cv2.COLOR_YUV2BGR_I420)
        assert detector(empty, _PERSON | _VEHICLES) == [], scene.name
