"""Removal of double boxes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

MOST_CANDIDATES = 300
"""The best so many are looked at: a crowd on a wide street has less than a hundred."""


def suppress(boxes: F32, scores: F32, groups: Ints, overlap: float) -> Ints:
    """Indices of the boxes to keep, best score first.

    Of two boxes of one group that share more than `overlap` (intersection over union) the worse
    one goes. `boxes` is (n, 4) of corners, `scores` and `groups` are (n,).
    """
    order = np.argsort(-scores, kind="stable")[:MOST_CANDIDATES]
    if order.size == 0:
        return order
    boxes, groups = boxes[order], groups[order]
    sizes = np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0)
    areas = sizes[:, 0] * sizes[:, 1]
    alive = np.ones(order.size, np.bool_)
    kept: list[int] = []
    for index in range(order.size):
        if not alive[index]:
            continue
        kept.append(index)
        corner_low = np.maximum(boxes[:, :2], boxes[index, :2])
        corner_high = np.minimum(boxes[:, 2:], boxes[index, 2:])
        inner = np.maximum(corner_high - corner_low, 0.0)
        shared = inner[:, 0] * inner[:, 1]
        union = np.maximum(areas + areas[index] - shared, 1e-9)
        alive &= ~((shared > overlap * union) & (groups == groups[index]))
    return order[kept]
