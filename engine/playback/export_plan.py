"""What an export will hold, before a byte is read: which segments make which file. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nvr_app.contract.exporting import ExportCamera, ExportGap, ExportSegment
from nvr_app.contract.timebase import utc_datetime

_SAME_RUN_US = 500_000
"""A hole of up to half a second between two segments of a run is rounding, not a hole."""
MOST_FILE_BYTES = 4 * 1024**3 - 64 * 1024**2
"""A file must fit onto a stick with FAT32, index and all."""
_MOST_SEGMENTS = 180
"""All segments of a file are open, and their indexes in memory, while it is written."""
_NO_GAP_US = 500_000


@dataclass(frozen=True)
class FilePlan:
    """One file to be: segments that follow each other without a break."""

    camera_id: str
    name: str
    segments: tuple[ExportSegment, ...]


def choose_files(camera: ExportCamera, start_wall_us: int) -> tuple[FilePlan, ...]:
    """Segments of a camera as files: a new one at every discontinuity, so nothing is faked."""
    groups: list[list[ExportSegment]] = []
    size = 0
    for segment in camera.segments:
        if (
            groups
            and len(groups[-1]) < _MOST_SEGMENTS
            and follows(groups[-1][-1], segment)
            and size + segment.size_bytes <= MOST_FILE_BYTES
        ):
            groups[-1].append(segment)
        else:
            groups.append([segment])
            size = 0
        size += segment.size_bytes
    return tuple(
        FilePlan(
            camera.camera_id,
            file_name(camera.camera_id, max(group[0].start_wall_us, start_wall_us), number),
            tuple(group),
        )
        for number, group in enumerate(groups, start=1)
    )


def follows(one: ExportSegment, other: ExportSegment) -> bool:
    """Whether the other goes on where the one ends."""
    if one.run_id != other.run_id or one.end_wall_us is None:
        return False
    return abs(other.start_wall_us - one.end_wall_us) <= _SAME_RUN_US


def file_name(camera_id: str, start_wall_us: int, number: int) -> str:
    """Sorts by camera, then by time; every system can hold it."""
    return f"{camera_id}_{utc_datetime(start_wall_us):%Y%m%dT%H%M%SZ}_{number:03d}.mp4"


def bundle_name(export_id: str, start_wall_us: int) -> str:
    """Name of an export's folder, and of its archive before `.zip`."""
    return f"nvr-export-{utc_datetime(start_wall_us):%Y%m%dT%H%M%SZ}-{export_id[-8:]}"


def choose_gaps(
    start_wall_us: int,
    end_wall_us: int,
    held: Iterable[tuple[int, int]],
    known: Sequence[ExportGap],
    damaged: Sequence[tuple[int, int]] = (),
) -> tuple[ExportGap, ...]:
    """What is missing of the range, each hole with the reason that explains most of it."""
    holes = []
    at = start_wall_us
    for begin, end in sorted(held):
        if begin - at > _NO_GAP_US:
            holes.append((at, begin))
        at = max(at, end)
    if end_wall_us - at > _NO_GAP_US:
        holes.append((at, end_wall_us))
    reasons = [(gap.start_wall_us, gap.end_wall_us, gap.reason) for gap in known]
    reasons += [(begin, end, "damaged") for begin, end in damaged]
    return tuple(
        ExportGap(start_wall_us=begin, end_wall_us=end, reason=_reason(begin, end, reasons))
        for begin, end in holes
    )


def _reason(start_us: int, end_us: int, reasons: Sequence[tuple[int, int, str]]) -> str:
    overlaps = [(min(end, end_us) - max(begin, start_us), reason) for begin, end, reason in reasons]
    longest, reason = max(overlaps, default=(0, ""))
    return reason if longest > 0 else "not recorded"


def estimate_bytes(cameras: Iterable[ExportCamera], start_us: int, end_us: int, now_us: int) -> int:
    """About what the footage takes: each segment's share that lies in the range."""
    total = 0.0
    for camera in cameras:
        for segment in camera.segments:
            end = segment.end_wall_us if segment.end_wall_us is not None else now_us
            length = max(end - segment.start_wall_us, 1)
            inside = min(end, end_us) - max(segment.start_wall_us, start_us)
            total += segment.size_bytes * min(max(inside, 0) / length, 1.0)
    return int(total)
