"""Which segments go to which root. Pure: rows and roots in, moves out.

Four reasons, in this order. *Archive*: footage whose retention is over and which is to be archived
goes to a cold root. *Age*: footage past its days on a tier goes down. *Size*: the oldest
of a root that fills up goes down before recording has to avoid that root. *Return*: footage that
was written to a later hot root because the preferred one was away goes back, oldest first.
Protected footage moves as any other: it stays footage.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.ageing.footage import AgedSegment, TierRoot
from nvr_app.contract.config import RootRole
from nvr_app.contract.custody_facts import MoveReason

FULL_SHARE = 0.75
"""From this fullness on the oldest footage goes down; recording avoids a root from 0.8 on."""
EASED_SHARE = 0.70
"""Up to which a root takes what returns: below the mark above, so nothing goes to and fro."""


@dataclass(frozen=True, kw_only=True)
class TierPolicy:
    """Days after which footage leaves a tier; 0: only when there is no room."""

    warm_after_days: float = 0.0
    cold_after_days: float = 0.0
    archive_after_days: float = 0.0
    """When retention's time is over and footage is to be archived rather than deleted."""
    archive_by_camera: Mapping[str, float] = field(default_factory=dict)
    """Cameras with a time of their own; 0: never."""

    def archive_days(self, camera_id: str) -> float:
        """Age at which a camera's footage is archived; 0: never."""
        return self.archive_by_camera.get(camera_id, self.archive_after_days)


@dataclass(frozen=True, kw_only=True)
class Move:
    """One segment to another root, under the same path."""

    segment: AgedSegment
    to_root: str
    reason: MoveReason


class _Rooms:
    """The roots, with every chosen move counted as if it were done."""

    def __init__(self, roots: Sequence[TierRoot]) -> None:
        self._roots = {root.name: root for root in roots}

    def get(self, name: str) -> TierRoot | None:
        return self._roots.get(name)

    def of_role(self, role: RootRole) -> list[TierRoot]:
        return [root for root in self._roots.values() if root.role == role]

    def hot_before(self, name: str) -> list[TierRoot]:
        """The hot roots that recording prefers to this one."""
        before = []
        for root in self.of_role("hot"):
            if root.name == name:
                break
            before.append(root)
        return before

    def has_room(self, root: TierRoot, size_bytes: int, share: float = 1.0) -> bool:
        if not root.is_usable:
            return False
        after = _with(root, size_bytes)
        if root.total_bytes and after.free_bytes < root.floor_free_bytes:
            return False
        if root.quota_bytes and after.used_bytes > root.quota_bytes:
            return False
        return after.fullness <= share

    def move(self, segment: AgedSegment, to_root: str) -> None:
        self._roots[to_root] = _with(self._roots[to_root], segment.size_bytes)
        here = self._roots.get(segment.root)
        if here is not None:
            self._roots[segment.root] = _with(here, -segment.size_bytes)


def _with(root: TierRoot, size_bytes: int) -> TierRoot:
    return replace(
        root,
        free_bytes=root.free_bytes - size_bytes if root.total_bytes else 0,
        used_bytes=root.used_bytes + size_bytes,
    )


def choose_moves(
    segments: Iterable[AgedSegment],
    roots: Sequence[TierRoot],
    policy: TierPolicy,
    now_wall_us: int,
    most_bytes: int,
) -> list[Move]:
    """The next moves, oldest footage first, no more bytes than `most_bytes` (but at least one).

    `roots` in the order of the settings. A root that is away is neither source nor target; a
    segment of a root that is not among them is left where it is.
    """
    rooms = _Rooms(roots)
    chosen: list[Move] = []
    left = most_bytes
    for segment in sorted(segments, key=lambda s: (s.start_wall_us, s.segment_id)):
        move = _move_for(segment, rooms, policy, now_wall_us)
        if move is None:
            continue
        if chosen and segment.size_bytes > left:
            break
        chosen.append(move)
        rooms.move(segment, move.to_root)
        left -= segment.size_bytes
    return chosen


def _move_for(
    segment: AgedSegment, rooms: _Rooms, policy: TierPolicy, now_wall_us: int
) -> Move | None:
    here = rooms.get(segment.root)
    if here is None or not here.is_usable:
        return None
    archive_days = policy.archive_days(segment.camera_id)
    if archive_days and here.role != "cold" and segment.age_days(now_wall_us) >= archive_days:
        archive = _with_room(("cold",), segment, rooms)
        if archive is not None:
            return Move(segment=segment, to_root=archive.name, reason="archived")
    target = _by_age(segment, here, rooms, policy, now_wall_us)
    if target is None and here.fullness > FULL_SHARE:
        target = _with_room(_tiers_below(here.role), segment, rooms)
    if target is not None:
        return Move(segment=segment, to_root=target.name, reason="tier")
    back = _way_back(segment, here, rooms)
    return Move(segment=segment, to_root=back.name, reason="returned") if back else None


def _by_age(
    segment: AgedSegment, here: TierRoot, rooms: _Rooms, policy: TierPolicy, now_wall_us: int
) -> TierRoot | None:
    age = segment.age_days(now_wall_us)
    if policy.cold_after_days and age >= policy.cold_after_days and here.role != "cold":
        return _with_room(("cold",), segment, rooms) or _one_down(segment, here, rooms)
    if policy.warm_after_days and age >= policy.warm_after_days and here.role == "hot":
        return _with_room(("warm",), segment, rooms)
    return None


def _one_down(segment: AgedSegment, here: TierRoot, rooms: _Rooms) -> TierRoot | None:
    """For footage that is due for a cold root when none has room: off the hot one at least."""
    return _with_room(("warm",), segment, rooms) if here.role == "hot" else None


def _tiers_below(role: RootRole) -> tuple[RootRole, ...]:
    below: dict[RootRole, tuple[RootRole, ...]] = {"hot": ("warm", "cold"), "warm": ("cold",)}
    return below.get(role, ())


def _with_room(roles: Iterable[RootRole], segment: AgedSegment, rooms: _Rooms) -> TierRoot | None:
    """The first root of these tiers that takes it and stays below the mark itself."""
    for role in roles:
        for root in rooms.of_role(role):
            # The last tier has nowhere to pass things on to: it is filled up to its floor.
            is_last = role == "cold" or not rooms.of_role("cold")
            share = 1.0 if is_last else FULL_SHARE
            if root.name != segment.root and rooms.has_room(root, segment.size_bytes, share):
                return root
    return None


def _way_back(segment: AgedSegment, here: TierRoot, rooms: _Rooms) -> TierRoot | None:
    if here.role != "hot":
        return None
    for root in rooms.hot_before(here.name):
        if rooms.has_room(root, segment.size_bytes, EASED_SHARE):
            return root
    return None
