"""What a clean-up would do, from journal and folders alone: no engine runs, nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from engine.base.errors import EngineError
from engine.retention.choose import Held, Rules, choose_expired, choose_over_quota
from engine.retention.old_files import OldFile, leftovers, old_logs, old_versions
from engine.retention.rules import kept_us, rules_of
from engine.retention.shield import Protection, Shield
from engine.store.view_reading import read_view
from nvr_app.contract.config import Settings
from nvr_app.contract.retention import CATEGORIES, Category, policy_of
from nvr_app.contract.retention_api import RetentionReport, RetentionShare
from nvr_app.errors import UserError
from nvr_app.paths import DataFolder

_FILES: dict[Category, Callable[[Path, int], list[OldFile]]] = {
    "system_logs": old_logs,
    "configuration_history": old_versions,
    "temp_processing": leftovers,
}


def offline_dry_run(
    folder: DataFolder, settings: Settings, category: Category | None, now_us: int
) -> tuple[RetentionReport, ...]:
    """Reports of what would go. UserError: the journal cannot be read."""
    if not folder.root.is_dir():
        raise UserError(f"there is no data folder at {folder.root}; name it with --data-dir")
    chosen = CATEGORIES if category is None else (category,)
    return tuple(_report(folder, settings, one, now_us) for one in chosen)


def _report(
    folder: DataFolder, settings: Settings, category: Category, now_us: int
) -> RetentionReport:
    if category == "raw_video":
        return _raw_video(folder, settings, now_us)
    find = _FILES.get(category)
    if find is None:
        return _told(category, (), "without an engine nothing is looked at here: start one")
    period_us = kept_us(policy_of(settings.retention, category))
    files = [] if period_us is None else find(folder.root, now_us - period_us)
    found = [("", "past its time", f.size_bytes, f.wall_us, f.wall_us) for f in files]
    return _told(category, found, "")


def _raw_video(folder: DataFolder, settings: Settings, now_us: int) -> RetentionReport:
    try:
        view = read_view(folder.journal, folder.signing_keys).view
    except (EngineError, OSError) as error:
        raise UserError(f"the journal in {folder.journal} cannot be read: {error}") from None
    held = sorted(
        (
            Held(s.camera_id, s.segment_id, s.root, s.path, s.start_wall_us, s.end_wall_us,
                 s.size_bytes)
            for s in view.segments.values()
            if s.state == "closed"
        ),
        key=lambda one: (one.start_wall_us, one.segment_id),
    )  # fmt: skip
    shield = Shield(
        Protection(p.camera_ids, p.start_wall_us, p.end_wall_us)
        for p in view.protections.values()
        if p.until_wall_us is None or p.until_wall_us > now_us
    )
    policy = settings.retention.raw_video
    rules = rules_of(policy, {camera.id: camera for camera in settings.camera})
    expired = choose_expired(held, rules, shield, now_us)
    gone = {one.segment_id for one in expired}
    left = [one for one in held if one.segment_id not in gone]
    over: list[Held] = []
    if policy.priority == "oldest_first":
        over = _over_quota(left, rules, policy.quota_bytes, shield, now_us)
    found = [(s, "past its time") for s in expired] + [(s, "over its quota") for s in over]
    return _told(
        "raw_video",
        [(s.camera_id, why, s.size_bytes, s.start_wall_us, s.end_wall_us or 0) for s, why in found],
        "read from the journal: no engine runs",
    )


def _over_quota(
    held: Sequence[Held], rules: Rules, quota_bytes: int, shield: Shield, now_us: int
) -> list[Held]:
    """Each camera's own quota first, then the category's."""
    chosen: list[Held] = []
    for camera_id in sorted({one.camera_id for one in held}):
        own = rules(camera_id).quota_bytes
        mine = [one for one in held if one.camera_id == camera_id]
        if own:
            excess = sum(one.size_bytes for one in mine) - own
            chosen += choose_over_quota(mine, excess, rules, shield, now_us)
    if quota_bytes:
        gone = {one.segment_id for one in chosen}
        left = [one for one in held if one.segment_id not in gone]
        excess = sum(one.size_bytes for one in left) - quota_bytes
        chosen += choose_over_quota(left, excess, rules, shield, now_us)
    return chosen


def _told(
    category: Category, found: Iterable[tuple[str, str, int, int, int]], detail: str
) -> RetentionReport:
    """Items as (camera, why, bytes, start, end), summed up."""
    grouped: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
    for camera_id, why, size, start_us, end_us in found:
        grouped.setdefault((camera_id, why), []).append((size, start_us, end_us))
    shares = tuple(
        RetentionShare(
            camera_id=camera_id,
            why=why,
            items=len(items),
            size_bytes=sum(size for size, _, _ in items),
            oldest_wall_us=min(start for _, start, _ in items),
            newest_wall_us=max(end for _, _, end in items),
        )
        for (camera_id, why), items in sorted(grouped.items())
    )
    return RetentionReport(
        category=category,
        is_dry_run=True,
        is_running=False,
        items=sum(share.items for share in shares),
        size_bytes=sum(share.size_bytes for share in shares),
        detail=detail,
        shares=shares,
    )
