"""What an archived batch says of itself: every file with its hash, camera and time."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from engine.base.atomic_file import write_atomic
from engine.recording.content_hash import hash_file
from engine.storage_access.bucket import Bucket
from nvr_app.contract.timebase import utc_datetime

VERSION = 1


class ArchivedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One segment of the batch."""

    camera_id: str
    segment_id: str
    path: str
    """Relative to the root or the bucket's prefix."""
    start_wall_us: int
    end_wall_us: int
    size_bytes: int
    blake2b: str
    """Of 32 bytes, over the whole file, in hex: as in the journal."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`manifests/<day>/<time>-<batch>.json` in the root or bucket."""

    version: int = VERSION
    batch: str
    root: str
    reason: str
    written: str
    """ISO 8601, UTC."""
    first: str
    last: str
    """From the first picture of the batch to its last, UTC."""
    cameras: dict[str, int]
    """Files by camera."""
    size_bytes: int
    files: tuple[ArchivedFile, ...]


def make_manifest(
    batch: str, root: str, reason: str, files: Sequence[ArchivedFile], now_wall_us: int
) -> Manifest:
    """The manifest of a batch that is not empty. Pure."""
    cameras: dict[str, int] = {}
    for file in files:
        cameras[file.camera_id] = cameras.get(file.camera_id, 0) + 1
    return Manifest(
        batch=batch,
        root=root,
        reason=reason,
        written=utc_datetime(now_wall_us).isoformat(),
        first=utc_datetime(min(file.start_wall_us for file in files)).isoformat(),
        last=utc_datetime(max(file.end_wall_us for file in files)).isoformat(),
        cameras=cameras,
        size_bytes=sum(file.size_bytes for file in files),
        files=tuple(files),
    )


def write_manifest(
    target: Path | Bucket,
    batch: str,
    root: str,
    reason: str,
    files: Sequence[ArchivedFile],
    now_wall_us: int,
) -> str:
    """Put it into the root's folder or the bucket, synced; its path there. OSError, BucketError."""
    made = make_manifest(batch, root, reason, files, now_wall_us)
    written = utc_datetime(now_wall_us)
    path = f"manifests/{written:%Y-%m-%d}/{written:%H%M%S}-{batch}.json"
    data = msgspec.json.format(msgspec.json.encode(made), indent=1)
    if isinstance(target, Path):
        (target / path).parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        write_atomic(target / path, data, mode=0o640)
        return path
    with tempfile.TemporaryDirectory(prefix="nvr-manifest-") as folder:
        local = Path(folder) / "manifest.json"
        local.write_bytes(data)
        target.put(path, local, hash_file(local))
    return path
