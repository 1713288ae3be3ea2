"""A walking person: a skeleton in three dimensions, seen from a little above.

Heading 0 walks to the right, a quarter turn walks towards the camera, minus a quarter turn away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.simulation.shapes import Colour, Drawing, Point, Shape, capsule, ellipse, tinted

_CAMERA_PITCH_RAD = 0.16
_THIGH, _SHIN, _UPPER_ARM, _FOREARM = 0.24, 0.235, 0.165, 0.15
_ANKLE_Z = 0.04
_TRUNK = 0.295
_HIP_HALF, _SHOULDER_HALF = 0.05, 0.115
_SWING_RAD = 0.46


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a person wears."""

    jacket: Colour
    trousers: Colour
    hair: Colour
    skin: Colour = (130, 160, 205)
    shoes: Colour = (38, 36, 36)
    bag: Colour | None = None


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Where in the step somebody is; stride 0 stands still, 1 walks."""

    heading_rad: float
    phase_rad: float
    stride: float


@dataclass(frozen=True)
class _Joint:
    """In front of, to the left of and above the point on the ground."""

    ahead: float
    left: float
    up: float


@dataclass(frozen=True)
class _Side:
    """The joints of one body side, from the trunk outwards."""

    leg: tuple[_Joint, _Joint, _Joint, _Joint]
    arm: tuple[_Joint, _Joint, _Joint]


def draw_figure(look: Look, pose: Pose) -> Drawing:
    """The person with the feet at the origin, one unit tall. Pure."""
    hip_up = _ANKLE_Z + max(_reach(*_bends(pose, sign)) for sign in (1.0, -1.0))
    left = _side(pose, 1.0, hip_up)
    right = _side(pose, -1.0, hip_up)
    # Whoever walks to the right shows the right side; the far limbs are painted first.
    far, near = (left, right) if math.cos(pose.heading_rad) >= 0 else (right, left)
    if abs(math.sin(pose.heading_rad)) > math.cos(0.6):
        near_first = (left.leg[2].ahead - right.leg[2].ahead) * math.sin(pose.heading_rad) > 0
        far, near = (right, left) if near_first else (left, right)
    shapes = (
        *_arm(look, pose, far, 0.78),
        *_leg(look, pose, far, 0.8),
        *_leg(look, pose, near, 1.0),
        *_trunk(look, pose, hip_up),
        *_head(look, pose, hip_up),
        *_arm(look, pose, near, 1.0),
    )
    return Drawing(shapes, (0.2, 0.045))


def _bends(pose: Pose, sign: float) -> tuple[float, float]:
    """How far a thigh swings ahead and by how much its knee bends."""
    phase = pose.phase_rad if sign > 0 else pose.phase_rad + math.pi
    # The knee bends while the leg comes forward.
    knee = pose.stride * (0.12 + 0.75 * max(0.0, math.cos(phase)) ** 2)
    return _SWING_RAD * pose.stride * math.sin(phase), knee


def _reach(thigh_rad: float, knee_rad: float) -> float:
    """How far below the hip the ankle hangs; the longer leg carries the body."""
    return _THIGH * math.cos(thigh_rad) + _SHIN * math.cos(thigh_rad - knee_rad)


def _side(pose: Pose, sign: float, hip_up: float) -> _Side:
    thigh, knee = _bends(pose, sign)
    hip = _Joint(0.0, sign * _HIP_HALF, hip_up)
    knee_joint = _hang(hip, thigh, _THIGH)
    ankle = _hang(knee_joint, thigh - knee, _SHIN)
    toe = _Joint(ankle.ahead + 0.085, ankle.left + sign * 0.012, max(0.022, ankle.up - 0.02))
    shoulder = _Joint(0.0, sign * _SHOULDER_HALF, hip_up + _TRUNK)
    arm = -0.8 * thigh
    elbow = _hang(shoulder, arm - 0.06, _UPPER_ARM)
    wrist = _hang(elbow, arm + 0.18 + 0.2 * pose.stride, _FOREARM)
    return _Side((hip, knee_joint, ankle, toe), (shoulder, elbow, wrist))


def _hang(joint: _Joint, angle_rad: float, length: float) -> _Joint:
    return _Joint(
        joint.ahead + length * math.sin(angle_rad),
        joint.left,
        joint.up - length * math.cos(angle_rad),
    )


def _seen(pose: Pose, joint: _Joint) -> Point:
    cos, sin = math.cos(pose.heading_rad), math.sin(pose.heading_rad)
    right = joint.ahead * cos + joint.left * sin
    nearer = joint.ahead * sin - joint.left * cos
    up = joint.up * math.cos(_CAMERA_PITCH_RAD) - nearer * math.sin(_CAMERA_PITCH_RAD)
    return right, -up


def _leg(look: Look, pose: Pose, side: _Side, light: float) -> tuple[Shape, ...]:
    hip, knee, ankle, toe = (_seen(pose, joint) for joint in side.leg)
    cloth = tinted(look.trousers, light)
    return (
        Shape(capsule(ankle, toe, 0.031, 0.022), tinted(look.shoes, light)),
        Shape(capsule(knee, ankle, 0.042, 0.031), cloth),
        Shape(capsule(hip, knee, 0.062, 0.043), cloth),
        Shape(capsule(_nudged(hip), _nudged(knee), 0.03, 0.02), tinted(cloth, 1.14)),
    )


def _arm(look: Look, pose: Pose, side: _Side, light: float) -> tuple[Shape, ...]:
    shoulder, elbow, wrist = (_seen(pose, joint) for joint in side.arm)
    sleeve = tinted(look.jacket, light * 0.88)
    return (
        Shape(ellipse(wrist, 0.023, 0.027), tinted(look.skin, light)),
        Shape(capsule(elbow, wrist, 0.031, 0.024), sleeve),
        Shape(capsule(shoulder, elbow, 0.04, 0.032), sleeve),
    )


def _trunk(look: Look, pose: Pose, hip_up: float) -> tuple[Shape, ...]:
    breadth = abs(math.sin(pose.heading_rad))
    chest = 0.078 + 0.034 * breadth
    waist = 0.066 + 0.024 * breadth
    top = _seen(pose, _Joint(0.012, 0.0, hip_up + 0.25))
    belt = _seen(pose, _Joint(0.0, 0.0, hip_up + 0.025))
    hem = _seen(pose, _Joint(0.0, 0.0, hip_up - 0.015))
    shapes = [
        Shape(capsule(belt, hem, waist, waist), tinted(look.trousers, 0.9)),
        Shape(capsule(top, belt, chest, waist), look.jacket),
        Shape(
            capsule(_nudged(top), _nudged(belt), chest * 0.55, waist * 0.5),
            tinted(look.jacket, 1.13),
        ),
    ]
    if look.bag is not None:
        high = _seen(pose, _Joint(-0.09, 0.0, hip_up + 0.225))
        low = _seen(pose, _Joint(-0.1, 0.0, hip_up + 0.085))
        bag = Shape(capsule(high, low, 0.05 + 0.02 * breadth, 0.055 + 0.02 * breadth), look.bag)
        # A rucksack hides behind whoever comes towards the camera.
        shapes.insert(0 if math.sin(pose.heading_rad) > -0.5 else len(shapes), bag)
    return tuple(shapes)


def _head(look: Look, pose: Pose, hip_up: float) -> tuple[Shape, ...]:
    cos, sin = math.cos(pose.heading_rad), math.sin(pose.heading_rad)
    neck = _seen(pose, _Joint(0.012, 0.0, hip_up + 0.315))
    head = _seen(pose, _Joint(0.022, 0.0, hip_up + 0.415))
    shapes = [Shape(capsule(neck, head, 0.036, 0.034), tinted(look.skin, 0.86))]
    shapes.append(Shape(ellipse((head[0] - 0.012 * cos, head[1] - 0.008), 0.063, 0.074), look.hair))
    if sin > -0.6:
        face = (head[0] + 0.022 * cos, head[1] + 0.014)
        shapes.append(Shape(ellipse(face, 0.046 - 0.006 * abs(cos), 0.058), look.skin))
        fringe = (head[0] - 0.004 * cos, head[1] - 0.05)
        shapes.append(Shape(ellipse(fringe, 0.052, 0.026), look.hair))
    return tuple(shapes)


def _nudged(point: Point) -> Point:
    """Towards the light, which falls from the upper left."""
    return point[0] - 0.014, point[1] - 0.006
