"""Which gap is asked of a camera's own card next. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nvr_app.contract.api import RootUsage

S_US = 1_000_000
SETTLED_US = 10 * S_US
"""A gap that ended just now may still lie in the camera's memory, not on its card."""
OLDEST_US = 7 * 86_400 * S_US
"""Older footage has mostly been overwritten: a card holds days."""
SHORTEST_US = 2 * S_US
"""Less than this between two keyframes cannot be filled."""
LONGEST_PIECE_US = 600 * S_US
"""Fetched in one go: others wait for the same lane."""
MOST_TRIES = 3
RESTS_US = (30 * S_US, 600 * S_US)
"""After the first and after every later try."""

# What was not wanted (paused), and what no camera can make good (its clock, its login) stays.
_FILLABLE = frozenset({"camera_lost", "crashed", "engine_stopped", "storage", "unknown"})
_OVERFLOW_SHARE = 0.8


@dataclass(frozen=True)
class Gap:
    """Time without footage."""

    camera_id: str
    start_wall_us: int
    end_wall_us: int
    reason: str


@dataclass(frozen=True)
class Tries:
    """How often a gap was asked of the card, and when last."""

    count: int
    last_wall_us: int


def choose_gaps_to_fill(
    gaps: Iterable[Gap],
    cameras: Iterable[str],
    tried: Mapping[Gap, Tries],
    now_wall_us: int,
) -> list[Gap]:
    """At most one piece of a gap for each of these cameras, whose gap has waited longest first.

    `cameras` are those that can be asked now. A long gap is filled from its beginning, piece by
    piece: what is filled is no gap of the index any more.
    """
    reachable = frozenset(cameras)
    chosen: dict[str, Gap] = {}
    for gap in sorted(gaps, key=lambda one: (one.end_wall_us, one.start_wall_us)):
        if gap.camera_id not in reachable or gap.camera_id in chosen:
            continue
        if _is_due(gap, now_wall_us) and _may_be_tried(tried.get(piece_of(gap)), now_wall_us):
            chosen[gap.camera_id] = piece_of(gap)
    return list(chosen.values())


def piece_of(gap: Gap) -> Gap:
    """The part of it that is fetched in one go."""
    if gap.end_wall_us - gap.start_wall_us <= LONGEST_PIECE_US:
        return gap
    return Gap(gap.camera_id, gap.start_wall_us, gap.start_wall_us + LONGEST_PIECE_US, gap.reason)


def _is_due(gap: Gap, now_wall_us: int) -> bool:
    return (
        gap.reason in _FILLABLE
        and gap.end_wall_us - gap.start_wall_us >= SHORTEST_US
        and SETTLED_US <= now_wall_us - gap.end_wall_us <= OLDEST_US
    )


def _may_be_tried(tries: Tries | None, now_wall_us: int) -> bool:
    if tries is None:
        return True
    rest_us = RESTS_US[min(tries.count, len(RESTS_US)) - 1]
    # A clock that was set back must not make a gap wait for ever.
    return tries.count < MOST_TRIES and abs(now_wall_us - tries.last_wall_us) >= rest_us


def choose_fill_root(usages: Sequence[RootUsage]) -> str:
    """The root for footage of a card: as for live footage, the first hot one that is not too full,
    or the first at all; empty when none takes any.
    """
    able = [one for one in usages if one.role == "hot" and one.state in {"available", "slow"}]
    for usage in able:
        quota = usage.used_bytes / usage.quota_bytes if usage.quota_bytes else 0.0
        disk = 1.0 - usage.free_bytes / usage.total_bytes if usage.total_bytes else 0.0
        if max(quota, disk) < _OVERFLOW_SHARE:
            return usage.name
    return able[0].name if able else ""
