"""Boxes and points on a picture, in units that survive any resize."""

from __future__ import annotations

import msgspec


class Box(msgspec.Struct, frozen=True, array_like=True):
    """Corners of a rectangle, normalised to 0..1 of the frame's width and height."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        return max(0.0, self.width) * max(0.0, self.height)

    @property
    def foot(self) -> tuple[float, float]:
        """Middle of the lower edge: where an upright object touches the ground."""
        return (self.x0 + self.x1) / 2, self.y1


def intersection_over_union(first: Box, second: Box) -> float:
    """Jaccard index of two boxes, 0..1."""
    width = min(first.x1, second.x1) - max(first.x0, second.x0)
    height = min(first.y1, second.y1) - max(first.y0, second.y0)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (first.area + second.area - shared)
