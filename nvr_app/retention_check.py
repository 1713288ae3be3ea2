"""Policies of retention that contradict themselves or would delete everything are refused.

What is refused deletes nothing until it is right: to fall back on another period could take
footage that somebody meant to keep. A disk that is about to be full still takes the oldest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from nvr_app.contract.config import CameraSettings
from nvr_app.contract.retention import (
    CATEGORIES,
    NEVER_STORED,
    Category,
    RetentionPolicy,
    RetentionSettings,
    policy_of,
)
from nvr_app.cron import cron_fault
from nvr_app.settings_lines import Where

Rates = Callable[[], Mapping[str, float]]
"""Bytes a day that each camera records at present; may take a moment, is asked at most once."""

Add = Callable[[Where, str, str], None]
PAUSED = "nothing of it is deleted until it is right"

_MOST_DAYS = 36_500.0
_ACTIONS: dict[Category, tuple[str, ...]] = {
    "raw_video": ("delete", "archive"),
    "event_clips": ("delete", "archive"),
    "detection_metadata": ("anonymise", "delete"),
    "audit_logs": ("delete", "archive"),
    "system_logs": ("delete", "archive"),
    "access_logs": ("delete", "archive"),
    "faces_enrolled": ("delete",),
    "alert_history": ("delete", "archive"),
    "training_data": ("delete",),
    "configuration_history": ("delete", "archive"),
    "backup_archives": ("delete",),
    "temp_processing": ("delete",),
    "failed_uploads": ("delete",),
}
_WITH_QUOTA: frozenset[Category] = frozenset({"raw_video"})


def policy_fault(category: Category, policy: RetentionPolicy) -> str:
    """What one policy says that cannot be meant; empty when it can be kept."""
    fault = period_fault(policy.retention_days, policy.minimum_days, policy.quota_bytes)
    if fault:
        return fault
    if policy.action not in _ACTIONS[category]:
        allowed = " or ".join(_ACTIONS[category])
        return f"action {policy.action!r} means nothing for {category}: it may be {allowed}"
    if category not in _WITH_QUOTA and (policy.quota_bytes or policy.minimum_days):
        key = "quota_bytes" if policy.quota_bytes else "minimum_days"
        return f"{key} means nothing for {category}: only raw_video goes by size, too"
    if policy.archive_days < 0:
        return f"archive_days {policy.archive_days:g} is less than nothing"
    if policy.priority == "all_expired" and policy.quota_bytes:
        return (
            f"quota_bytes {policy.quota_bytes} with priority 'all_expired': only 'oldest_first' "
            "can keep a quota"
        )
    return cron_fault(policy.schedule)


def period_fault(
    retention_days: float | str, minimum_days: float, quota_bytes: int, whose: str = ""
) -> str:
    """What a period, its minimum and a quota have against each other or against reason."""
    mine = f"{whose}: " if whose else ""
    if isinstance(retention_days, float | int):
        if retention_days <= 0:
            return (
                f"{mine}retention_days {retention_days:g} would delete everything at once; for no "
                'recording at all set record = false, to keep for good write "forever"'
            )
        if retention_days > _MOST_DAYS:
            return (
                f"{mine}retention_days {retention_days:g} is more than {_MOST_DAYS:g}: "
                'write "forever"'
            )
        if minimum_days > retention_days:
            return (
                f"{mine}minimum_days {minimum_days:g} is more than retention_days "
                f"{retention_days:g}: what must be kept {minimum_days:g} days cannot go after "
                f"{retention_days:g}"
            )
    if minimum_days < 0:
        return f"{mine}minimum_days {minimum_days:g} is less than nothing"
    if quota_bytes < 0:
        return f"{mine}quota_bytes {quota_bytes} is less than nothing; 0 means no quota"
    return ""


def quota_fault(quota_bytes: int, minimum_days: float, bytes_a_day: float) -> str:
    """Whether the quota holds what must be kept, at the rate of now."""
    needed = minimum_days * bytes_a_day
    if not quota_bytes or needed <= quota_bytes:
        return ""
    return (
        f"quota_bytes {quota_bytes} ({_gib(quota_bytes)}) holds {quota_bytes / bytes_a_day:.1f} "
        f"days at the present {_gib(bytes_a_day)} a day, minimum_days asks for {minimum_days:g}: "
        f"{_gib(needed)} are needed"
    )


class RetentionChecker:
    """From the file's tables to policies; every mistake goes to `add`."""

    def __init__(self, add: Add, unknown: Callable[[Where, str, tuple[str, ...]], None]) -> None:
        self._add = add
        self._unknown = unknown

    def settings(self, raw: object) -> RetentionSettings:
        """`[retention.<category>]`."""
        if not isinstance(raw, dict):
            self._add(("retention",), "is no section", "write [retention.raw_video] or another")
            return RetentionSettings()
        policies: dict[str, RetentionPolicy] = {}
        for name, table in raw.items():
            where: Where = ("retention", name)
            if name == NEVER_STORED:
                self._add(
                    where,
                    "faces of people who are not enrolled are never stored",
                    "there is nothing to keep and nothing to set: take it out",
                )
            elif name not in CATEGORIES:
                self._unknown(where, name, CATEGORIES)
            else:
                policies[name] = self._policy(name, where, table)
        return RetentionSettings(**policies)

    def _policy(self, category: Category, where: Where, raw: object) -> RetentionPolicy:
        default = policy_of(RetentionSettings(), category)
        paused = msgspec.structs.replace(default, enabled=False)
        if not isinstance(raw, dict):
            self._add(where, "is no section", f"write [retention.{category}] on a line of its own")
            return default
        for key in raw:
            if key not in RetentionPolicy.__struct_fields__:
                self._unknown((*where, key), key, RetentionPolicy.__struct_fields__)
        known = {k: v for k, v in raw.items() if k in RetentionPolicy.__struct_fields__}
        plain: dict[str, Any] = msgspec.to_builtins(default)
        try:
            policy = msgspec.convert(plain | known, type=RetentionPolicy)
        except msgspec.ValidationError as error:
            what, _, place = str(error).partition(" - at `$.")
            self._add((*where, place.rstrip("`")) if place else where, what, PAUSED)
            return paused
        fault = policy_fault(category, policy)
        if fault:
            self._add(where, fault, PAUSED)
            return paused
        return policy

    def camera(self, where: Where, camera: CameraSettings) -> CameraSettings:
        """A camera's own retention; one that cannot be meant keeps all of it."""
        faults = (
            period_fault(
                camera.retention_days or _unless_zero(camera.retention_days),
                camera.minimum_days or 0.0,
                camera.quota_bytes or 0,
                camera.id,
            ),
            period_fault(
                camera.clip_retention_days or _unless_zero(camera.clip_retention_days),
                0.0,
                0,
                f"{camera.id}'s clips",
            ),
        )
        for fault in faults:
            if fault:
                self._add(where, fault, PAUSED)
        if faults[0]:
            camera = _keep_all(camera)
        if faults[1]:
            camera = msgspec.structs.replace(camera, clip_retention_days="forever")
        return camera

    def together(
        self, retention: RetentionSettings, cameras: Sequence[CameraSettings], rates: Rates
    ) -> tuple[RetentionSettings, tuple[CameraSettings, ...]]:
        """What camera and category say to each other, and to what is recorded at present."""
        checked = [
            self._against_category(index, camera, retention.raw_video)
            for index, camera in enumerate(cameras)
        ]
        raw = retention.raw_video
        needs_rates = (raw.quota_bytes and raw.minimum_days) or any(
            quota_of(camera, raw) and minimum_of(camera, raw) for camera in cameras
        )
        if not needs_rates:
            return retention, tuple(checked)
        by_camera = rates()
        checked = [
            self._against_rate(index, camera, raw, by_camera)
            for index, camera in enumerate(checked)
        ]
        total = sum(by_camera.get(camera.id, 0.0) for camera in cameras)
        fault = quota_fault(raw.quota_bytes, raw.minimum_days, total) if total else ""
        if fault:
            self._add(("retention", "raw_video"), fault, PAUSED)
            paused = msgspec.structs.replace(raw, enabled=False)
            retention = msgspec.structs.replace(retention, raw_video=paused)
        return retention, tuple(checked)

    def _against_category(
        self, index: int, camera: CameraSettings, raw: RetentionPolicy
    ) -> CameraSettings:
        if camera.retention_days is None and camera.minimum_days is None:
            return camera
        days = camera.retention_days if camera.retention_days is not None else raw.retention_days
        fault = period_fault(days, minimum_of(camera, raw), 0, camera.id)
        if not fault:
            return camera
        self._add(("camera", index), fault, PAUSED)
        return _keep_all(camera)

    def _against_rate(
        self,
        index: int,
        camera: CameraSettings,
        raw: RetentionPolicy,
        rates: Mapping[str, float],
    ) -> CameraSettings:
        rate = rates.get(camera.id, 0.0)
        own = camera.quota_bytes or 0
        fault = quota_fault(own, minimum_of(camera, raw), rate) if own and rate else ""
        if not fault:
            return camera
        self._add(("camera", index), f"{camera.id}: {fault}", PAUSED)
        return _keep_all(camera)


def minimum_of(camera: CameraSettings, raw: RetentionPolicy) -> float:
    """How many days of this camera are kept at the least."""
    return camera.minimum_days if camera.minimum_days is not None else raw.minimum_days


def quota_of(camera: CameraSettings, raw: RetentionPolicy) -> int:
    """The quota that this camera's footage counts against; 0: none."""
    return camera.quota_bytes if camera.quota_bytes is not None else raw.quota_bytes


def _keep_all(camera: CameraSettings) -> CameraSettings:
    return msgspec.structs.replace(
        camera, retention_days="forever", minimum_days=None, quota_bytes=0
    )


def _unless_zero(days: float | str | None) -> float | str:
    """0 is a mistake, silence is none."""
    return "forever" if days is None else days


def _gib(count: float) -> str:
    return f"{count / 1024**3:.1f} GiB"
