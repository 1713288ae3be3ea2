"""Which stretches of time lose their events' pictures, paths and boxes. Pure."""

from __future__ import annotations

from engine.retention.rules import US_PER_DAY
from engine.retention.shield import Shield


def whole_days_before(before_us: int) -> int:
    """The last midnight (UTC) at or before a moment."""
    return before_us - before_us % US_PER_DAY


def choose_stretches(
    camera_id: str, first_us: int, last_us: int, before_us: int, shield: Shield
) -> list[tuple[int, int]]:
    """Stretches [start, end) of whole days from the first event to the last, up to `before_us`.

    Days of which anything of this camera is protected are left out (invariant S6): evidence keeps
    its pictures.
    """
    stretches: list[tuple[int, int]] = []
    day = whole_days_before(first_us)
    until = min(whole_days_before(before_us), whole_days_before(last_us) + US_PER_DAY)
    while day < until:
        after = day + US_PER_DAY
        if not shield.covers(camera_id, day, after):
            if stretches and stretches[-1][1] == day:
                stretches[-1] = (stretches[-1][0], after)
            else:
                stretches.append((day, after))
        day = after
    return stretches
