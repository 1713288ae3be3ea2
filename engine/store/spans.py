"""Merging stretches of time, purely: many begins and ends into the few that a screen can show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Stretches:
    """Columns of one group (a camera's gaps, say), in any order."""

    start_us: Numbers
    end_us: Numbers
    count: Numbers
    """How many things each stands for."""


def merge(
    found: Stretches, start_us: int, end_us: int, slack_us: int
) -> list[tuple[int, int, int]]:
    """(start, end, count) of what lies in [start, end), in order; pauses up to the slack close.

    What has no length (a moment) is kept.
    """
    begins = np.maximum(found.start_us, start_us)
    ends = np.minimum(found.end_us, end_us)
    is_inside = (found.start_us < end_us) & (found.end_us >= start_us)
    order = np.argsort(begins[is_inside], kind="stable")
    begins, ends = begins[is_inside][order], ends[is_inside][order]
    count = found.count[is_inside][order]
    if not len(begins):
        return []
    reached = np.maximum.accumulate(ends)
    firsts = np.flatnonzero(np.append(True, begins[1:] - reached[:-1] > slack_us))
    lasts = np.append(firsts[1:], len(begins)) - 1
    totals = np.add.reduceat(count, firsts)
    return list(zip(begins[firsts].tolist(), reached[lasts].tolist(), totals.tolist(), strict=True))


def close_open_ends(starts_us: Numbers, ends_us: Numbers, now_us: int) -> Numbers:
    """Ends where there are some (others are negative), else the next start, at most now.

    `starts_us` must be in order.
    """
    following = np.append(starts_us[1:], now_us)
    return np.where(ends_us < 0, np.minimum(following, now_us), ends_us)
