"""When storage roots are too full and how much must go from which. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nvr_app.contract.api import RootUsage

_LEAST_MARGIN_BYTES = 64 * 1024**2
_ROLES = ("hot", "warm", "cold")
_USABLE = ("available", "slow", "full")


@dataclass(frozen=True)
class Shortage:
    """Roots of one role that all lack room; it is enough to make room in the first that can."""

    role: str
    needs: tuple[tuple[str, int], ...]
    """Root and bytes that must go from it, in the order of the settings."""


def choose_shortages(usages: Sequence[RootUsage], *, has_buckets: bool) -> list[Shortage]:
    """Where footage must go now, before recording would have to stop.

    Hot roots: once all of them are near their floors or quotas, for then recording is at stake.
    Others: once all of a role are, and there is nowhere left to which ageing could move footage.
    """
    shortages = []
    for number, role in enumerate(_ROLES):
        group = [usage for usage in usages if usage.role == role and _is_usable(usage)]
        if not group or any(_has_room(usage) for usage in group):
            continue
        later = [usage for usage in usages if usage.role in _ROLES[number + 1 :]]
        has_way_out = any(_is_usable(usage) and _has_room(usage) for usage in later) or (
            has_buckets and role != "cold"
        )
        if role == "hot" or not has_way_out:
            needs = ((u.name, 2 * _margin(u) - room_of(u)) for u in group)
            shortages.append(Shortage(role, tuple(needs)))
    return shortages


def room_of(usage: RootUsage) -> int:
    """Bytes until a root reaches its floor or its quota; negative beyond it."""
    room = usage.free_bytes - usage.floor_free_bytes
    return min(room, usage.quota_bytes - usage.used_bytes) if usage.quota_bytes else room


def _margin(usage: RootUsage) -> int:
    """So much room is too little; twice as much is made."""
    margin = max(usage.floor_free_bytes // 4, _LEAST_MARGIN_BYTES)
    return min(margin, usage.quota_bytes // 10) if usage.quota_bytes else margin


def _is_usable(usage: RootUsage) -> bool:
    return usage.total_bytes > 0 and usage.state in _USABLE


def _has_room(usage: RootUsage) -> bool:
    return room_of(usage) >= _margin(usage)
