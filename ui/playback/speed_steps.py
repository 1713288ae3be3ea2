"""Speeds of playback: which come next, and how they are told. Pure."""

from __future__ import annotations

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


def faster(speed: float) -> float:
    """The next step in the direction of play; the last one is the end."""
    return _stepped(speed, 1)


def slower(speed: float) -> float:
    """The step before in the direction of play."""
    return _stepped(speed, -1)


def reversed_speed(speed: float) -> float:
    """As fast the other way."""
    return -speed


def speed_text(speed: float) -> str:
    """1 ×, 0.25 ×, −4 × (backwards)."""  # noqa: RUF002  the signs people read
    sign = "−" if speed < 0 else ""  # noqa: RUF001
    return f"{sign}{abs(speed):g} ×"  # noqa: RUF001


def _stepped(speed: float, by: int) -> float:
    nearest = min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - abs(speed)))
    chosen = SPEEDS[min(max(nearest + by, 0), len(SPEEDS) - 1)]
    return -chosen if speed < 0 else chosen
