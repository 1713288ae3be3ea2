"""NanoDet: three grids, a score for each class, each side of a box as a distribution.

Input BGR, normalised. Six outputs told apart by their shapes, since exporters shuffle their names:
(places, classes) of scores and (places, 32) of four distributions over eight distances each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.vision.detectors.family import F32, Candidates, Ints, square_side
from engine.vision.labels import COCO_LABELS
from engine.vision.letterbox import Fit, InputPlan
from engine.vision.onnx_file import Signature

_STRIDES = (8, 16, 32)
_BINS = 8
_DISTANCES = np.arange(_BINS, dtype=np.float32)


@dataclass(frozen=True)
class NanoDet:
    """The family. Its exports hold the size of the grids: the input cannot be resized."""

    fit: Fit = "square"
    name: str = "nanodet"
    padding: float = 114.0
    mean: tuple[float, float, float] = (103.53, 116.28, 123.675)
    std: tuple[float, float, float] = (57.375, 57.12, 58.395)
    overlap: float = 0.45

    def input_side(self, signature: Signature) -> int | None:
        side = square_side(signature)
        if side is None:
            return None
        places = [(side // stride) ** 2 for stride in _STRIDES]
        expected = [(n, len(COCO_LABELS)) for n in places] + [(n, 4 * _BINS) for n in places]
        given = [_flat(output.shape) for output in signature.outputs]
        return side if sorted(given) == sorted(expected) else None

    def working_side(self, made_for: int) -> int:
        return made_for

    def decode(self, outputs: list[F32], plan: InputPlan, threshold: float) -> Candidates:
        by_shape = {_flat(output.shape): output.reshape(output.shape[-2:]) for output in outputs}
        parts: list[Candidates] = []
        for stride in _STRIDES:
            columns = plan.input_width // stride
            count = columns * (plan.input_height // stride)
            scores = by_shape[count, len(COCO_LABELS)]
            sides = by_shape[count, 4 * _BINS]
            parts.append(_decode_grid(scores, sides, columns, stride, threshold))
        return Candidates(
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.classes for part in parts]),
        )


def _decode_grid(
    scores: F32, sides: F32, columns: int, stride: int, threshold: float
) -> Candidates:
    best = scores.max(axis=1)
    places: Ints = np.flatnonzero(best >= threshold)
    classes: Ints = scores[places].argmax(axis=1)
    raw = sides[places].reshape(-1, 4, _BINS)
    weights = np.exp(raw - raw.max(axis=2, keepdims=True))
    distances = (weights @ _DISTANCES) / weights.sum(axis=2) * stride
    offset = (stride - 1) / 2
    centre_x = (places % columns) * stride + offset
    centre_y = (places // columns) * stride + offset
    boxes = np.stack(
        (
            centre_x - distances[:, 0],
            centre_y - distances[:, 1],
            centre_x + distances[:, 2],
            centre_y + distances[:, 3],
        ),
        axis=1,
    )
    return Candidates(boxes.astype(np.float32), best[places], classes)


def _flat(shape: tuple[int, ...]) -> tuple[int, int]:
    """Places and columns, with or without a leading batch of one."""
    if len(shape) == 3 and shape[0] == 1:
        return shape[1], shape[2]
    return (shape[0], shape[1]) if len(shape) == 2 else (0, 0)
