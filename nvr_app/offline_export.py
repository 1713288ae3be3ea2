"""An export where no engine runs: from the journal and the files, noted in the journal as well."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.base.clock import SystemClock
from engine.base.errors import EngineError
from engine.journal.parts import find_parts
from engine.journal.reader import chain_lines
from engine.playback.export import ExportResult, ExportTools, run_export
from engine.playback.segment_file import SegmentOpener
from engine.store.repair import append_facts, rebuild_database
from engine.store.store import Store
from engine.supervisor.instance_lock import AlreadyRunningError, InstanceLock
from nvr_app.contract.audit_facts import ExportAsked, ExportEnded, ExportOptions
from nvr_app.contract.events import AnyFact
from nvr_app.contract.exporting import ExportCamera, ExportOrder
from nvr_app.contract.ids import new_id
from nvr_app.contract.timebase import parse_wall_us
from nvr_app.errors import UserError
from nvr_app.evidence.signing import Signer
from nvr_app.paths import DataFolder
from nvr_app.root_settings import footage_roots
from nvr_app.secrets import Secrets
from nvr_app.settings_file import load_settings

_MOST_SEGMENTS = 60_000


def export_from_files(
    folder: DataFolder, body: Mapping[str, Any], on_progress: Callable[[int, int, str], None]
) -> ExportResult:
    """Do what the API would. Blocks. EngineError, UserError: a sentence.

    `body` is that of `POST /api/v1/exports` (Any: values as JSON has them).
    """
    if not folder.journal.is_dir():
        raise UserError(f"there is no journal in {folder.root}; name the data folder by --data-dir")
    lock = InstanceLock(folder.run / "engine.lock")
    try:
        folder.run.mkdir(exist_ok=True)
        lock.acquire(os.getpid(), int(time.time()))
    except AlreadyRunningError:
        raise UserError(
            "an engine runs on this folder but does not answer: it holds the journal; stop it first"
        ) from None
    try:
        return _export(folder, body, on_progress)
    finally:
        lock.release()


def _export(
    folder: DataFolder, body: Mapping[str, Any], on_progress: Callable[[int, int, str], None]
) -> ExportResult:
    settings = load_settings(folder).settings
    clock = SystemClock()
    asked = ExportAsked(
        wall_us=clock.wall_us(),
        export_id=new_id(),
        camera_ids=tuple(body["camera_ids"]),
        start_wall_us=parse_wall_us(body["start"]),
        end_wall_us=parse_wall_us(body["end"]),
        folder=body["folder"],
        options=ExportOptions(
            burn_time=body["burn_time"],
            masks=tuple(body["masks"]),
            is_encrypted=bool(body["password"]),
            reason=body["reason"],
        ),
        actor="command line",
    )
    names = {camera.id: camera for camera in settings.camera}
    cameras = _cameras(folder, asked, {key: c.display_name for key, c in names.items()})
    if not any(camera.segments for camera in cameras):
        raise UserError(f"the journal knows no footage of {', '.join(asked.camera_ids)} then")
    seq, head = _journal_mark(folder)
    order = ExportOrder(
        export_id=asked.export_id,
        start_wall_us=asked.start_wall_us,
        end_wall_us=asked.end_wall_us,
        folder=asked.folder,
        options=asked.options,
        actor=asked.actor,
        site=settings.site,
        node=settings.node,
        software="nvr, from files",
        journal_seq=seq,
        journal_head=head,
        cameras=cameras,
    )
    roots = {root.name: Path(root.path) for root in footage_roots(folder, settings)}
    tools = ExportTools(
        open_segment=SegmentOpener(roots.get).open,
        signer=Signer(Secrets(folder).signing_seed()),
        clock=clock,
        look_up=lambda: None,
        on_progress=on_progress,
    )
    origin = {"site": settings.site, "node": settings.node}

    def note(fact: AnyFact) -> None:
        append_facts(folder.journal, [fact], origin, clock)

    note(asked)
    try:
        result = run_export(order, body["password"], tools)
    except EngineError as error:
        note(
            ExportEnded(
                wall_us=clock.wall_us(),
                export_id=asked.export_id,
                state="failed",
                detail=str(error),
            )
        )
        raise
    note(
        ExportEnded(
            wall_us=clock.wall_us(),
            export_id=asked.export_id,
            state="done",
            detail=result.sentence,
            files=result.files,
            size_bytes=result.size_bytes,
            manifest_hash=result.manifest_hash,
        )
    )
    return result


def _journal_mark(folder: DataFolder) -> tuple[int, str]:
    """Number and hash of the journal's last record."""
    for part in reversed(find_parts(folder.journal)):
        lines = chain_lines(part)
        if lines:
            return lines[-1].seq, lines[-1].hash
    return 0, ""


def _cameras(
    folder: DataFolder, asked: ExportAsked, names: Mapping[str, str]
) -> tuple[ExportCamera, ...]:
    """What the journal says, by way of an index made for this alone."""
    with tempfile.TemporaryDirectory(prefix="nvr-export-") as place:
        database = Path(place) / "index.duckdb"
        rebuild_database(folder.journal, database, folder.signing_keys)
        store = Store(database)
        store.open()
        try:
            reader = store.reader().evidence
            span = asked.start_wall_us, asked.end_wall_us
            return tuple(
                ExportCamera(
                    camera_id=camera_id,
                    name=names.get(camera_id, camera_id),
                    segments=tuple(reader.export_segments(camera_id, *span, _MOST_SEGMENTS)),
                    gaps=tuple(reader.export_gaps(camera_id, *span)),
                )
                for camera_id in asked.camera_ids
            )
        finally:
            store.close()
