"""Files of the data folder that are past their time. Reads folders; deletes nothing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path

from engine.retention.shield import Shield

_US = 1_000_000
_DAY_US = 86_400 * _US


@dataclass(frozen=True)
class OldFile:
    """A file of the data folder that is past its time."""

    path: str
    """Relative to the data folder, with forward slashes."""
    size_bytes: int
    wall_us: int
    camera_id: str = ""


def old_logs(data_dir: Path, before_us: int) -> list[OldFile]:
    """Rotated logs and databases that were set aside, last written before then."""
    found = _written_before(data_dir, data_dir / "logs", before_us, ("*.log.*",))
    return found + _written_before(data_dir, data_dir, before_us, ("events.duckdb.bad-*",))


def leftovers(data_dir: Path, before_us: int) -> list[OldFile]:
    """What half-done work left: temporary files that nobody renamed, write tests of disks."""
    patterns = (".*.tmp", ".nvr-health-*")
    folders = (
        data_dir, data_dir / "config", data_dir / "run", data_dir / "spool", data_dir / "journal",
        data_dir / "recordings",
    )  # fmt: skip
    found = []
    for folder in folders:
        found += _written_before(data_dir, folder, before_us, patterns)
    for place, _, _ in os.walk(data_dir / "clips"):
        found += _written_before(data_dir, Path(place), before_us, patterns)
    return found


def old_versions(data_dir: Path, before_us: int) -> list[OldFile]:
    """Accepted settings from before then; never the newest, which is in force."""
    history = data_dir / "config" / "history"
    found = _written_before(data_dir, history, before_us, ("*.toml",))
    newest = max((path.name for path in history.glob("*.toml")), default="")
    return [one for one in found if not one.path.endswith(f"/{newest}")]


def old_pictures(data_dir: Path, before_us: int, shield: Shield) -> Iterator[list[OldFile]]:
    """Events' pictures, a camera's day at a time, of days (UTC) that ended before then.

    Days of which anything is protected stay whole: a picture's file does not tell its moment.
    """
    for camera in sorted(_folders(data_dir / "clips" / "snapshots")):
        for day in sorted(_folders(camera)):
            start_us = _day_us(day.name)
            if start_us is None or start_us + _DAY_US > before_us:
                continue
            if shield.covers(camera.name, start_us, start_us + _DAY_US):
                continue
            yield [
                OldFile(one.path, one.size_bytes, start_us, camera.name)
                for one in _written_before(data_dir, day, 2**62, ("*",))
            ]


def _written_before(
    data_dir: Path, folder: Path, before_us: int, patterns: tuple[str, ...]
) -> list[OldFile]:
    found = []
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if not any(fnmatch(entry.name, pattern) for pattern in patterns):
                continue
            with contextlib.suppress(FileNotFoundError):
                stat = entry.stat(follow_symlinks=False)
                written_us = int(stat.st_mtime * _US)
                if entry.is_file(follow_symlinks=False) and written_us < before_us:
                    relative = Path(entry.path).relative_to(data_dir).as_posix()
                    found.append(OldFile(relative, stat.st_size, written_us))
    return sorted(found, key=lambda one: (one.wall_us, one.path))


def _folders(folder: Path) -> list[Path]:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    return []


def _day_us(name: str) -> int | None:
    try:
        day = datetime.strptime(name, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(day.timestamp()) * _US
