"""The settings, as types: what `config/nvr.toml` may say and what it means when silent."""

from __future__ import annotations

from typing import Literal

import msgspec

from nvr_app.contract.retention import Forever, RetentionSettings

SourceKind = Literal["rtsp", "mjpeg", "usb", "file", "sim"]
StreamRole = Literal["main", "sub"]
Transport = Literal["tcp", "udp"]
RootRole = Literal["hot", "warm", "cold"]
HevcPreset = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower"
]
StorageClass = Literal["STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"]
"""Those that can be read at once: footage must stay playable."""


class ApiSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the engine listens; port 0 lets the system choose (tests, several engines)."""

    host: str = "127.0.0.1"
    port: int = 8080
    health_port: int = 8081


class RecordingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How segments are cut and made durable (docs/storage.md gives the reasons)."""

    segment_s: float = 60.0
    fragment_s: float = 0.5
    sync_s: float = 2.0
    """Longest time between two fdatasync of an open segment."""
    floor_free_bytes: int = 2 * 1024**3
    """Below this much free space a storage root takes no new segment."""
    buffer_bytes: int = 64 * 1024**2
    """Most bytes a camera may hold in memory while its disk is slow."""


class StorageSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One storage root; without any, `<data>/recordings` is the only one."""

    name: str
    path: str
    """Absolute; no root lies within another."""
    role: RootRole = "hot"
    """New footage goes to hot roots, in their order here; warm and cold ones take what ages."""
    quota_bytes: int = 0
    """Most bytes of footage on this root; 0 = as much as fits above the floor."""
    floor_free_bytes: int | None = None
    """Free space that must stay; None: that of `[recording]`."""


class DetectionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the vision worker looks for."""

    enabled: bool = True
    analysis_fps: float = 5.0
    model: str = ""
    """Catalogue name of the detector; empty means the recommended one that is installed."""
    score_threshold: float = 0.4
    labels: tuple[str, ...] = (
        "person", "bicycle", "car", "motorcycle", "bus", "truck", "cat", "dog",
    )  # fmt: skip
    threads: int = 1


class AgeingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where footage goes as it ages, and how it is encoded anew (docs/guides/ageing.md)."""

    warm_after_days: float = 0.0
    """Age at which footage leaves the hot roots; 0 = only when they fill up."""
    cold_after_days: float = 0.0
    """Age at which it goes to the cold ones; 0 = only when the others fill up."""
    reencode: bool = True
    hevc_after_days: float = 7.0
    """From this age on footage becomes H.265; 0 = never."""
    hevc_crf: int = 28
    hevc_preset: HevcPreset = "fast"
    av1_after_days: float = 30.0
    """From this age on it becomes AV1; 0 = never."""
    av1_crf: int = 50
    av1_preset: int = 8
    reencode_until_days: float = 90.0
    """Older footage is left as it is: it leaves soon, or lies in the archive."""
    cpu_share: float = 0.25
    """Of one core, on average, for encoding anew."""


class BucketSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bucket of an object store (S3) as a cold root."""

    name: str
    bucket: str
    prefix: str = ""
    region: str = ""
    endpoint: str = ""
    """URL of a store that is not Amazon's; empty = Amazon's of that region."""
    storage_class: StorageClass = "STANDARD_IA"


class ClipSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events are kept as clips of their own."""

    enabled: bool = True
    labels: tuple[str, ...] = ("person",)
    cameras: tuple[str, ...] = ()
    """Empty: all."""
    minimum_score: float = 0.6
    pre_s: float = 5.0
    post_s: float = 10.0
    longest_s: float = 120.0


class CameraSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One camera. URLs carry no passwords: those lie in the secrets file under the camera's id."""

    id: str
    name: str = ""
    location: str = ""
    kind: SourceKind = "rtsp"
    main: str
    sub: str = ""
    """Low-resolution profile; empty means the main stream serves eyes and analysis too."""
    transport: Transport = "tcp"
    enabled: bool = True
    record: bool = True
    motion: bool = True
    detect: bool = True
    motion_threshold: float = 0.004
    """Share of the picture that must change to count as motion, 0..1."""
    verify_tls: bool = False
    """Check the certificate of an rtsps camera; most cameras carry a self-signed one."""
    retention_days: float | Forever | None = None
    """This camera's own retention of raw video; None: as all others'."""
    minimum_days: float | None = None
    quota_bytes: int | None = None
    clip_retention_days: float | Forever | None = None
    """This camera's own retention of event clips."""
    onvif: str = ""
    """Address of the camera's ONVIF device service; empty: it is not asked."""
    fill_gaps: bool = True
    """Fetch what is missing from the camera's own card, where `onvif` offers it."""

    @property
    def display_name(self) -> str:
        return self.name or self.id


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything an admin decides."""

    site: str = "site"
    node: str = ""
    api: ApiSettings = msgspec.field(default_factory=ApiSettings)
    recording: RecordingSettings = msgspec.field(default_factory=RecordingSettings)
    storage: tuple[StorageSettings, ...] = ()
    bucket: tuple[BucketSettings, ...] = ()
    ageing: AgeingSettings = msgspec.field(default_factory=AgeingSettings)
    clips: ClipSettings = msgspec.field(default_factory=ClipSettings)
    detection: DetectionSettings = msgspec.field(default_factory=DetectionSettings)
    retention: RetentionSettings = msgspec.field(default_factory=RetentionSettings)
    camera: tuple[CameraSettings, ...] = ()


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """A login; never printed: both its repr and its str hide the password."""

    user: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(user=…, password=…)"
