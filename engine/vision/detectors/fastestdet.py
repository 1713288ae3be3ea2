"""FastestDet: one grid only, the fastest and least exact of the three.

Input BGR 0..1, distorted to a square. Output (1, 5 + classes, rows, columns): "an object", four
numbers of the box (offsets within the cell as tanh, sizes relative to the picture as sigmoid),
scores of the classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.vision.detectors.family import F32, Candidates, square_side
from engine.vision.labels import COCO_LABELS
from engine.vision.letterbox import Fit, InputPlan
from engine.vision.onnx_file import Signature

_STRIDE = 16
_CHANNELS = 5 + len(COCO_LABELS)
_OBJECT_POWER, _CLASS_POWER = 0.6, 0.4


@dataclass(frozen=True)
class FastestDet:
    """The family."""

    fit: Fit = "stretch"
    name: str = "fastestdet"
    padding: float = 0.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (255.0, 255.0, 255.0)
    overlap: float = 0.45

    def input_side(self, signature: Signature) -> int | None:
        side = square_side(signature)
        if side is None or len(signature.outputs) != 1:
            return None
        grid = side // _STRIDE
        return side if signature.outputs[0].shape == (1, _CHANNELS, grid, grid) else None

    def working_side(self, made_for: int) -> int:
        return made_for

    def decode(self, outputs: list[F32], plan: InputPlan, threshold: float) -> Candidates:
        grids = outputs[0][0]
        _, rows, columns = grids.shape
        flat = grids.reshape(_CHANNELS, -1)
        best = flat[5:].max(axis=0)
        scores = np.maximum(flat[0], 0) ** _OBJECT_POWER * np.maximum(best, 0) ** _CLASS_POWER
        places = np.flatnonzero(scores >= threshold)
        found = flat[:, places]
        centre_x = (np.tanh(found[1]) + places % columns) / columns * plan.input_width
        centre_y = (np.tanh(found[2]) + places // columns) / rows * plan.input_height
        half_x = _sigmoid(found[3]) * plan.input_width / 2
        half_y = _sigmoid(found[4]) * plan.input_height / 2
        boxes = np.stack(
            (centre_x - half_x, centre_y - half_y, centre_x + half_x, centre_y + half_y), axis=1
        )
        return Candidates(
            boxes.astype(np.float32), scores[places], found[5:].argmax(axis=0).astype(np.int64)
        )


def _sigmoid(values: F32) -> F32:
    result: F32 = np.float32(1.0) / (np.float32(1.0) + np.exp(-np.clip(values, -30.0, 30.0)))
    return result
