"""What ageing wants done next, out of the index and the roots: no chore is begun here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from engine.ageing.clips import ClipSpan, EndedEvent, choose_clips
from engine.ageing.footage import DAY_US, AgedSegment, TierRoot
from engine.ageing.moves import EASED_SHARE, FULL_SHARE, Move, TierPolicy, choose_moves
from engine.ageing.stages import Reencoding, Stage, choose_reencodings
from engine.store.reader import StoreReader
from engine.store.reader_ageing import AgedRow
from nvr_app.contract.api import RootUsage
from nvr_app.contract.chores import Footage, Place
from nvr_app.contract.config import CameraSettings, ClipSettings, Settings, StorageClass

_CANDIDATES = 300
"""Of each root: more than one round can move."""
_CLIPS_BACK_US = DAY_US
"""Events older than this get no clip any more: the engine was away for too long."""
_EVENTS = 200

_BEHIND: dict[str, tuple[str, ...]] = {"hevc": ("hevc", "av1"), "av1": ("av1",)}


def tier_roots(
    usages: Sequence[RootUsage], buckets: Sequence[str], away: frozenset[str] = frozenset()
) -> list[TierRoot]:
    """The roots as the choosers see them, in the order of the settings; buckets come last.

    `away` are the buckets that do not answer.
    """
    roots = [
        TierRoot(
            name=usage.name,
            role=usage.role,
            is_usable=usage.state in {"available", "slow", "full"},
            total_bytes=usage.total_bytes,
            free_bytes=usage.free_bytes,
            used_bytes=usage.used_bytes,
            quota_bytes=usage.quota_bytes,
            floor_free_bytes=usage.floor_free_bytes,
        )
        for usage in usages
    ]
    return roots + [
        TierRoot(name=name, role="cold", is_usable=name not in away) for name in buckets
    ]


def tier_policy(settings: Settings, cameras: Iterable[CameraSettings]) -> TierPolicy:
    """When footage leaves its tier, out of `[ageing]` and the retention of raw video."""
    raw = settings.retention.raw_video
    is_archived = raw.enabled and raw.action == "archive"
    own = {
        camera.id: _days(camera.retention_days)
        for camera in cameras
        if is_archived and camera.retention_days is not None
    }
    return TierPolicy(
        warm_after_days=settings.ageing.warm_after_days,
        cold_after_days=settings.ageing.cold_after_days,
        archive_after_days=_days(raw.retention_days) if is_archived else 0.0,
        archive_by_camera=own,
    )


def archive_class(settings: Settings) -> str:
    """The storage class of archived footage; empty: the bucket's own.

    One that cannot be read at once is not taken: footage stays playable from every tier.
    """
    wanted = settings.retention.raw_video.archive_storage_class
    return wanted if wanted in get_args(StorageClass) else ""


def _days(days: float | str) -> float:
    """0 for what is kept for good."""
    return 0.0 if isinstance(days, str) else days


@dataclass(frozen=True, kw_only=True)
class MoveQuestion:
    """What `moves` has to know beside the index."""

    roots: tuple[TierRoot, ...]
    buckets: frozenset[str]
    policy: TierPolicy
    now_wall_us: int
    most_bytes: int
    resting: frozenset[str]
    """Segments that could not be moved a while ago."""


def moves(reader: StoreReader, question: MoveQuestion) -> list[Move]:
    """The next moves: all to one root and for one reason, so that they are one batch."""
    candidates: dict[str, AgedSegment] = {}
    for root in question.roots:
        before_us = _candidates_before(root, question)
        if root.name in question.buckets or before_us is None:
            continue
        for row in reader.ageing.oldest(root.name, before_us, question.now_wall_us, _CANDIDATES):
            if row.segment_id not in question.resting:
                candidates[row.segment_id] = _segment(row)
    found = choose_moves(
        candidates.values(),
        question.roots,
        question.policy,
        question.now_wall_us,
        question.most_bytes,
    )
    first = found[0] if found else None
    return [m for m in found if first and (m.to_root, m.reason) == (first.to_root, first.reason)]


def _candidates_before(root: TierRoot, question: MoveQuestion) -> int | None:
    """Footage of this root that ended before then may have to go; None: none has."""
    if not root.is_usable:
        return None
    now = question.now_wall_us
    if root.fullness > FULL_SHARE or _may_return(root, question.roots):
        return now
    policy = question.policy
    archive = [policy.archive_after_days, *policy.archive_by_camera.values()]
    ages = {
        "hot": [policy.warm_after_days, policy.cold_after_days, *archive],
        "warm": [policy.cold_after_days, *archive],
        "cold": [],
    }[root.role]
    days = [age for age in ages if age]
    return now - round(min(days) * DAY_US) if days else None


def _may_return(root: TierRoot, roots: Sequence[TierRoot]) -> bool:
    """Whether a hot root that recording prefers to this one has room for what lies here."""
    if root.role != "hot" or not root.used_bytes:
        return False
    for other in roots:
        if other.name == root.name:
            return False
        if other.role == "hot" and other.is_usable and other.fullness < EASED_SHARE:
            return True
    return False


def reencodings(
    reader: StoreReader,
    stages: Sequence[Stage],
    now_wall_us: int,
    most: int,
    unusable: frozenset[str],
) -> list[Reencoding]:
    """The next segments to encode anew; the latest stage first: its footage is the oldest."""
    found: list[Reencoding] = []
    for stage in reversed(stages):
        rows = reader.ageing.unaged(*_bounds(stage, now_wall_us), now_wall_us, _CANDIDATES)
        segments = [_segment(row) for row in rows]
        found += choose_reencodings(segments, stages, now_wall_us, most, unusable)
    return found[:most]


def backlog(
    reader: StoreReader, stages: Sequence[Stage], now_wall_us: int
) -> dict[str, tuple[int, int]]:
    """Segments and bytes that wait, by the codec that they are to become."""
    return {
        stage.target.codec: reader.ageing.count_unaged(*_bounds(stage, now_wall_us), now_wall_us)
        for stage in stages
    }


def _bounds(stage: Stage, now_wall_us: int) -> tuple[tuple[str, ...], int, int]:
    return (
        _BEHIND[stage.target.codec],
        now_wall_us - round(stage.before_days * DAY_US),
        now_wall_us - round(stage.after_days * DAY_US),
    )


@dataclass(frozen=True, kw_only=True)
class PlannedClip:
    """A clip and the footage that it is cut from."""

    span: ClipSpan
    footage: tuple[Footage, ...]


def clips(
    reader: StoreReader,
    settings: ClipSettings,
    now_wall_us: int,
    most: int,
    tried: frozenset[str],
) -> list[PlannedClip]:
    """The next clips to cut; events without any footage are left out."""
    if not settings.enabled or not settings.labels:
        return []
    rows = reader.ageing.events_without_clip(
        now_wall_us - _CLIPS_BACK_US,
        settings.labels,
        settings.cameras,
        settings.minimum_score,
        _EVENTS,
    )
    events = [EndedEvent(**row._asdict()) for row in rows if row.event_id not in tried]
    planned = []
    for span in choose_clips(events, settings, now_wall_us, most):
        footage = footage_of(reader, span.camera_id, span.start_wall_us, span.end_wall_us)
        if footage:
            planned.append(PlannedClip(span=span, footage=footage))
    return planned


def footage_of(
    reader: StoreReader, camera_id: str, start_wall_us: int, end_wall_us: int
) -> tuple[Footage, ...]:
    """A camera's segments that touch that time, in order, those being written included."""
    return tuple(
        Footage(
            place=Place(row.camera_id, row.segment_id, row.root, row.path, row.size_bytes),
            start_wall_us=row.start_wall_us,
            end_wall_us=row.end_wall_us or 0,
            content_hash="",
        )
        for row in reader.segments(start_wall_us, end_wall_us, camera_id)
        if row.state in {"open", "closed"}
    )


def footage_from(segment: AgedSegment) -> Footage:
    """A closed segment for a chore."""
    return Footage(
        place=Place(
            segment.camera_id, segment.segment_id, segment.root, segment.path, segment.size_bytes
        ),
        start_wall_us=segment.start_wall_us,
        end_wall_us=segment.end_wall_us,
        content_hash=segment.content_hash,
    )


def _segment(row: AgedRow) -> AgedSegment:
    return AgedSegment(**row._asdict())
