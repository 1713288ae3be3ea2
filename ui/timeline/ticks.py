"""Where the axis bears labels: round local times that never overlap. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from nvr_app.contract.timebase import US_PER_MS, US_PER_S
from ui.timeline.axis import Axis
from ui.timeline.zone import Section, Zone

_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200)
_DAY_US = 86_400 * US_PER_S


class Tick(NamedTuple):
    """A mark on the axis. `text` is empty where a label would touch its neighbour's."""

    wall_us: int
    x: float
    text: str
    is_day: bool
    """The first moment of a local day: the label is its date."""


def axis_ticks(
    axis: Axis,
    zone: Zone,
    width_of: Callable[[str], float],
    date_text: Callable[[int], str],
    *,
    gap: float,
) -> tuple[Tick, ...]:
    """Ticks of the finest step whose labels stand at least `gap` pixels apart."""
    step_us = choose_step_us(axis, width_of("00:00:00"), gap)
    placed: list[Tick] = []
    taken = 0.0
    for wall_us in _round_moments(axis, zone, step_us):
        is_day = _is_midnight(wall_us, zone)
        text = date_text(wall_us) if is_day else clock_label(wall_us, zone, step_us)
        x, half = axis.x_of(wall_us), width_of(text) / 2
        if is_day:
            placed, taken = _made_room(placed, x - half, width_of, gap)
        fits = x - half >= taken and x + half <= axis.width
        placed.append(Tick(wall_us, x, text if fits else "", is_day))
        if fits:
            taken = x + half + gap
    return tuple(placed)


def choose_step_us(axis: Axis, label_width: float, gap: float) -> int:
    """The shortest round step on which labels of that width have room."""
    for step_s in _STEPS_S:
        if step_s * US_PER_S / axis.us_per_pixel >= label_width + gap:
            return step_s * US_PER_S
    return _DAY_US


def clock_label(wall_us: int, zone: Zone, step_us: int) -> str:
    """14:05, with seconds on fine steps, with the zone's letters in an hour that comes twice."""
    text = zone.local(wall_us).strftime("%H:%M:%S" if step_us < 60 * US_PER_S else "%H:%M")
    return f"{text} {zone.abbreviation(wall_us)}" if zone.is_ambiguous(wall_us) else text


def exact_label(wall_us: int, zone: Zone) -> str:
    """20:51:12.400, as precise as frames are; in an hour that comes twice with its zone."""
    local = zone.local(wall_us)
    text = local.strftime("%H:%M:%S.") + f"{local.microsecond // US_PER_MS:03d}"
    return f"{text} {zone.abbreviation(wall_us)}" if zone.is_ambiguous(wall_us) else text


def _made_room(
    placed: list[Tick], limit: float, width_of: Callable[[str], float], gap: float
) -> tuple[list[Tick], float]:
    """A date goes before times: labels too near to it lose their text."""
    kept = [
        tick._replace(text="")
        if tick.text and not tick.is_day and tick.x + width_of(tick.text) / 2 + gap > limit
        else tick
        for tick in placed
    ]
    ends = [tick.x + width_of(tick.text) / 2 + gap for tick in kept if tick.text]
    return kept, max(ends, default=0.0)


def _round_moments(axis: Axis, zone: Zone, step_us: int) -> Iterator[int]:
    for section in zone.sections(axis.start_us, axis.end_us + 1):
        yield from _round_in(section, step_us)


def _round_in(section: Section, step_us: int) -> Iterator[int]:
    """Moments whose local clock shows a multiple of the step since midnight."""
    local = section.start_us + section.offset_us
    moment = -(-local // step_us) * step_us - section.offset_us
    while moment < section.end_us:
        yield moment
        moment += step_us


def _is_midnight(wall_us: int, zone: Zone) -> bool:
    return wall_us == zone.day(wall_us)[0]
