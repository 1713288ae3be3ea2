"""Average precision as COCO defines it: 101 recall levels, regions to ignore, IoU 0.50 to 0.95."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

IOU_LEVELS: tuple[float, ...] = tuple(0.5 + 0.05 * step for step in range(10))


@dataclass(frozen=True)
class LabelledImage:
    """Truth of one picture and what was found; boxes (n, 4) of corners in the same unit."""

    truth: F64
    ignored: F64
    found: F64
    scores: F64


@dataclass(frozen=True)
class Quality:
    """Figures of 0..1; precision and recall at one threshold and IoU 0.5."""

    ap50: float
    ap50_95: float
    precision: float
    recall: float


def measure_quality(images: Sequence[LabelledImage], threshold: float) -> Quality:
    """AP over all images; precision and recall of what scores at least `threshold`."""
    levels = [_average_precision(images, level) for level in IOU_LEVELS]
    precision, recall = _precision_recall(images, threshold)
    return Quality(levels[0], float(np.mean(levels)), precision, recall)


def _average_precision(images: Sequence[LabelledImage], iou: float) -> float:
    scores, hits, total = _matches(images, iou)
    if total == 0 or scores.size == 0:
        return 0.0
    order = np.argsort(-scores, kind="stable")
    true_count = np.cumsum(hits[order])
    recall = true_count / total
    precision = true_count / np.arange(1, order.size + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
    padded = np.append(envelope, 0.0)
    return float(padded[np.minimum(at, order.size)].mean())


def _precision_recall(images: Sequence[LabelledImage], threshold: float) -> tuple[float, float]:
    scores, hits, total = _matches(images, 0.5)
    taken = hits[scores >= threshold]
    if taken.size == 0 or total == 0:
        return 0.0, 0.0
    return float(taken.mean()), float(taken.sum() / total)


def _matches(images: Sequence[LabelledImage], iou: float) -> tuple[F64, npt.NDArray[np.bool_], int]:
    """Score and "is right" of each box that counts, and the number of true boxes."""
    scores: list[float] = []
    hits: list[bool] = []
    for image in images:
        taken = np.zeros(len(image.truth), np.bool_)
        overlaps = _overlaps(image.found, image.truth, by_first_area=False)
        ignores = _overlaps(image.found, image.ignored, by_first_area=True)
        for index in np.argsort(-image.scores, kind="stable"):
            free = np.where(taken, -1.0, overlaps[index]) if taken.size else np.empty(0)
            best = int(free.argmax()) if free.size else -1
            is_hit = best >= 0 and free[best] >= iou
            if is_hit:
                taken[best] = True
            elif ignores.shape[1] and ignores[index].max() >= iou:
                continue  # inside a crowd that nobody has counted
            scores.append(float(image.scores[index]))
            hits.append(bool(is_hit))
    total = sum(len(image.truth) for image in images)
    return np.array(scores), np.array(hits, np.bool_), total


def _overlaps(first: F64, second: F64, *, by_first_area: bool) -> F64:
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=2)
    first_area = np.prod(first[:, 2:] - first[:, :2], axis=1)[:, None]
    second_area = np.prod(second[:, 2:] - second[:, :2], axis=1)[None, :]
    whole = first_area if by_first_area else first_area + second_area - shared
    result: F64 = shared / np.maximum(whole, 1e-9)
    return result
