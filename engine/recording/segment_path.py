"""Names of segments: `<camera>/<YYYY-MM-DD>/<HH>/<start UTC ms>-<run>-<n>.mp4`, never renamed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

from nvr_app.contract.timebase import US_PER_MS, utc_datetime

_NAME = re.compile(r"(\d{13})-([0-9a-f]{8})-(\d+)(?:\.(?:hevc|av1))?\.mp4")
"""A segment that was encoded anew says so: it lies beside the one that it came from."""


@dataclass(frozen=True)
class SegmentName:
    """What a segment's path tells without opening it."""

    camera_id: str
    start_wall_us: int
    """Whole milliseconds."""
    run_id: str
    number: int

    def path(self) -> str:
        """Relative to its storage root, with forward slashes."""
        start = utc_datetime(self.start_wall_us)
        return (
            f"{self.camera_id}/{start:%Y-%m-%d}/{start:%H}/"
            f"{self.start_wall_us // US_PER_MS:013d}-{self.run_id}-{self.number}.mp4"
        )

    @property
    def segment_id(self) -> str:
        """Unique for ever: a run's id is random and its numbers grow."""
        return f"{self.run_id}-{self.number}"


def parse_segment_path(path: str) -> SegmentName | None:
    """Read a path back; None for anything that is not ours."""
    parts = PurePosixPath(path).parts
    if len(parts) != 4:
        return None
    match = _NAME.fullmatch(parts[3])
    if match is None:
        return None
    return SegmentName(
        parts[0], int(match.group(1)) * US_PER_MS, match.group(2), int(match.group(3))
    )


def hour_of_folder(folder: PurePosixPath) -> datetime | None:
    """The hour whose segments begin in this folder; None for a folder that is not ours."""
    if len(folder.parts) != 3:
        return None
    try:
        return datetime.strptime("/".join(folder.parts[1:]), "%Y-%m-%d/%H").replace(tzinfo=UTC)
    except ValueError:
        return None


def path_encoded_anew(path: str, codec: str) -> str:
    """Where the same segment lies once it is of that codec: beside its original."""
    stem = path.removesuffix(".mp4")
    for known in (".hevc", ".av1"):
        stem = stem.removesuffix(known)
    return f"{stem}.{codec}.mp4"
