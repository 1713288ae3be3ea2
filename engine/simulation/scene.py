"""A scene: who is where at any moment of a loop. Pure functions of time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.simulation.figure import Look, Pose, draw_figure
from engine.simulation.shapes import Colour, Drawing
from engine.simulation.vehicle import Body, draw_vehicle
from nvr_app.contract.geometry import Box

ASPECT = 16 / 9
"""Width by height of every simulated picture."""

# A step towards the camera moves a picture's foot point much less than a step sideways.
_DEPTH_FORESHORTENING = 3.0
_STEP_PAIR_LENGTH = 0.86
_RAMP_S = 0.3


@dataclass(frozen=True)
class Waypoint:
    """Where the feet stand at a moment; x and y normalised, x may lie outside the picture."""

    t_s: float
    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class Walker:
    """Somebody on foot. Comes and goes beyond the edges of the picture."""

    object_id: str
    look: Look
    path: tuple[Waypoint, ...]
    tallness: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Vehicle:
    """Something that drives along a straight line, to the left or to the right."""

    object_id: str
    body: Body
    paint: Colour
    path: tuple[Waypoint, ...]

    @property
    def label(self) -> str:
        """The name that COCO has for it."""
        labels = {"van": "truck", "lorry": "truck", "bus": "bus"}
        return labels.get(self.body, "car")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a simulated camera looks at."""

    name: str
    display_name: str
    location: str
    loop_s: int
    is_night: bool
    horizon_y: float
    """Where somebody would be infinitely small."""
    person_scale: float
    """A person's height by the distance of the feet from the horizon."""
    backdrop: Callable[[], npt.NDArray[np.uint8]]
    """Paints the empty place by day: BGR, shape (720, 1280, 3)."""
    actors: tuple[Walker | Vehicle, ...]


@dataclass(frozen=True)
class TruthBox:
    """Something in the picture; the box ends at the picture's edge."""

    label: str
    box: Box
    object_id: str
    visible: float = 1.0
    """The share of the whole object's box that lies inside the picture, 0..1."""


@dataclass(frozen=True)
class PlacedDrawing:
    """A drawing and where it goes: one unit is `unit_height` of the picture's height."""

    label: str
    object_id: str
    drawing: Drawing
    x: float
    y: float
    unit_height: float


def placed_drawings(scene: Scene, t_s: float) -> tuple[PlacedDrawing, ...]:
    """Everything present at a moment of the loop, the farthest first."""
    moment_s = t_s % scene.loop_s
    present = (_placed(scene, actor, moment_s) for actor in scene.actors)
    return tuple(sorted((placed for placed in present if placed), key=lambda placed: placed.y))


def truth(scene: Scene, t_s: float) -> tuple[TruthBox, ...]:
    """What can be seen at a moment, the farthest first; hidden parts count as seen."""
    boxes = (_truth_box(placed) for placed in placed_drawings(scene, t_s))
    return tuple(box for box in boxes if box is not None)


def _truth_box(placed: PlacedDrawing) -> TruthBox | None:
    left, top, right, bottom = placed.drawing.bounds()
    unit_x = placed.unit_height / ASPECT
    whole = Box(
        placed.x + left * unit_x,
        placed.y + top * placed.unit_height,
        placed.x + right * unit_x,
        placed.y + bottom * placed.unit_height,
    )
    box = Box(max(0.0, whole.x0), max(0.0, whole.y0), min(1.0, whole.x1), min(1.0, whole.y1))
    if box.width <= 0 or box.height <= 0:
        return None
    return TruthBox(placed.label, box, placed.object_id, box.area / whole.area)


def _placed(scene: Scene, actor: Walker | Vehicle, t_s: float) -> PlacedDrawing | None:
    if not actor.path[0].t_s <= t_s < actor.path[-1].t_s:
        return None
    index = max(i for i, waypoint in enumerate(actor.path[:-1]) if waypoint.t_s <= t_s)
    start, end = actor.path[index], actor.path[index + 1]
    share = (t_s - start.t_s) / (end.t_s - start.t_s)
    x = start.x + (end.x - start.x) * share
    y = start.y + (end.y - start.y) * share
    unit_height = scene.person_scale * (y - scene.horizon_y)
    if isinstance(actor, Vehicle):
        drawing = draw_vehicle(actor.body, actor.paint, to_the_left=end.x < start.x)
        return PlacedDrawing(actor.label, actor.object_id, drawing, x, y, unit_height)
    pose = _pose(scene, actor, index, t_s)
    drawing = draw_figure(actor.look, pose)
    return PlacedDrawing("person", actor.object_id, drawing, x, y, unit_height * actor.tallness)


def _pose(scene: Scene, walker: Walker, index: int, t_s: float) -> Pose:
    start, end = walker.path[index], walker.path[index + 1]
    moving = _is_moving(start, end)
    strides = sum(
        _step_pairs(scene, walker, a, b)
        for a, b in zip(walker.path[:index], walker.path[1 : index + 1], strict=True)
    )
    share = (t_s - start.t_s) / (end.t_s - start.t_s)
    strides += _step_pairs(scene, walker, start, end) * share
    last_move = next(
        (i for i in range(index, -1, -1) if _is_moving(*walker.path[i : i + 2])), index
    )
    stride = 0.0
    if moving:
        before = index == 0 or _is_moving(walker.path[index - 1], start)
        after = index + 2 >= len(walker.path) or _is_moving(end, walker.path[index + 2])
        stride = min(
            1.0,
            1.0 if before else (t_s - start.t_s) / _RAMP_S,
            1.0 if after else (end.t_s - t_s) / _RAMP_S,
        )
    return Pose(
        heading_rad=_heading_rad(*walker.path[last_move : last_move + 2]),
        phase_rad=2 * math.pi * strides,
        stride=stride,
    )


def _is_moving(start: Waypoint, end: Waypoint) -> bool:
    return (start.x, start.y) != (end.x, end.y)


def _heading_rad(start: Waypoint, end: Waypoint) -> float:
    return math.atan2((end.y - start.y) * _DEPTH_FORESHORTENING, (end.x - start.x) * ASPECT)


def _step_pairs(scene: Scene, walker: Walker, start: Waypoint, end: Waypoint) -> float:
    """How often both feet step between two points."""
    height = scene.person_scale * ((start.y + end.y) / 2 - scene.horizon_y) * walker.tallness
    sideways = (end.x - start.x) * ASPECT
    inwards = (end.y - start.y) * _DEPTH_FORESHORTENING
    return math.hypot(sideways, inwards) / (height * _STEP_PAIR_LENGTH)
