"""How much footage lies on each root: the closed segments of the index and the open ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping

from engine.hub.core import HubCore
from engine.hub.query_pool import DatabaseUnavailableError
from nvr_app.contract.status import CameraStatus

_PERIOD_S = 10.0


async def count_roots(core: HubCore) -> None:
    """For ever, every ten seconds; the last count stands while the database is away."""
    loop = asyncio.get_running_loop()
    closed: Mapping[str, int] = {}
    while True:
        with contextlib.suppress(DatabaseUnavailableError):  # it is told elsewhere
            closed = await core.queries.run(lambda reader: reader.used_by_root())
        statuses = tuple(core.state.statuses.values())
        used = with_open_segments(closed, statuses)
        await loop.run_in_executor(None, core.storage.take_counts, used, slow_roots(statuses))
        await asyncio.sleep(_PERIOD_S)


def with_open_segments(
    closed: Mapping[str, int], statuses: Iterable[CameraStatus]
) -> dict[str, int]:
    """Bytes by root, the segments that are being written included. Pure."""
    used = Counter(closed)
    for status in statuses:
        if status.segment is not None:
            used[status.segment.root] += status.segment.size_bytes
    return dict(used)


def slow_roots(statuses: Iterable[CameraStatus]) -> frozenset[str]:
    """The roots for which cameras keep pictures in memory. Pure."""
    return frozenset(
        status.segment.root
        for status in statuses
        if status.disk_is_slow and status.segment is not None
    )
