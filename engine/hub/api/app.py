"""The Litestar application: routes, guard, errors, OpenAPI."""

from __future__ import annotations

from litestar import Litestar
from litestar.openapi.config import OpenAPIConfig

from engine.hub.api.access import AccessGuard
from engine.hub.api.cameras import camera_routes
from engine.hub.api.clips import clip_routes
from engine.hub.api.errors import EXCEPTION_HANDLERS
from engine.hub.api.event_files import event_file_routes
from engine.hub.api.events import event_routes
from engine.hub.api.exports import export_routes
from engine.hub.api.footage import footage_routes
from engine.hub.api.health import health_routes
from engine.hub.api.live import live_routes
from engine.hub.api.marks import mark_routes
from engine.hub.api.retention import retention_routes
from engine.hub.api.stills import still_routes
from engine.hub.api.storage import storage_routes
from engine.hub.api.system import system_routes
from engine.hub.api.timeline import timeline_routes
from engine.hub.api.timing import timing_middleware
from engine.hub.core import HubCore

# A still of a 16 Mpixel camera as base64 fits; nothing larger is ever asked for.
_MOST_BODY_BYTES = 32 * 1024**2


def build_app(core: HubCore) -> Litestar:
    """The whole face of DESIGN's contract as far as it is built."""
    return Litestar(
        [
            *health_routes(core),
            *camera_routes(core),
            *event_routes(core),
            *clip_routes(core),
            *event_file_routes(core),
            *footage_routes(core),
            *mark_routes(core),
            *export_routes(core),
            *timeline_routes(core),
            *still_routes(core),
            *system_routes(core),
            *storage_routes(core),
            *retention_routes(core),
            *live_routes(core),
        ],
        guards=[AccessGuard(core)],
        exception_handlers=EXCEPTION_HANDLERS,
        middleware=[timing_middleware(core.registry)],
        openapi_config=OpenAPIConfig(
            title="NVR engine", version=core.start.version, path="/schema"
        ),
        logging_config=None,
        request_max_body_size=_MOST_BODY_BYTES,
        debug=False,
    )
