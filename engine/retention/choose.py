"""Which footage goes: pure functions of what is held, the rules, what is protected, and now.

Whatever they are given, they never choose a segment that is open or protected, they take the
oldest first, and never more than is needed. Rows come oldest first from whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.retention.shield import Shield


class Held(NamedTuple):
    """A segment that is there; `end_wall_us` is None while it is being written."""

    camera_id: str
    segment_id: str
    root: str
    path: str
    start_wall_us: int
    end_wall_us: int | None
    size_bytes: int


@dataclass(frozen=True)
class Rule:
    """One camera's retention of raw video."""

    keep_us: int | None
    """None: for good."""
    minimum_us: int = 0
    quota_bytes: int = 0


Rules = Callable[[str], Rule]
"""The rule of a camera, also of one that left the settings."""


@dataclass(frozen=True)
class EmergencyChoice:
    """What goes to keep recording going, and what it does not come to."""

    expired: tuple[Held, ...]
    oldest: tuple[Held, ...]
    below_minimum: tuple[Held, ...]
    """Taken although its camera's minimum asked for more: nothing else was left."""
    short_bytes: int
    """Still missing: everything else is protected or being written."""

    @property
    def segments(self) -> tuple[Held, ...]:
        """In the order in which they go."""
        return self.expired + self.oldest + self.below_minimum


def is_free(segment: Held, shield: Shield) -> bool:
    """Whether it may go at all: closed, and protected by nobody (invariant S6)."""
    end_us = segment.end_wall_us
    return end_us is not None and not shield.covers(
        segment.camera_id, segment.start_wall_us, end_us
    )


def choose_expired(held: Iterable[Held], rules: Rules, shield: Shield, now_us: int) -> list[Held]:
    """Segments that ended before their camera's period."""
    return [one for one in held if _is_expired(one, rules(one.camera_id), now_us)
            and is_free(one, shield)]  # fmt: skip


def choose_over_quota(
    held: Iterable[Held], excess_bytes: int, rules: Rules, shield: Shield, now_us: int
) -> list[Held]:
    """The oldest segments, until no more than the quota is left or their minimum forbids it."""
    chosen: list[Held] = []
    for one in _oldest_first(held):
        if excess_bytes <= 0:
            break
        if is_free(one, shield) and not _is_within_minimum(one, rules(one.camera_id), now_us):
            chosen.append(one)
            excess_bytes -= one.size_bytes
    return chosen


def choose_emergency(
    held: Sequence[Held], needed_bytes: int, rules: Rules, shield: Shield, now_us: int
) -> EmergencyChoice:
    """Expired footage first, then the oldest, then (and only then) what a minimum keeps.

    Temporary files and caches go between the first two; they are no footage, so their size is
    taken off `needed_bytes` by the caller.
    """
    free = [one for one in _oldest_first(held) if is_free(one, shield)]
    expired = [one for one in free if _is_expired(one, rules(one.camera_id), now_us)]
    rest = [one for one in free if not _is_expired(one, rules(one.camera_id), now_us)]
    young = [one for one in rest if _is_within_minimum(one, rules(one.camera_id), now_us)]
    old = [one for one in rest if not _is_within_minimum(one, rules(one.camera_id), now_us)]
    expired_taken, needed_bytes = _until(expired, needed_bytes)
    old_taken, needed_bytes = _until(old, needed_bytes)
    young_taken, needed_bytes = _until(young, needed_bytes)
    return EmergencyChoice(expired_taken, old_taken, young_taken, max(needed_bytes, 0))


def _until(candidates: Sequence[Held], needed_bytes: int) -> tuple[tuple[Held, ...], int]:
    """The first of them that come to so much, and what is still missing (below 0: nothing)."""
    taken = []
    for one in candidates:
        if needed_bytes <= 0:
            break
        taken.append(one)
        needed_bytes -= one.size_bytes
    return tuple(taken), needed_bytes


def _oldest_first(held: Iterable[Held]) -> list[Held]:
    return sorted(held, key=lambda one: (one.start_wall_us, one.segment_id))


def _is_expired(segment: Held, rule: Rule, now_us: int) -> bool:
    end_us = segment.end_wall_us
    return end_us is not None and rule.keep_us is not None and end_us < now_us - rule.keep_us


def _is_within_minimum(segment: Held, rule: Rule, now_us: int) -> bool:
    end_us = segment.end_wall_us
    return end_us is None or end_us >= now_us - rule.minimum_us
