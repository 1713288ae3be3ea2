"""Cars, vans, lorries and buses: a side profile given width, seen from a little above.

One unit is a person's height (1.75 m), so that vehicles and people share a scene's scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from engine.simulation.shapes import (
    Colour,
    Drawing,
    Outline,
    Point,
    Shape,
    ellipse,
    mirrored,
    polygon,
    tinted,
)

Body = Literal["saloon", "estate", "van", "lorry", "bus"]

_METRE = 1 / 1.75
_CAMERA_PITCH_RAD = 0.26
_GLASS: Colour = (74, 62, 52)
_TYRE: Colour = (30, 29, 29)
_RIM: Colour = (150, 148, 146)


@dataclass(frozen=True)
class _Profile:
    """Metres, x from the middle towards the front, y upwards from the ground."""

    outline: tuple[Point, ...]
    """From the rear bumper over the roof to the front bumper."""
    glass_top: frozenset[int]
    """Edges of the outline (by their first point) that are windscreens."""
    windows: tuple[tuple[Point, ...], ...]
    wheels: tuple[float, ...]
    wheel_radius: float
    width: float
    cargo: tuple[Point, ...] = ()
    """A box on the near side in white, for a lorry."""


def draw_vehicle(body: Body, paint: Colour, *, to_the_left: bool) -> Drawing:
    """The vehicle with its wheels' near side at the origin. Pure."""
    profile = _profile(body)
    shapes = [*_upper_faces(profile, paint), *_near_side(profile, paint), *_wheels(profile)]
    if to_the_left:
        shapes = [Shape(mirrored(shape.outline), shape.colour) for shape in shapes]
    half_length = max(x for x, _ in profile.outline) * _METRE
    return Drawing(tuple(shapes), (half_length * 1.04, 0.16))


def _upper_faces(profile: _Profile, paint: Colour) -> list[Shape]:
    """What faces the sky: bonnet, windscreen and roof, from the far side to the near one."""
    far = profile.width * math.sin(_CAMERA_PITCH_RAD)
    faces = []
    for index, (first, second) in enumerate(
        zip(profile.outline, profile.outline[1:], strict=False)
    ):
        quad = (first, second, (second[0], second[1] + far), (first[0], first[1] + far))
        flat = abs(second[0] - first[0]) / math.dist(first, second)
        colour = _GLASS if index in profile.glass_top else tinted(paint, 0.75 + 0.45 * flat)
        faces.append(Shape(_scaled(quad), colour))
    return faces


def _near_side(profile: _Profile, paint: Colour) -> list[Shape]:
    rear, front = profile.outline[0], profile.outline[-1]
    sill = 0.28
    side = (*profile.outline, (front[0] - 0.1, sill), (rear[0] + 0.1, sill))
    shapes = [Shape(_scaled(side), paint)]
    if profile.cargo:
        shapes.append(Shape(_scaled(profile.cargo), (205, 208, 208)))
    low = ((rear[0], 0.55), (front[0], 0.55), (front[0] - 0.1, sill), (rear[0] + 0.1, sill))
    shapes.append(Shape(_scaled(low), tinted(paint, 0.72)))
    shapes.extend(Shape(_scaled(window), _GLASS) for window in profile.windows)
    shapes.extend(Shape(_scaled(_glint(window)), (128, 112, 98)) for window in profile.windows)
    lamp = ((front[0] - 0.3, 0.82), (front[0], 0.74), (front[0], 0.6), (front[0] - 0.26, 0.64))
    tail = ((rear[0], 0.92), (rear[0] + 0.18, 0.92), (rear[0] + 0.16, 0.7), (rear[0], 0.7))
    return [*shapes, Shape(_scaled(lamp), (225, 240, 245)), Shape(_scaled(tail), (40, 36, 170))]


