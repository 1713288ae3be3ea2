"""The composition root: from settings to the table of processes. Reads files, starts nothing."""

from __future__ import annotations

import hashlib
import logging
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.chores.start import CardStart, ChoresWorkerStart
from engine.hub.start import HubStart
from engine.ingest.start import CameraStart, CameraWorkerStart
from engine.recording.root_start import RootStart
from engine.recording.storage_root import prepare_roots
from engine.storage_access.bucket_start import BucketStart
from engine.supervisor.table import ProcessRow, Table
from engine.vision.worker.start import VisionWorkerStart
from nvr_app.contract.config import CameraSettings, Credentials, RecordingSettings, Settings
from nvr_app.contract.ids import new_id
from nvr_app.errors import UserError
from nvr_app.evidence.signing import Signer
from nvr_app.paths import DataFolder
from nvr_app.root_settings import footage_roots
from nvr_app.secrets import Secrets
from nvr_app.settings_file import load_settings

logger = logging.getLogger(__name__)

# One process a camera isolates best; past this many, memory and switching cost more.
_MOST_CAMERA_WORKERS = 16
_MIB = 1024**2


@dataclass(frozen=True, kw_only=True)
class EngineIdentity:
    """What this run of the engine is called."""

    instance_id: str
    version: str
    health_port: int
    models_dirs: tuple[Path, ...] = ()
    api_host: str | None = None
    """Overrides of the command line; None leaves the settings in force."""
    api_port: int | None = None


def ring_owner(folder: DataFolder) -> str:
    """Ties shared memory to a data folder: eight hex digits of its path."""
    return hashlib.blake2b(str(folder.root.resolve()).encode(), digest_size=4).hexdigest()


def build_table(folder: DataFolder, identity: EngineIdentity) -> Table:
    """Every process that should run now. Called anew at each reload and never raises for a
    mistake in the settings: what is good of them runs.
    """
    settings = _with_overrides(load_settings(folder).settings, identity)
    roots = _roots(folder, settings)
    secrets = Secrets(folder)
    cameras = [camera for camera in settings.camera if camera.enabled]
    rows = [
        _camera_row(folder, settings, roots, secrets, name, members)
        for name, members in _group(cameras).items()
    ]
    buckets = _buckets(secrets, settings)
    signing_key = _signing_key(secrets)
    rows.append(_hub_row(folder, settings, roots, buckets, identity, signing_key))
    if settings.detection.enabled and any(camera.detect for camera in cameras):
        rows.append(_vision_row(folder, settings, identity))
    cards = _cards(cameras, secrets)
    rows.append(_chores_row(folder, roots, buckets, signing_key, cards, settings.recording))
    return tuple(rows)


def _with_overrides(settings: Settings, identity: EngineIdentity) -> Settings:
    api = settings.api
    if identity.api_host is not None:
        api = msgspec.structs.replace(api, host=identity.api_host)
    if identity.api_port is not None:
        api = msgspec.structs.replace(api, port=identity.api_port)
    return msgspec.structs.replace(settings, api=api)


def _roots(folder: DataFolder, settings: Settings) -> tuple[RootStart, ...]:
    default_floor = settings.recording.floor_free_bytes
    starts = (
        RootStart(
            name=root.name,
            path=root.path,
            identity="",
            role=root.role,
            quota_bytes=root.quota_bytes,
            floor_free_bytes=(
                default_floor if root.floor_free_bytes is None else root.floor_free_bytes
            ),
        )
        for root in footage_roots(folder, settings)
    )
    return prepare_roots(starts, folder.config / "roots.json")


def _group(cameras: list[CameraSettings]) -> Mapping[str, list[CameraSettings]]:
    """Cameras by worker. A camera's worker depends on its id alone, so that adding one camera
    restarts at most the worker that it joins.
    """
    if len(cameras) <= _MOST_CAMERA_WORKERS:
        return {f"camera-{camera.id}": [camera] for camera in cameras}
    groups: dict[str, list[CameraSettings]] = {}
    for camera in cameras:
        number = zlib.crc32(camera.id.encode()) % _MOST_CAMERA_WORKERS
        groups.setdefault(f"cameras-{number:02d}", []).append(camera)
    return groups


def _camera_row(
    folder: DataFolder,
    settings: Settings,
    roots: tuple[RootStart, ...],
    secrets: Secrets,
    name: str,
    cameras: list[CameraSettings],
) -> ProcessRow:
    start = CameraWorkerStart(
        name=name,
        data_dir=str(folder.root),
        ring_owner=ring_owner(folder),
        recording=settings.recording,
        detection=settings.detection,
        roots=roots,
        cameras=tuple(
            CameraStart(
                # Its card is the chores worker's business: no restart of a camera for it.
                settings=msgspec.structs.replace(camera, onvif="", fill_gaps=True),
                credentials=_login(secrets, camera.id),
            )
            for camera in cameras
        ),
    )
    return ProcessRow(
        name=name,
        role="camera",
        phase=1,
        start_message=lambda: _plain(start),
        heartbeat_limit_s=8.0,
        memory_limit_bytes=(300 + 100 * len(cameras)) * _MIB,
        # Roots come and go while cameras record: the running worker is told of them. What is kept
        # for how long is no business of a camera's worker at all.
        fingerprint=_fingerprint(_without_retention(msgspec.structs.replace(start, roots=()))),
    )


