"""YOLOX: free of anchors, three grids, one score for "an object" and one for each class.

Input BGR 0..255, picture upper left on grey 114. Output (1, places, 5 + classes): centre relative
to its cell, logarithm of the size, both in strides; then the scores. The network is convolutional
throughout, so that any multiple of 32 serves as width and height.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.vision.detectors.family import F32, Candidates, square_side
from engine.vision.labels import COCO_LABELS
from engine.vision.letterbox import Fit, InputPlan
from engine.vision.onnx_file import Signature

_STRIDES = (8, 16, 32)
_COLUMNS = 5 + len(COCO_LABELS)


@dataclass(frozen=True)
class Yolox:
    """The family; `fit` may be "square" to compare with published figures."""

    fit: Fit = "rectangle"
    name: str = "yolox"
    padding: float = 114.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    overlap: float = 0.45

    def input_side(self, signature: Signature) -> int | None:
        side = square_side(signature)
        if side is None or len(signature.outputs) != 1:
            return None
        places = sum((side // stride) ** 2 for stride in _STRIDES)
        return side if signature.outputs[0].shape == (1, places, _COLUMNS) else None

    def working_side(self, made_for: int) -> int:
        """YOLOX-nano's 416 gains nothing over 384 on persons (AP50 0.626 and 0.628 of 64 pictures
        of COCO, at 352 0.561), and a 16:9 picture then fills its input: 224 rows instead of 256
        with 22 of them padding, 0.7 of the time.
        """
        return made_for * 12 // 13 if self.fit == "rectangle" and made_for % 416 == 0 else made_for

    def decode(self, outputs: list[F32], plan: InputPlan, threshold: float) -> Candidates:
        rows = outputs[0][0]
        # A class score is at most 1: places below the threshold already here cannot reach it.
        places = np.flatnonzero(rows[:, 4] >= threshold)
        found = rows[places]
        classes = found[:, 5:].argmax(axis=1)
        scores = found[:, 4] * found[np.arange(places.size), 5 + classes]
        good = scores >= threshold
        places, found = places[good], found[good]
        cells, strides = _cells(plan, places)
        centres = (found[:, :2] + cells) * strides
        halves = np.exp(np.minimum(found[:, 2:4], 10.0)) * strides / 2
        boxes = np.concatenate((centres - halves, centres + halves), axis=1)
        return Candidates(boxes.astype(np.float32), scores[good], classes[good])


def _cells(plan: InputPlan, places: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[F32, F32]:
    """Column and row, and stride, of each place in the three grids laid end to end."""
    cells = np.empty((places.size, 2), np.float32)
    strides = np.empty((places.size, 1), np.float32)
    start = 0
    for stride in _STRIDES:
        columns, rows = plan.input_width // stride, plan.input_height // stride
        here = (places >= start) & (places < start + columns * rows)
        inside = places[here] - start
        cells[here, 0] = inside % columns
        cells[here, 1] = inside // columns
        strides[here] = stride
        start += columns * rows
    return cells, strides
