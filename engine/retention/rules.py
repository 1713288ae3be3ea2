"""From settings to rules: what each camera's raw video and each category's records are kept."""

from __future__ import annotations

from collections.abc import Mapping

from engine.retention.choose import Rule, Rules
from nvr_app.contract.config import CameraSettings
from nvr_app.contract.retention import Forever, RetentionPolicy

US_PER_DAY = 86_400_000_000


def period_us(days: float | Forever) -> int | None:
    """A period in µs; None: for good."""
    return None if isinstance(days, str) else round(days * US_PER_DAY)


def kept_us(policy: RetentionPolicy) -> int | None:
    """How long records stay where they are: an archive within the journal counts on top."""
    days = policy.retention_days
    if not policy.enabled or isinstance(days, str):
        return None
    if policy.action == "archive":
        return period_us(days + policy.archive_days) if policy.archive_days else None
    return period_us(days)


def rules_of(policy: RetentionPolicy, cameras: Mapping[str, CameraSettings]) -> Rules:
    """Raw video's rules. A camera that left the settings is kept as long as any other."""
    keep_us = period_us(policy.retention_days) if policy.enabled else None
    common = Rule(keep_us, round(policy.minimum_days * US_PER_DAY))
    by_camera = {
        camera_id: _rule(camera, policy)
        for camera_id, camera in cameras.items()
        if (camera.retention_days, camera.minimum_days, camera.quota_bytes) != (None, None, None)
    }
    return lambda camera_id: by_camera.get(camera_id, common)


def _rule(camera: CameraSettings, policy: RetentionPolicy) -> Rule:
    days = camera.retention_days if camera.retention_days is not None else policy.retention_days
    least = camera.minimum_days if camera.minimum_days is not None else policy.minimum_days
    return Rule(
        period_us(days) if policy.enabled else None,
        round(least * US_PER_DAY),
        camera.quota_bytes or 0,
    )
