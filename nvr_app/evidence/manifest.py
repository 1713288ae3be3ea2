"""The manifest of an export: what docs/evidence.md describes, as types."""

from __future__ import annotations

import re

import msgspec

from nvr_app.errors import UserError

FORMAT = "nvr-evidence"
VERSION = 1
MANIFEST, SIGNATURE, PUBLIC_KEY, SUMS = (
    "manifest.json", "manifest.sig", "public-key.pem", "SHA256SUMS",
)  # fmt: skip
OWN_NAMES = frozenset({MANIFEST, SIGNATURE, PUBLIC_KEY})
"""Files of an export that the manifest cannot list: itself and what proves it."""
_SAFE_NAME = re.compile(r"[^/\\:\x00]{1,255}")


class ManifestError(UserError):
    """The bytes are no manifest that this program understands."""


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """A span of wall time in UTC, [start, end)."""

    start: str
    end: str
    """ISO 8601, for people; the numbers count."""
    start_wall_us: int
    end_wall_us: int


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Time of the asked range without footage, and why."""

    start: str
    end: str
    start_wall_us: int
    end_wall_us: int
    reason: str


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded segment that footage was taken from."""

    segment_id: str
    run_id: str
    root: str
    path: str
    size_bytes: int
    content_hash: str
    """BLAKE2b of 32 bytes as journalled when it was closed; empty while it was still open."""
    check: str
    """What reading it showed: `same` content as journalled, `open`, `unknown` (no hash is
    journalled), `changed` or `damaged`."""
    origin: str = "live"
    """`live`, or `card`: fetched later from the camera's own card."""


class Damage(msgspec.Struct, frozen=True, kw_only=True):
    """Footage that could not be taken out whole."""

    camera_id: str
    segment_id: str
    what: str


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the export, and how to prove it."""

    name: str
    size_bytes: int
    sha256: str
    block_bytes: int = 0
    blocks: tuple[str, ...] = ()
    """SHA-256 of each block of `block_bytes`, to say where a changed file was changed."""
    camera_id: str = ""
    held: Interval | None = None
    codec: str = ""
    width: int = 0
    height: int = 0
    has_audio: bool = False
    clock_offset_us: int = 0
    """How far the wall clock had stepped when the run began."""
    sources: tuple[Source, ...] = ()


class Camera(msgspec.Struct, frozen=True, kw_only=True):
    """A camera that was asked for, and what there was of it."""

    camera_id: str
    name: str
    location: str = ""
    held: Interval | None = None
    """From the first to the last picture; None without any footage."""
    gaps: tuple[Gap, ...] = ()


class JournalMark(msgspec.Struct, frozen=True, kw_only=True):
    """The journal's last record when the export began: it holds all that is said of sources."""

    seq: int
    head: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is said of an export; the signature covers its exact bytes."""

    format: str = FORMAT
    version: int = VERSION
    export_id: str
    made: str
    made_wall_us: int
    site: str
    node: str
    software: str
    actor: str
    reason: str
    asked: Interval
    is_reencoded: bool
    """False: pictures and sound are the recorder's own bytes."""
    burned_time: bool = False
    masks: tuple[tuple[float, float, float, float], ...] = ()
    journal: JournalMark
    cameras: tuple[Camera, ...]
    damages: tuple[Damage, ...] = ()
    files: tuple[File, ...]
    key_id: str


def encode_manifest(manifest: Manifest) -> bytes:
    """The bytes to be signed, indented for people."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def decode_manifest(data: bytes) -> Manifest:
    """ManifestError: no manifest, one of a later version, or one that names foreign paths."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ManifestError(f"{MANIFEST} cannot be read: {error}") from None
    if manifest.format != FORMAT or manifest.version != VERSION:
        raise ManifestError(
            f"{MANIFEST} is of format {manifest.format!r} version {manifest.version}; "
            f"this program knows {FORMAT!r} version {VERSION}: use a newer nvr"
        )
    for file in manifest.files:
        # A name is a name: nothing that is verified may lead out of the export.
        if not _SAFE_NAME.fullmatch(file.name) or file.name in {".", ".."} | OWN_NAMES:
            raise ManifestError(f"{MANIFEST} names {file.name!r}, which is no file of an export")
        if file.blocks and file.block_bytes < 1:
            raise ManifestError(f"{MANIFEST} gives no size for the blocks of {file.name}")
    return manifest
