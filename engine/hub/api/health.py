"""`/health`, `/health/ready`, `/health/deep` and `/metrics`."""

from __future__ import annotations

from litestar import MediaType, Response, get
from litestar.types import ControllerRouterHandler

from engine.hub.api.access import OPEN, SCRAPE
from engine.hub.core import HubCore
from engine.hub.health_checks import deep_checks, ready_checks, run_all
from nvr_app.contract.api import Alive, HealthAnswer
from nvr_app.contract.timebase import iso_utc


def health_routes(core: HubCore) -> list[ControllerRouterHandler]:
    """Liveness, readiness, deep health and the scrape."""

    @get("/health", opt=OPEN, sync_to_thread=False)
    def health() -> Alive:
        """Whether the hub's loop turns."""
        return Alive(
            status="alive",
            timestamp=iso_utc(core.clock.wall_us()),
            service="nvr",
            version=core.start.version,
            uptime_seconds=int(core.uptime_s),
        )

    @get("/health/ready", opt=SCRAPE)
    async def ready() -> Response[HealthAnswer]:
        """Whether everything that the work needs is there; 503 with the failing checks."""
        checks = await run_all(ready_checks(core))
        is_ready = all(check.status != "fail" for check in checks.values())
        answer = HealthAnswer(
            status="ready" if is_ready else "not_ready",
            timestamp=iso_utc(core.clock.wall_us()),
            service="nvr",
            version=core.start.version,
            checks=checks,
        )
        return Response(answer, status_code=200 if is_ready else 503)

    @get("/health/deep", opt=SCRAPE)
    async def deep() -> Response[HealthAnswer]:
        """A real frame through the detector, a write and a read on every root; 1 to 5 s."""
        checks = await run_all(deep_checks(core))
        is_healthy = all(check.status != "fail" for check in checks.values())
        answer = HealthAnswer(
            status="healthy" if is_healthy else "unhealthy",
            timestamp=iso_utc(core.clock.wall_us()),
            service="nvr",
            version=core.start.version,
            checks=checks,
        )
        return Response(answer, status_code=200 if is_healthy else 503)

    @get("/metrics", opt=SCRAPE, media_type=MediaType.TEXT, sync_to_thread=True)
    def metrics() -> Response[bytes]:
        """Prometheus' text format."""
        return Response(core.registry.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return [health, ready, deep, metrics]
