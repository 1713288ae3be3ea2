"""From settings to rules: what each camera's raw video and each category's records are kept."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.retention.choose import Rule, Rules
from nvr_app.contract.config import CameraSettings
from nvr_app.contract.retention import Forever, RetentionPolicy, RetentionSettings

US_PER_DAY = 86_400_000_000


def period_us(days: float | Forever) -> int | None:
    """A period in µs; None: for good."""
    return None if isinstance(days, str) else round(days * US_PER_DAY)


def kept_us(policy: RetentionPolicy) -> int | None:
    """How long something is kept in all, an archive's time included. None: for good."""
    days = policy.retention_days
    if not policy.enabled or isinstance(days, str):
        return None
    if policy.action == "archive":
        return period_us(days + policy.archive_days) if policy.archive_days else None
    return period_us(days)


def rules_of(policy: RetentionPolicy, cameras: Mapping[str, CameraSettings]) -> Rules:
    """Raw video's rules. A camera that left the settings is kept as long as any other."""
    common = Rule(kept_us(policy), round(policy.minimum_days * US_PER_DAY))
    by_camera = {
        camera_id: _rule(camera, policy)
        for camera_id, camera in cameras.items()
        if (camera.retention_days, camera.minimum_days, camera.quota_bytes) != (None, None, None)
    }
    return lambda camera_id: by_camera.get(camera_id, common)


def _rule(camera: CameraSettings, policy: RetentionPolicy) -> Rule:
    days = camera.retention_days if camera.retention_days is not None else policy.retention_days
    own = msgspec.structs.replace(policy, retention_days=days)
    least = camera.minimum_days if camera.minimum_days is not None else policy.minimum_days
    return Rule(
        kept_us(own),
        round(least * US_PER_DAY),
        camera.quota_bytes or 0,
    )


def clip_rules_of(policy: RetentionPolicy, cameras: Mapping[str, CameraSettings]) -> Rules:
    """Event clips' rules."""
    common = Rule(kept_us(policy), round(policy.minimum_days * US_PER_DAY))
    by_camera = {
        camera_id: Rule(kept_us(msgspec.structs.replace(policy, retention_days=days)))
        for camera_id, camera in cameras.items()
        if (days := camera.clip_retention_days) is not None
    }
    return lambda camera_id: by_camera.get(camera_id, common)


def payload_periods(settings: RetentionSettings) -> dict[str, int]:
    """How long the journal keeps the payloads of each retention class, in µs; classes that are
    not named are kept for good.

    What became of footage is part of the audit: its records are kept as long. Daily counts have no
    period: they outlive what they were counted from.
    """
    by_class = {
        "media": kept_us(settings.audit_logs),
        "events": kept_us(settings.detection_metadata),
        "system": kept_us(settings.system_logs),
        "audit": kept_us(settings.audit_logs),
    }
    return {name: period for name, period in by_class.items() if period is not None}
