"""Proving what is recorded: journal, files and their agreement, by reading alone.

Never needs the database: that one is an index of what is checked here. Payloads that have gone in
their time are made up for by the newest checkpoint.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.journal.verify import JournalReport, verify_journal
from engine.store.footage_view import FootageView, SegmentFacts
from engine.store.view_reading import read_view

_FOLDERS = 3
"""Camera, day and hour."""
_HOLE_US = 1_500_000
"""Shorter pauses between segments are the rhythm of keyframes."""
_GAP_SLACK_US = 1_500_000


@dataclass(frozen=True)
class Orphan:
    """A file that the journal does not know (invariant S2)."""

    root: str
    path: str
    size_bytes: int


@dataclass(frozen=True)
class Hole:
    """Time between segments that no gap record explains."""

    camera_id: str
    start_wall_us: int
    end_wall_us: int


@dataclass
class CheckReport:
    """What was found; `is_sound` when nothing contradicts anything."""

    journal: JournalReport
    segments: int = 0
    bytes_present: int = 0
    open_segments: list[SegmentFacts] = field(default_factory=list)
    missing: list[SegmentFacts] = field(default_factory=list)
    wrong_size: list[tuple[SegmentFacts, int]] = field(default_factory=list)
    wrong_content: list[SegmentFacts] = field(default_factory=list)
    hashed: int = 0
    orphans: list[Orphan] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)
    unreadable_roots: list[str] = field(default_factory=list)
    unreachable: int = 0
    """Segments on roots that cannot be read: neither there nor missing."""
    copies: list[Orphan] = field(default_factory=list)
    """Second files of segments that are there: of a move or an encoding that was cut short. The
    next try uses or replaces them."""
    in_buckets: int = 0
    """Segments in buckets of object stores: counted, not read."""
    garbage: int = 0
    """Places that are to be unlinked."""
    unlawful: list[SegmentFacts] = field(default_factory=list)
    """Deleted, or about to be, although a protection held them (invariant S6)."""
    checkpoint: str = ""
    """What the check stands on besides the journal; empty: the journal alone."""
    refused_checkpoints: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether nothing is left to explain; open segments are explained while an engine runs."""
        return not (
            self.journal.faults
            or self.missing
            or self.wrong_size
            or self.wrong_content
            or self.orphans
            or self.holes
            or self.unreadable_roots
            or self.unlawful
            or self.refused_checkpoints
        )


def check_footage(
    journal_dir: Path,
    roots: Mapping[str, Path],
    *,
    keys_dir: Path | None = None,
    buckets: frozenset[str] = frozenset(),
    hash_file: Callable[[Path], str] | None = None,
    known_camera: Callable[[str], str | None] = lambda path: path.split("/", 1)[0],
    root_fault: Callable[[str], str] = lambda _: "",
) -> CheckReport:
    """Verify S1 and S2, the chain and the holes; with `hash_file` the content too.

    What lies in `buckets` was verified by the store when it was written; it is counted here.
    `keys_dir` holds the public keys that checkpoints may be signed with; None: the journal alone.
    `known_camera` tells the camera of a segment's path, None for files that are no segments.
    `root_fault` says why a root's folder is not the root itself (an empty mount point, another
    disk): what should lie there is then neither proven nor missing (invariant S5).
    """
    report = CheckReport(journal=verify_journal(journal_dir))
    reading = read_view(journal_dir, keys_dir)
    view = reading.view
    report.checkpoint, report.refused_checkpoints = reading.checkpoint, list(reading.refused)
    report.garbage, report.unlawful = len(view.garbage), view.unlawful
    reachable = _reachable(roots, report, root_fault)
    present = _files(reachable, known_camera)
    _name_unknown_roots(view, frozenset(roots) | buckets, report)
    for segment in view.segments.values():
        if segment.state in {"gone", "garbage"}:
            continue
        report.segments += 1
        if segment.root in buckets:
            report.in_buckets += 1
        elif segment.root in reachable:
            _check_segment(segment, present, report, roots, hash_file)
        else:
            report.unreachable += 1
    known = {(one.root, one.path) for one in view.segments.values() if one.state != "gone"}
    unknown = [
        Orphan(root, path, size)
        for (root, path), size in present.items()
        if (root, path) not in known and (root, path) not in view.garbage
    ]
    held = {_stem(path) for root, path in known if (root, path) in present}
    report.copies = [one for one in unknown if _stem(one.path) in held]
    report.orphans = [one for one in unknown if _stem(one.path) not in held]
    report.holes = find_holes(view)
    return report


