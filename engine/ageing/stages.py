"""Which segments are encoded anew, and how. Pure: rows in, work out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.ageing.footage import AgedSegment
from engine.media.reencoder import AgedCodec, EncodeTarget
from nvr_app.contract.config import AgeingSettings

_ORDER: dict[str, int] = {"": 0, "hevc": 1, "av1": 2}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """From this age to that one, footage is to be of this codec and quality."""

    after_days: float
    before_days: float
    target: EncodeTarget


@dataclass(frozen=True, kw_only=True)
class Reencoding:
    """One segment and what it is to become."""

    segment: AgedSegment
    target: EncodeTarget


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """What waits to be encoded anew."""

    segments: int
    size_bytes: int


def stages_of(settings: AgeingSettings) -> tuple[Stage, ...]:
    """The stages in force, in order of age; none when re-encoding is off."""
    if not settings.reencode:
        return ()
    bounds: list[tuple[float, AgedCodec, int, str]] = []
    if settings.hevc_after_days:
        bounds.append((settings.hevc_after_days, "hevc", settings.hevc_crf, settings.hevc_preset))
    if settings.av1_after_days:
        preset = str(settings.av1_preset)
        bounds.append((settings.av1_after_days, "av1", settings.av1_crf, preset))
    bounds.sort()
    ends = [after for after, *_ in bounds[1:]] + [settings.reencode_until_days]
    return tuple(
        Stage(
            after_days=after,
            before_days=before,
            target=EncodeTarget(codec=codec, crf=crf, preset=preset),
        )
        for (after, codec, crf, preset), before in zip(bounds, ends, strict=True)
    )


def wanted_stage(segment: AgedSegment, stages: Sequence[Stage], now_wall_us: int) -> Stage | None:
    """The stage that this segment has reached and not been through; None when there is none.

    Protected footage is evidence and stays as it was recorded. What is of the stage's codec
    already, or was tried in vain, is not tried again; AV1 never goes back to H.265.
    """
    if segment.is_protected:
        return None
    age = segment.age_days(now_wall_us)
    for stage in stages:
        if stage.after_days <= age < stage.before_days:
            codec = stage.target.codec
            is_behind = _ORDER.get(segment.aged, 0) >= _ORDER[codec] or segment.codec == "av1"
            return None if is_behind else stage
    return None


def choose_reencodings(
    segments: Iterable[AgedSegment],
    stages: Sequence[Stage],
    now_wall_us: int,
    most: int,
    unusable_roots: frozenset[str] = frozenset(),
) -> list[Reencoding]:
    """The next segments to encode anew, oldest first: they would leave their stage first.

    `unusable_roots` are those that are away, or that cannot be written to in place.
    """
    due = [
        Reencoding(segment=segment, target=stage.target)
        for segment in segments
        if segment.root not in unusable_roots
        and (stage := wanted_stage(segment, stages, now_wall_us)) is not None
    ]
    due.sort(key=lambda one: (one.segment.start_wall_us, one.segment.segment_id))
    return due[:most]


def backlog(segments: Iterable[AgedSegment], stages: Sequence[Stage], now_wall_us: int) -> Backlog:
    """How much waits."""
    sizes = [
        segment.size_bytes for segment in segments if wanted_stage(segment, stages, now_wall_us)
    ]
    return Backlog(segments=len(sizes), size_bytes=sum(sizes))
