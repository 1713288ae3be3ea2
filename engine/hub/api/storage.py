"""Storage for people: roots, how full they are, and how long footage will fit."""

from __future__ import annotations

from litestar import get
from litestar.types import ControllerRouterHandler

from engine.ageing.projection import Projection
from engine.hub.core import HubCore
from nvr_app.contract.api import RootUsage
from nvr_app.contract.storage import BucketView, CameraForecast, RootForecastView, StorageView


def storage_routes(core: HubCore) -> list[ControllerRouterHandler]:
    """`/api/v1/storage`."""

    @get("/api/v1/storage", sync_to_thread=False)
    def storage() -> StorageView:
        """Every root and bucket, growth by camera, days held, promised and until full."""
        found = core.forecast.projection
        return StorageView(
            sentence=core.forecast.sentence,
            warning=core.forecast.warning,
            roots=tuple(_root(usage, found) for usage in core.storage.usages),
            buckets=tuple(
                BucketView(
                    name=bucket.settings.name,
                    bucket=bucket.settings.bucket,
                    storage_class=bucket.settings.storage_class,
                    fault=core.buckets.faults.get(bucket.settings.name, ""),
                )
                for bucket in core.start.buckets
            ),
            cameras=_cameras(found),
            bytes_per_day=found.bytes_per_day if found else 0.0,
            days_held=found.days_held if found else 0.0,
            days_until_full=found.days_until_full if found else None,
            holdable_days=found.holdable_days if found else None,
            promised_days=found.promised_days if found else 0.0,
            is_promise_kept=found.is_promise_kept if found else True,
        )

    return [storage]


def _root(usage: RootUsage, found: Projection | None) -> RootForecastView:
    forecasts = {one.name: one for one in found.roots} if found else {}
    forecast = forecasts.get(usage.name)
    return RootForecastView(
        usage=usage,
        bytes_per_day=forecast.bytes_per_day if forecast else 0.0,
        days_until_full=forecast.days_until_full if forecast else None,
    )


def _cameras(found: Projection | None) -> tuple[CameraForecast, ...]:
    return tuple(
        CameraForecast(
            camera_id=camera.camera_id,
            bytes_per_day=camera.bytes_per_day,
            held_days=camera.held_days,
            promised_days=camera.promised_days,
        )
        for camera in (found.cameras if found else ())
    )
