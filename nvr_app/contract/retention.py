"""Settings of retention: what is kept for how long, how much of it, and what happens then.

The categories and their figures are the operations plan's (sections 6.1 and 7.4).
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

Category = Literal[
    "raw_video",
    "event_clips",
    "detection_metadata",
    "audit_logs",
    "system_logs",
    "access_logs",
    "faces_enrolled",
    "alert_history",
    "training_data",
    "configuration_history",
    "backup_archives",
    "temp_processing",
    "failed_uploads",
]
CATEGORIES: tuple[Category, ...] = get_args(Category)
NEVER_STORED = "faces_detected"
"""A category of the plan that no setting can change: such data is computed and let go at once."""

Forever = Literal["forever"]
RetentionAction = Literal["delete", "archive", "anonymise"]
RetentionPriority = Literal["oldest_first", "all_expired"]


class RetentionPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one category is kept."""

    enabled: bool = True
    """False: nothing of it goes by itself, except footage when a disk is about to be full."""
    retention_days: float | Forever = 90.0
    """How long it is kept at the most."""
    minimum_days: float = 0.0
    """How long it is kept at the least: neither a quota nor a full disk takes it earlier, unless
    nothing else is left that could keep recording going."""
    quota_bytes: int = 0
    """Most that it may take up, the oldest goes first; 0: as much as there is room for."""
    action: RetentionAction = "delete"
    archive_days: float = 0.0
    """With `archive`: how much longer the archive keeps it; 0: for good."""
    archive_storage_class: str = ""
    priority: RetentionPriority = "oldest_first"
    """`all_expired`: no quota, no order, whatever is past its time goes at once."""
    schedule: str = "0 5 * * *"
    """Cron in UTC: minute, hour, day, month, weekday (0 and 7 are Sunday)."""


class RetentionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy for each category; what a table of the file is silent about is as here."""

    raw_video: RetentionPolicy = RetentionPolicy(
        archive_storage_class="GLACIER_IR", schedule="0 2 * * *"
    )
    event_clips: RetentionPolicy = RetentionPolicy(
        retention_days=365.0,
        action="archive",
        archive_days=730.0,
        archive_storage_class="GLACIER",
        schedule="0 3 * * *",
    )
    detection_metadata: RetentionPolicy = RetentionPolicy(
        retention_days=365.0, action="anonymise", schedule="30 3 * * *"
    )
    audit_logs: RetentionPolicy = RetentionPolicy(
        retention_days=365.0, action="archive", archive_days=2190.0, schedule="0 4 * * *"
    )
    system_logs: RetentionPolicy = RetentionPolicy(
        archive_storage_class="GLACIER_IR", schedule="0 5 * * *"
    )
    access_logs: RetentionPolicy = RetentionPolicy(schedule="10 5 * * *")
    faces_enrolled: RetentionPolicy = RetentionPolicy(retention_days="forever")
    alert_history: RetentionPolicy = RetentionPolicy(
        retention_days=730.0, action="archive", schedule="20 5 * * *"
    )
    training_data: RetentionPolicy = RetentionPolicy(retention_days="forever")
    configuration_history: RetentionPolicy = RetentionPolicy(
        retention_days=730.0, action="archive", schedule="30 5 * * *"
    )
    backup_archives: RetentionPolicy = RetentionPolicy(
        retention_days=2555.0, archive_storage_class="GLACIER", schedule="40 5 * * *"
    )
    temp_processing: RetentionPolicy = RetentionPolicy(
        retention_days=1.0, priority="all_expired", schedule="*/30 * * * *"
    )
    failed_uploads: RetentionPolicy = RetentionPolicy(
        retention_days=7.0, priority="all_expired", schedule="0 4 * * *"
    )


def policy_of(settings: RetentionSettings, category: Category) -> RetentionPolicy:
    """The policy of a category."""
    policy: RetentionPolicy = getattr(settings, category)
    return policy