def _wheels(profile: _Profile) -> list[Shape]:
    shapes = []
    radius = profile.wheel_radius
    for x in profile.wheels:
        for share, colour in ((1.16, (22, 22, 22)), (1.0, _TYRE), (0.62, _RIM), (0.2, _TYRE)):
            size = radius * share * _METRE
            # The arch may not reach below the road.
            centre_y = -max(radius * _METRE, size)
            shapes.append(Shape(ellipse((x * _METRE, centre_y), size, size), colour))
    return shapes


def _glint(window: tuple[Point, ...]) -> tuple[Point, ...]:
    """A strip of sky along the upper edge of a pane."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = window
    share = 0.3
    return (
        (x0, y0),
        (x1, y1),
        (x1 + (x2 - x1) * share, y1 + (y2 - y1) * share),
        (x0 + (x3 - x0) * share, y0 + (y3 - y0) * share),
    )


def _scaled(points: tuple[Point, ...]) -> Outline:
    return polygon(points) * (_METRE, -_METRE)


def _profile(body: Body) -> _Profile:
    if body == "saloon":
        return _Profile(
            ((-2.2, 0.45), (-2.2, 0.95), (-1.6, 1.0), (-0.95, 1.42), (0.45, 1.45), (1.05, 0.98),
             (2.0, 0.86), (2.25, 0.6), (2.25, 0.4)),
            frozenset({2, 4}),
            (((-0.88, 1.34), (-0.2, 1.37), (-0.2, 0.98), (-1.4, 0.98)),
             ((-0.08, 1.37), (0.42, 1.37), (0.88, 0.98), (-0.08, 0.98))),
            (-1.35, 1.4), 0.33, 1.8,
        )  # fmt: skip
    if body == "estate":
        return _Profile(
            ((-2.15, 0.45), (-2.2, 0.95), (-1.95, 1.45), (-1.6, 1.52), (0.4, 1.52), (1.05, 1.02),
             (1.95, 0.9), (2.15, 0.65), (2.15, 0.42)),
            frozenset({1, 4}),
            (((-1.75, 1.42), (-0.9, 1.44), (-0.9, 1.02), (-1.95, 1.02)),
             ((-0.8, 1.44), (-0.15, 1.44), (-0.15, 1.02), (-0.8, 1.02)),
             ((-0.05, 1.44), (0.36, 1.44), (0.86, 1.02), (-0.05, 1.02))),
            (-1.35, 1.35), 0.34, 1.85,
        )  # fmt: skip
    if body == "van":
        return _Profile(
            ((-2.7, 0.5), (-2.72, 2.2), (-2.6, 2.35), (1.2, 2.35), (1.95, 1.35), (2.6, 1.15),
             (2.7, 0.75), (2.7, 0.42)),
            frozenset({3}),
            (((0.55, 2.05), (1.1, 2.05), (1.68, 1.35), (0.55, 1.35)),
             ((-0.95, 2.05), (0.38, 2.05), (0.38, 1.35), (-0.95, 1.35))),
            (-1.6, 1.75), 0.36, 2.0,
        )  # fmt: skip
    if body == "lorry":
        return _Profile(
            ((-3.6, 0.7), (-3.6, 3.2), (1.5, 3.2), (1.55, 2.5), (2.6, 2.5), (3.0, 1.5),
             (3.05, 0.5)),
            frozenset({4}),
            (((2.0, 2.3), (2.5, 2.3), (2.78, 1.5), (2.0, 1.5)),),
            (-2.6, -1.6, 2.2), 0.48, 2.4,
            ((-3.55, 3.15), (1.45, 3.15), (1.45, 0.8), (-3.55, 0.8)),
        )  # fmt: skip
    return _Profile(
        ((-5.2, 0.4), (-5.25, 2.7), (-5.1, 2.95), (5.0, 2.95), (5.25, 2.6), (5.3, 0.4)),
        frozenset({4}),
        tuple(
            ((x, 2.55), (x + 1.3, 2.55), (x + 1.3, 1.5), (x, 1.5))
            for x in (-4.95, -3.5, -2.05, -0.6, 0.85, 2.3, 3.75)
        ),
        (-3.0, 3.2), 0.5, 2.5,
    )  # fmt: skip