def _stem(path: str) -> str:
    """A segment's path whatever it was encoded as: up to `<start>-<run>-<n>`."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/{name.partition('.')[0]}"


def _name_unknown_roots(view: FootageView, roots: frozenset[str], report: CheckReport) -> None:
    """Footage on roots that the settings do not name is neither proven nor missing."""
    counts: dict[str, int] = {}
    for segment in view.segments.values():
        if segment.state in {"open", "closed"} and segment.root not in roots:
            counts[segment.root] = counts.get(segment.root, 0) + 1
    report.unreadable_roots += [
        f"{name}: {count} segments lie there, but the settings name no such root"
        for name, count in sorted(counts.items())
    ]


def find_holes(view: FootageView) -> list[Hole]:
    """Per camera: time between two segments that is not covered by gap records."""
    by_camera: dict[str, list[SegmentFacts]] = {}
    for segment in view.segments.values():
        by_camera.setdefault(segment.camera_id, []).append(segment)
    holes: list[Hole] = []
    for camera_id, segments in by_camera.items():
        explained = view.gaps.get(camera_id, [])
        covered_us = 0
        for segment in sorted(segments, key=lambda s: s.start_wall_us):
            if covered_us and segment.start_wall_us - covered_us > _HOLE_US:
                hole = Hole(camera_id, covered_us, segment.start_wall_us)
                if not _is_explained(hole, explained):
                    holes.append(hole)
            # One that was never closed covers up to its successor: its file says how far.
            end_us = segment.end_wall_us if segment.end_wall_us is not None else 0
            covered_us = max(covered_us, end_us, segment.start_wall_us)
    return holes


def _is_explained(hole: Hole, gaps: list[tuple[int, int]]) -> bool:
    reached = hole.start_wall_us + _GAP_SLACK_US
    for start, end in sorted(gaps):
        if start <= reached:
            reached = max(reached, end + _GAP_SLACK_US)
    return reached >= hole.end_wall_us


def _reachable(
    roots: Mapping[str, Path], report: CheckReport, root_fault: Callable[[str], str]
) -> dict[str, Path]:
    found = {}
    for name, root in roots.items():
        if fault := f"{root} is not there" if not root.is_dir() else root_fault(name):
            report.unreadable_roots.append(f"{name}: {fault}")
        else:
            found[name] = root
    return found


def _files(
    roots: Mapping[str, Path], known_camera: Callable[[str], str | None]
) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for name, root in roots.items():
        for relative, entry in _files_below(str(root), "", _FOLDERS):
            if known_camera(relative) is None:
                continue
            try:
                found[name, relative] = entry.stat().st_size
            except FileNotFoundError:
                continue  # deleted while we looked
    return found


def _files_below(folder: str, prefix: str, depth: int) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Files that many folders down, by their paths: Path objects would take three times as long."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return  # an empty folder that was removed while we looked
    for entry in entries:
        if depth and entry.is_dir():
            yield from _files_below(entry.path, f"{prefix}{entry.name}/", depth - 1)
        elif not depth and entry.name.endswith(".mp4"):
            yield prefix + entry.name, entry


def _check_segment(
    segment: SegmentFacts,
    present: Mapping[tuple[str, str], int],
    report: CheckReport,
    roots: Mapping[str, Path],
    hash_file: Callable[[Path], str] | None,
) -> None:
    size = present.get((segment.root, segment.path))
    if size is None:
        report.missing.append(segment)
        return
    report.bytes_present += size
    if segment.state == "open":
        report.open_segments.append(segment)
        return
    if size != segment.size_bytes:
        report.wrong_size.append((segment, size))
        return
    if hash_file is not None and segment.content_hash:
        report.hashed += 1
        if hash_file(roots[segment.root] / segment.path) != segment.content_hash:
            report.wrong_content.append(segment)
