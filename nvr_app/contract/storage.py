"""Answer of `/api/v1/storage`: room, growth and how long footage will fit."""

from __future__ import annotations

import msgspec

from nvr_app.contract.api import RootUsage


class RootForecastView(msgspec.Struct, frozen=True, kw_only=True):
    """One root; `days_until_full` is null where it never fills at the present rate."""

    usage: RootUsage
    bytes_per_day: float
    """Footage that is written there a day, over the last week."""
    days_until_full: float | None


class BucketView(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    bucket: str
    storage_class: str
    fault: str = ""
    """Why it cannot be used; empty while it answers."""


class CameraForecast(msgspec.Struct, frozen=True, kw_only=True):
    """What a camera records a day, how far back it can be looked at, and what is promised."""

    camera_id: str
    bytes_per_day: float
    """0 until there is an hour of footage to judge by."""
    held_days: float
    promised_days: float | None
    """Null: as long as it fits."""


class StorageView(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of the last minute; all 0 and empty until the first look."""

    sentence: str
    """For people: "23 days held; full in 4 days; the disks hold 27 days; policy wants 90"."""
    warning: str
    """Why what is promised does not fit and what to do; empty while it does."""
    roots: tuple[RootForecastView, ...]
    buckets: tuple[BucketView, ...]
    cameras: tuple[CameraForecast, ...]
    bytes_per_day: float
    days_held: float
    days_until_full: float | None
    holdable_days: float | None
    promised_days: float
    is_promise_kept: bool
