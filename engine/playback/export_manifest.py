"""From what an export did to what its manifest says. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.playback.export_plan import choose_gaps
from nvr_app.contract.exporting import ExportCamera, ExportGap, ExportOrder
from nvr_app.contract.timebase import iso_utc
from nvr_app.evidence.manifest import (
    Camera,
    Damage,
    File,
    Gap,
    Interval,
    JournalMark,
    Manifest,
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Everything that was done."""

    order: ExportOrder
    files: tuple[File, ...]
    damages: tuple[Damage, ...]
    damaged_spans: Mapping[str, Sequence[tuple[int, int]]]
    made_wall_us: int
    key_id: str


def manifest_of(outcome: Outcome) -> Manifest:
    """The manifest, ready to be signed."""
    order, options = outcome.order, outcome.order.options
    return Manifest(
        export_id=order.export_id,
        made=iso_utc(outcome.made_wall_us),
        made_wall_us=outcome.made_wall_us,
        site=order.site,
        node=order.node,
        software=order.software,
        actor=order.actor,
        reason=options.reason,
        asked=held_interval(order.start_wall_us, order.end_wall_us),
        is_reencoded=bool(options.burn_time or options.masks),
        burned_time=options.burn_time,
        masks=options.masks,
        journal=JournalMark(seq=order.journal_seq, head=order.journal_head),
        cameras=tuple(_camera(outcome, camera) for camera in order.cameras),
        damages=outcome.damages,
        files=outcome.files,
        key_id=outcome.key_id,
    )


def held_interval(start_wall_us: int, end_wall_us: int) -> Interval:
    return Interval(
        start=iso_utc(start_wall_us),
        end=iso_utc(end_wall_us),
        start_wall_us=start_wall_us,
        end_wall_us=end_wall_us,
    )


def _camera(outcome: Outcome, camera: ExportCamera) -> Camera:
    held = [
        (file.held.start_wall_us, file.held.end_wall_us)
        for file in outcome.files
        if file.camera_id == camera.camera_id and file.held is not None
    ]
    order = outcome.order
    gaps = choose_gaps(
        order.start_wall_us,
        order.end_wall_us,
        held,
        camera.gaps,
        outcome.damaged_spans.get(camera.camera_id, ()),
    )
    return Camera(
        camera_id=camera.camera_id,
        name=camera.name,
        location=camera.location,
        held=held_interval(min(h[0] for h in held), max(h[1] for h in held)) if held else None,
        gaps=tuple(_gap(gap) for gap in gaps),
    )


def _gap(gap: ExportGap) -> Gap:
    return Gap(
        start=iso_utc(gap.start_wall_us),
        end=iso_utc(gap.end_wall_us),
        start_wall_us=gap.start_wall_us,
        end_wall_us=gap.end_wall_us,
        reason=gap.reason,
    )
