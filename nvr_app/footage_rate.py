"""How much each camera records at present, read from its folders alone: no engine is needed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

_HOURS = 24
"""So many of the newest full hours count: nights and days record differently."""


def footage_rates(roots: Iterable[Path], now: datetime | None = None) -> dict[str, float]:
    """Bytes a day by camera, from the newest full hours; cameras without one are left out.

    Folders that cannot be read count as absent.
    """
    this_hour = f"{now or datetime.now(tz=UTC):%Y-%m-%d/%H}"
    hours: dict[str, dict[str, int]] = {}
    for root in roots:
        for camera in _folders(root):
            found = hours.setdefault(camera.name, {})
            for hour in _newest_hours(camera, this_hour):
                name = f"{hour.parent.name}/{hour.name}"
                found[name] = found.get(name, 0) + _size(hour)
    rates = {}
    for camera_id, sizes in hours.items():
        newest = [sizes[name] for name in sorted(sizes)[-_HOURS:] if sizes[name]]
        if newest:
            rates[camera_id] = 24 * sum(newest) / len(newest)
    return rates


def _newest_hours(camera: Path, this_hour: str) -> list[Path]:
    hours: list[Path] = []
    for day in sorted(_folders(camera), reverse=True):
        past = [h for h in _folders(day) if f"{day.name}/{h.name}" < this_hour]
        hours += sorted(past, reverse=True)
        if len(hours) >= _HOURS:
            break
    return hours[:_HOURS]


def _folders(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return [Path(entry.path) for entry in os.scandir(folder) if entry.is_dir()]
    return []


def _size(folder: Path) -> int:
    total = 0
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            total += entry.stat().st_size
    return total
