"""What the choosers of ageing look at: closed segments and the roots that they lie on."""

from __future__ import annotations

from dataclasses import dataclass

from nvr_app.contract.config import RootRole

DAY_US = 86_400_000_000


@dataclass(frozen=True, kw_only=True)
class AgedSegment:
    """A closed segment as the index knows it."""

    segment_id: str
    camera_id: str
    root: str
    path: str
    start_wall_us: int
    end_wall_us: int
    size_bytes: int
    codec: str
    content_hash: str
    aged: str = ""
    """The stage of re-encoding that is behind it: "", "hevc" or "av1"."""
    is_protected: bool = False

    def age_days(self, now_wall_us: int) -> float:
        """Since its end; negative for footage of a clock that ran ahead."""
        return (now_wall_us - self.end_wall_us) / DAY_US


@dataclass(frozen=True, kw_only=True)
class TierRoot:
    """A storage root, or a bucket, in the order of the settings."""

    name: str
    role: RootRole
    is_usable: bool = True
    total_bytes: int = 0
    """0: without bound (a bucket)."""
    free_bytes: int = 0
    used_bytes: int = 0
    quota_bytes: int = 0
    floor_free_bytes: int = 0

    @property
    def fullness(self) -> float:
        """Share in use, of the disk or of the quota, whichever is tighter."""
        disk = 1.0 - self.free_bytes / self.total_bytes if self.total_bytes else 0.0
        quota = self.used_bytes / self.quota_bytes if self.quota_bytes else 0.0
        return max(disk, quota)
