"""How long footage will fit: growth, days until full, days that the disks can hold. Pure.

Every figure is of what was measured: bytes recorded a day come from the index, room from the
disks. Nothing is promised from a rate that nobody has seen yet.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.ageing.footage import TierRoot

DAY_S = 86_400.0


@dataclass(frozen=True, kw_only=True)
class RecordedSpan:
    """What one camera recorded in the days looked at."""

    camera_id: str
    size_bytes: int
    first_wall_us: int
    """Start of its oldest footage in that time."""
    oldest_wall_us: int
    """Start of its oldest footage at all: how far back one can look."""


@dataclass(frozen=True, kw_only=True)
class CameraGrowth:
    """Bytes a day, and what there is and what is promised, in days; None: not known, not bound."""

    camera_id: str
    bytes_per_day: float
    held_days: float
    promised_days: float | None


@dataclass(frozen=True, kw_only=True)
class RootForecast:
    """When one root is full at the present rate; None: never, or retention deletes before that."""

    name: str
    bytes_per_day: float
    days_until_full: float | None


@dataclass(frozen=True, kw_only=True)
class Projection:
    """What can be said of the whole."""

    cameras: tuple[CameraGrowth, ...]
    roots: tuple[RootForecast, ...]
    bytes_per_day: float
    days_held: float
    """How far back the camera with the shortest past can be looked at."""
    days_until_full: float | None
    """Until no root takes new footage any more; None: retention deletes before that."""
    holdable_days: float | None
    """Days of footage that all roots together can hold at the present rate."""
    promised_days: float
    """The longest time that a policy promises to a camera; 0: none does."""
    needed_bytes: int
    """What keeping every promise takes."""
    holdable_bytes: int | None
    """Footage that fits on all roots together, what lies there included; None: without bound."""

    @property
    def is_promise_kept(self) -> bool:
        """Whether what is promised fits. Unknown rates break no promise."""
        return self.holdable_bytes is None or self.needed_bytes <= self.holdable_bytes


def growth_of(
    spans: Iterable[RecordedSpan], promises: Mapping[str, float | None], now_wall_us: int
) -> tuple[CameraGrowth, ...]:
    """Per camera. A rate from less than an hour of footage is none: its share of a day is noise.

    `promises` holds days by camera; one that is missing, or None, is promised nothing.
    """
    found = []
    for span in spans:
        seen_s = (now_wall_us - span.first_wall_us) / 1e6
        rate = span.size_bytes / seen_s * DAY_S if seen_s >= 3600 else 0.0
        found.append(
            CameraGrowth(
                camera_id=span.camera_id,
                bytes_per_day=rate,
                held_days=max(0.0, (now_wall_us - span.oldest_wall_us) / 1e6 / DAY_S),
                promised_days=promises.get(span.camera_id),
            )
        )
    return tuple(sorted(found, key=lambda camera: camera.camera_id))


def room_of(root: TierRoot) -> int | None:
    """Bytes that still fit on a root: above its floor, below its quota; None: without bound."""
    if not root.is_usable:
        return 0
    rooms = []
    if root.total_bytes:
        rooms.append(root.free_bytes - root.floor_free_bytes)
    if root.quota_bytes:
        rooms.append(root.quota_bytes - root.used_bytes)
    return max(0, min(rooms)) if rooms else None


def project(
    cameras: Sequence[CameraGrowth],
    roots: Sequence[TierRoot],
    written_per_day: Mapping[str, float],
) -> Projection:
    """Put growth and room together.

    `written_per_day` is what came to each root a day, moves and deletions taken into account.
    """
    rate = sum(camera.bytes_per_day for camera in cameras)
    promised = [camera.promised_days for camera in cameras if camera.promised_days is not None]
    all_room = _sum([room_of(root) for root in roots])
    held = sum(root.used_bytes for root in roots if root.is_usable)
    holdable = None if all_room is None else held + all_room
    return Projection(
        cameras=tuple(cameras),
        roots=tuple(
            _forecast(root, written_per_day.get(root.name, 0.0), cameras) for root in roots
        ),
        bytes_per_day=rate,
        days_held=min((camera.held_days for camera in cameras), default=0.0),
        days_until_full=None if all_room is None else _fills_after(cameras, all_room),
        holdable_days=holdable / rate if holdable is not None and rate > 0 else None,
        promised_days=max(promised, default=0.0),
        needed_bytes=int(sum(c.bytes_per_day * (c.promised_days or 0.0) for c in cameras)),
        holdable_bytes=holdable,
    )


def _fills_after(cameras: Sequence[CameraGrowth], room: int) -> float | None:
    """Days until footage that still grows takes up so much; None: it stops growing before.

    A camera grows until as many days are held as are promised; then as much goes as comes.
    """
    growing = sorted(
        (_grows_for_days(camera), camera.bytes_per_day)
        for camera in cameras
        if camera.bytes_per_day > 0
    )
    passed, left = 0.0, float(room)
    for index, (until, _) in enumerate(growing):
        rate = sum(each for _, each in growing[index:])
        if rate * (until - passed) >= left:
            return passed + left / rate
        left -= rate * (until - passed)
        passed = until
    return None


def _grows_for_days(camera: CameraGrowth) -> float:
    if camera.promised_days is None:
        return math.inf
    return max(0.0, camera.promised_days - camera.held_days)


def _forecast(root: TierRoot, rate: float, cameras: Sequence[CameraGrowth]) -> RootForecast:
    room = room_of(root)
    longest = max((_grows_for_days(camera) for camera in cameras), default=math.inf)
    days = room / rate if room is not None and rate > 0 else None
    if days is not None and days > longest:
        days = None
    return RootForecast(name=root.name, bytes_per_day=rate, days_until_full=days)


def _sum(rooms: Sequence[int | None]) -> int | None:
    known = [room for room in rooms if room is not None]
    return sum(known) if len(known) == len(rooms) else None


def sentence(projection: Projection) -> str:
    """The whole for people: "23 days held; full in 4 days; policy wants 90"."""
    if not projection.bytes_per_day:
        return f"{_days(projection.days_held)} held; too little recorded to tell how long it fits"
    parts = [f"{_days(projection.days_held)} held"]
    if projection.days_until_full is not None:
        parts.append(f"full in {_days(projection.days_until_full)}")
    if projection.holdable_days is not None:
        parts.append(f"the disks hold {_days(projection.holdable_days)}")
    if projection.promised_days:
        parts.append(f"policy wants {projection.promised_days:g}")
    return "; ".join(parts)


def warning(projection: Projection) -> str:
    """What to do about a promise that cannot be kept; empty while all can."""
    if projection.is_promise_kept or projection.holdable_bytes is None:
        return ""
    missing = projection.needed_bytes - projection.holdable_bytes
    holdable = _days(projection.holdable_days or 0.0)
    return (
        f"The disks hold {holdable} at the present rate, the policies promise "
        f"{projection.promised_days:g}: add {_size(missing)}, record less, or promise less"
    )


def _days(days: float) -> str:
    if days >= 1.95:
        return f"{days:.0f} days"
    return f"{days * 24:.0f} hours"


def _size(count: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
