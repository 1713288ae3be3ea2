"""Flat shapes that figures and vehicles are drawn from, in units of the object itself.

The origin is where the object touches the ground, x points right, y points down, so everything
upright has a negative y. One unit is the object's own scale (a person's height).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Point = tuple[float, float]
Outline = npt.NDArray[np.float64]
"""Corners of a polygon, shape (n, 2), x and y."""
Colour = tuple[int, int, int]
"""Blue, green, red, 0..255 each."""

_ARC_STEPS = 6
# A half circle as complex numbers: turning it is one multiplication.
_ARC = np.exp(1j * np.linspace(0.0, math.pi, _ARC_STEPS + 1))
_CIRCLE_RAD = np.linspace(0.0, 2 * math.pi, 4 * _ARC_STEPS, endpoint=False)
_CIRCLE = np.stack((np.cos(_CIRCLE_RAD), np.sin(_CIRCLE_RAD)), axis=1)


@dataclass(frozen=True, eq=False)
class Shape:
    """A filled polygon of one colour."""

    outline: Outline
    colour: Colour


@dataclass(frozen=True, eq=False)
class Drawing:
    """Shapes from back to front, and the half axes of the soft shadow under them."""

    shapes: tuple[Shape, ...]
    shadow: Point

    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the shapes, the shadow left out."""
        corners = np.concatenate([shape.outline for shape in self.shapes])
        left, top = corners.min(axis=0)
        right, bottom = corners.max(axis=0)
        return float(left), float(top), float(right), float(bottom)


def polygon(points: Sequence[Point]) -> Outline:
    return np.asarray(points, np.float64)


def capsule(start: Point, end: Point, start_radius: float, end_radius: float) -> Outline:
    """Outline of a limb: two half circles and the flanks between them."""
    along = complex(end[0] - start[0], end[1] - start[1])
    arc = _ARC * (1j * along / (abs(along) or 1.0))
    line = np.concatenate((arc * start_radius + complex(*start), arc * -end_radius + complex(*end)))
    return line.view(np.float64).reshape(-1, 2)


def ellipse(centre: Point, half_x: float, half_y: float) -> Outline:
    """Outline of an upright ellipse."""
    return _CIRCLE * (half_x, half_y) + centre


def mirrored(outline: Outline) -> Outline:
    """The same outline looking the other way."""
    return outline * (-1.0, 1.0)


def tinted(colour: Colour, factor: float) -> Colour:
    """Lighter (factor above 1) or darker."""
    blue, green, red = (min(255, int(channel * factor)) for channel in colour)
    return blue, green, red