def _without_retention(start: CameraWorkerStart) -> CameraWorkerStart:
    """How long footage is kept is no business of its recorder: it goes on when that changes."""
    cameras = tuple(
        msgspec.structs.replace(
            camera,
            settings=msgspec.structs.replace(
                camera.settings,
                retention_days=None,
                minimum_days=None,
                quota_bytes=None,
                clip_retention_days=None,
            ),
        )
        for camera in start.cameras
    )
    return msgspec.structs.replace(start, cameras=cameras)


def _login(secrets: Secrets, camera_id: str) -> Credentials | None:
    """A camera whose login cannot be read is tried without one: it then says "refused"."""
    try:
        return secrets.camera(camera_id)
    except UserError as error:
        logger.error("%s: %s", camera_id, error)
        return None


def _buckets(secrets: Secrets, settings: Settings) -> tuple[BucketStart, ...]:
    """A bucket whose login cannot be read is tried with that of the surroundings."""
    found = []
    for bucket in settings.bucket:
        try:
            login = secrets.bucket(bucket.name)
        except UserError as error:
            logger.error("bucket %s: %s", bucket.name, error)
            login = None
        found.append(BucketStart(settings=bucket, login=login))
    return tuple(found)


def _signing_key(secrets: Secrets) -> str:
    """Seed of the key that exports are signed with, in hex; empty (and logged) without any."""
    try:
        return secrets.signing_seed().hex()
    except UserError as error:
        logger.error("Exports cannot be signed: %s", error)
        return ""


def _hub_row(
    folder: DataFolder,
    settings: Settings,
    roots: tuple[RootStart, ...],
    buckets: tuple[BucketStart, ...],
    identity: EngineIdentity,
    signing_key: str,
) -> ProcessRow:
    start = HubStart(
        data_dir=str(folder.root),
        settings=settings,
        roots=roots,
        buckets=buckets,
        models_dirs=tuple(str(path) for path in identity.models_dirs),
        version=identity.version,
        supervisor_pid=os.getpid(),
        supervisor_health_port=identity.health_port,
        instance_id=identity.instance_id,
        public_key=Signer(bytes.fromhex(signing_key)).public_key.hex() if signing_key else "",
    )
    # Cameras and roots come and go without a restart of the hub; its own settings need one.
    own = msgspec.structs.replace(
        start, roots=(), settings=msgspec.structs.replace(settings, camera=(), storage=())
    )
    return ProcessRow(
        name="hub",
        role="hub",
        phase=2,
        # A restarted hub is a new instance: its clients must fetch everything anew.
        start_message=lambda: _plain(msgspec.structs.replace(start, instance_id=new_id())),
        heartbeat_limit_s=10.0,
        startup_limit_s=120.0,  # a long journal may have to be replayed
        memory_limit_bytes=1536 * _MIB,
        fingerprint=_fingerprint(own),
    )


def _vision_row(folder: DataFolder, settings: Settings, identity: EngineIdentity) -> ProcessRow:
    start = VisionWorkerStart(
        name="vision-1",
        data_dir=str(folder.root),
        models_dirs=tuple(str(path) for path in identity.models_dirs),
        detection=settings.detection,
    )
    return ProcessRow(
        name=start.name,
        role="vision",
        phase=3,
        start_message=lambda: _plain(start),
        heartbeat_limit_s=15.0,
        startup_limit_s=60.0,
        memory_limit_bytes=1536 * _MIB,
        fingerprint=_fingerprint(start),
    )


def _cards(cameras: list[CameraSettings], secrets: Secrets) -> tuple[CardStart, ...]:
    """Cameras whose own cards may fill gaps."""
    return tuple(
        CardStart(
            camera_id=camera.id,
            onvif=camera.onvif,
            credentials=_login(secrets, camera.id),
            verify_tls=camera.verify_tls,
        )
        for camera in cameras
        if camera.onvif and camera.fill_gaps and camera.record
    )


def _chores_row(
    folder: DataFolder,
    roots: tuple[RootStart, ...],
    buckets: tuple[BucketStart, ...],
    signing_key: str,
    cards: tuple[CardStart, ...],
    recording: RecordingSettings,
) -> ProcessRow:
    start = ChoresWorkerStart(
        name="chores",
        data_dir=str(folder.root),
        roots=roots,
        buckets=buckets,
        signing_key=signing_key,
        cards=cards,
        recording=recording,
    )
    return ProcessRow(
        name=start.name,
        role="chores",
        phase=3,
        start_message=lambda: _plain(start),
        # It gets what the others leave of the machine: it may have to wait for its turn to beat.
        heartbeat_limit_s=60.0,
        startup_limit_s=120.0,
        # Encoding 4K pictures anew takes 1.1 GB for a while.
        memory_limit_bytes=2048 * _MIB,
        is_background=True,
        fingerprint=_fingerprint(start),
    )


def _plain(start: msgspec.Struct) -> dict[str, object]:
    plain = msgspec.to_builtins(start)
    if not isinstance(plain, dict):
        raise TypeError("a start message is an object")
    return plain


def _fingerprint(start: msgspec.Struct) -> str:
    return hashlib.blake2b(msgspec.json.encode(start), digest_size=16).hexdigest()
