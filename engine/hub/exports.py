"""Exports as the hub sees them: from a request to an order, found again after every death."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from engine.base.errors import EngineError
from engine.hub.core import HubCore
from engine.hub.noting import note_and_wait
from engine.hub.query_pool import DatabaseUnavailableError
from engine.playback.export_plan import (
    bundle_name,
    choose_files,
    choose_gaps,
    estimate_bytes,
)
from engine.store.evidence import ExportRow
from engine.store.store import StoreReader
from nvr_app.contract.audit_facts import ExportAsked, ExportEnded, ExportOptions
from nvr_app.contract.chores import ExportFootage
from nvr_app.contract.evidence import (
    CameraForecast,
    ExportForecast,
    ExportHole,
    ExportPhase,
    ExportView,
)
from nvr_app.contract.exporting import ExportCamera, ExportOrder, ExportSegment
from nvr_app.contract.ids import new_id
from nvr_app.contract.timebase import US_PER_S, iso_utc

logger = logging.getLogger(__name__)

_MOST_SEGMENTS = 60_000
"""Of all cameras of an export: five days of eight cameras."""
_FAULT_RETRY_S = 5.0


class ExportRefusedError(EngineError):
    """The export cannot be done as asked; the sentence says why and what could be."""


class NoFootageError(EngineError):
    """The range holds nothing; the sentence names the nearest footage."""


class ExportDesk:
    """Use from the loop's thread. Construct: no I/O."""

    def __init__(self, core: HubCore) -> None:
        self._core = core

    async def forecast(self, asked: ExportAsked) -> ExportForecast:
        """What it would do. DatabaseUnavailableError."""
        cameras = await self._cameras(asked)
        now_us = self._core.clock.wall_us()
        size = estimate_bytes(cameras, asked.start_wall_us, asked.end_wall_us, now_us)
        folder = Path(asked.folder)
        free = await asyncio.get_running_loop().run_in_executor(None, _free_bytes, folder)
        fault = self._why_not(cameras) or _why_no_room(size, free, folder)
        return ExportForecast(
            cameras=tuple([await self._forecast_of(camera, asked, now_us) for camera in cameras]),
            size_bytes=size,
            folder=asked.folder,
            free_bytes=free,
            fault=fault,
        )

    async def ask(self, asked: ExportAsked, password: str) -> None:
        """Journal it, then have it done. NoFootageError, ExportRefusedError, NotJournalledError."""
        cameras = await self._cameras(asked)
        fault = self._why_not(cameras)
        if fault:
            raise ExportRefusedError(fault)
        if not any(camera.segments for camera in cameras):
            raise NoFootageError(await self._nearest_sentence(cameras, asked))
        async with self._core.retention.standing_still():  # what it needs must not go meanwhile
            await note_and_wait(self._core, asked)
        self._submit(asked, cameras, password)

    async def resume(self, row: ExportRow, password: str, actor: str) -> None:
        """Go on with one that failed or was cancelled, as `ask`."""
        if row.state == "asked":
            raise ExportRefusedError("this export is under way: there is nothing to resume")
        if row.state == "done":
            raise ExportRefusedError("this export is complete: there is nothing to resume")
        if row.options.is_encrypted and not password:
            raise ExportRefusedError("this export is encrypted: give its password again")
        asked = _asked_again(row)
        asked = msgspec.structs.replace(asked, wall_us=self._core.clock.wall_us(), actor=actor)
        await self.ask(asked, password)

    async def cancel(self, row: ExportRow) -> None:
        """Leave off and remove what was written. ExportRefusedError: it has ended already."""
        if row.state != "asked":
            raise ExportRefusedError(f"this export has ended ({row.state}): nothing was cancelled")
        if not self._core.chores.cancel(_chore_id(row.export_id, row.wall_us)):
            await note_and_wait(self._core, self._ended(row, "cancelled", "cancelled at rest"))

    async def find_again(self) -> None:
        """After a start: what was asked for and has not ended is asked for again."""
        while True:
            try:
                rows = await self._core.queries.run(lambda r: r.evidence.exports_asked())
                break
            except DatabaseUnavailableError:
                await asyncio.sleep(_FAULT_RETRY_S)
        for row in rows:
            await self._find_again(row)

    def view(self, row: ExportRow) -> ExportView:
        """A row with its progress."""
        moved = self._core.chores.state(_chore_id(row.export_id, row.wall_us))
        state: ExportPhase = "asked"
        detail = row.detail
        if row.state in {"done", "failed", "cancelled"}:
            state = row.state  # type: ignore[assignment]  # the table holds no other word
        elif moved is not None and moved.state != "waiting":
            # Its end counts once it is journalled; until then it is under way.
            state, detail = "running", moved.detail
        return ExportView(
            export_id=row.export_id,
            camera_ids=row.camera_ids,
            start_wall_us=row.start_wall_us,
            end_wall_us=row.end_wall_us,
            place=str(_place(row)),
            options=row.options,
            actor=row.actor,
            asked_wall_us=row.wall_us,
            state=state,
            ended_wall_us=row.ended_wall_us,
            done_bytes=row.size_bytes if state == "done" else (moved.done if moved else 0),
            total_bytes=row.size_bytes if state == "done" else (moved.total if moved else 0),
            detail=detail,
            files=row.files,
            size_bytes=row.size_bytes,
            manifest_hash=row.manifest_hash,
        )

    async def _find_again(self, row: ExportRow) -> None:
        if row.options.is_encrypted:
            words = "the engine was started anew and no longer has the password: resume it"
            self._core.journal.note(self._ended(row, "failed", words))
            return
        asked = _asked_again(row)
        try:
            cameras = await self._cameras(asked)
        except DatabaseUnavailableError as error:
            logger.warning("Export %s waits for the next start: %s", row.export_id, error)
            return
        self._submit(asked, cameras, "")

    def _submit(self, asked: ExportAsked, cameras: Sequence[ExportCamera], password: str) -> None:
        start = self._core.start
        seq, head = self._core.journal.mark
        order = ExportOrder(
            export_id=asked.export_id,
            start_wall_us=asked.start_wall_us,
            end_wall_us=asked.end_wall_us,
            folder=asked.folder,
            options=asked.options,
            actor=asked.actor,
            site=start.settings.site,
            node=start.settings.node,
            software=f"nvr {start.version}",
            journal_seq=seq,
            journal_head=head,
            cameras=tuple(cameras),
        )
        chore_id = _chore_id(asked.export_id, asked.wall_us)
        self._core.chores.submit(ExportFootage(chore_id=chore_id, order=order, password=password))

    async def _cameras(self, asked: ExportAsked) -> list[ExportCamera]:
        return [await self._camera(camera_id, asked) for camera_id in asked.camera_ids]

    async def _camera(self, camera_id: str, asked: ExportAsked) -> ExportCamera:
        start_us, end_us = asked.start_wall_us, asked.end_wall_us

        def look(reader: StoreReader) -> ExportCamera:
            found = reader.evidence
            settings = self._core.state.cameras.get(camera_id)
            return ExportCamera(
                camera_id=camera_id,
                name=settings.display_name if settings else camera_id,
                location=settings.location if settings else "",
                segments=tuple(
                    self._sized(camera_id, segment)
                    for segment in found.export_segments(
                        camera_id, start_us, end_us, _MOST_SEGMENTS + 1
                    )
                ),
                gaps=tuple(found.export_gaps(camera_id, start_us, end_us)),
            )

        return await self._core.queries.run(look)

    def _sized(self, camera_id: str, segment: ExportSegment) -> ExportSegment:
        """An open segment has the size that its camera told last: the index knows none yet."""
        status = self._core.state.statuses.get(camera_id)
        written = status.segment if status is not None else None
        if segment.end_wall_us is not None or written is None:
            return segment
        if written.segment_id != segment.segment_id:
            return segment
        return msgspec.structs.replace(segment, size_bytes=written.size_bytes)

    def _why_not(self, cameras: Sequence[ExportCamera]) -> str:
        if not self._core.start.public_key:
            return "exports cannot be signed: see nvr secrets status; none is made without"
        segments = sum(len(camera.segments) for camera in cameras)
        if segments > _MOST_SEGMENTS:
            return (
                f"the range holds more than {_MOST_SEGMENTS} segments: "
                "export it in parts, or fewer cameras at a time"
            )
        return ""

    async def _forecast_of(
        self, camera: ExportCamera, asked: ExportAsked, now_us: int
    ) -> CameraForecast:
        start_us, end_us = asked.start_wall_us, asked.end_wall_us
        held = [(s.start_wall_us, s.end_wall_us or now_us) for s in camera.segments]
        inside_us = sum(min(e, end_us) - max(s, start_us) for s, e in held if e > start_us)
        nearest = ""
        if not camera.segments:
            nearest = await self._nearest_sentence([camera], asked)
        return CameraForecast(
            camera_id=camera.camera_id,
            name=camera.name,
            recorded_s=max(inside_us, 0) / US_PER_S,
            size_bytes=estimate_bytes([camera], start_us, end_us, now_us),
            files=len(choose_files(camera, start_us)),
            gaps=tuple(
                ExportHole(
                    start_wall_us=gap.start_wall_us,
                    end_wall_us=gap.end_wall_us,
                    reason=gap.reason,
                )
                for gap in choose_gaps(start_us, min(end_us, now_us), held, camera.gaps)
            ),
            nearest=nearest,
        )

    async def _nearest_sentence(self, cameras: Sequence[ExportCamera], asked: ExportAsked) -> str:
        span = f"{iso_utc(asked.start_wall_us)} to {iso_utc(asked.end_wall_us)}"
        parts = []
        for camera in cameras:
            camera_id = camera.camera_id
            before, after = await self._core.queries.run(_nearest(camera_id, asked))
            near = [f"ends {iso_utc(before)}"] if before is not None else []
            near += [f"begins {iso_utc(after)}"] if after is not None else []
            words = " and ".join(near)
            parts.append(
                f"{camera_id} has no footage from {span}"
                + (f"; the nearest {words}" if near else ", nor any other")
            )
        return "; ".join(parts)

    def _ended(self, row: ExportRow, state: ExportPhase, detail: str) -> ExportEnded:
        return ExportEnded(
            wall_us=self._core.clock.wall_us(),
            export_id=row.export_id,
            state=state,  # type: ignore[arg-type]  # callers give ends alone
            detail=detail,
        )


def _nearest(
    camera_id: str, asked: ExportAsked
) -> Callable[[StoreReader], tuple[int | None, int | None]]:
    return lambda reader: reader.evidence.nearest_footage(
        camera_id, asked.start_wall_us, asked.end_wall_us
    )


def export_asked(
    *,
    camera_ids: tuple[str, ...],
    start_wall_us: int,
    end_wall_us: int,
    folder: str,
    options: ExportOptions,
    actor: str,
    wall_us: int,
) -> ExportAsked:
    """A new export with an id of its own."""
    return ExportAsked(
        wall_us=wall_us,
        export_id=new_id(),
        camera_ids=camera_ids,
        start_wall_us=start_wall_us,
        end_wall_us=end_wall_us,
        folder=folder,
        options=options,
        actor=actor,
    )


def _asked_again(row: ExportRow) -> ExportAsked:
    return ExportAsked(
        wall_us=row.wall_us,
        export_id=row.export_id,
        camera_ids=row.camera_ids,
        start_wall_us=row.start_wall_us,
        end_wall_us=row.end_wall_us,
        folder=row.folder,
        options=row.options,
        actor=row.actor,
    )


def _chore_id(export_id: str, asked_wall_us: int) -> str:
    """One attempt: the same after a restart of the hub, another one after a resume."""
    return f"export-{export_id}-{asked_wall_us}"


def _place(row: ExportRow) -> Path:
    name = bundle_name(row.export_id, row.start_wall_us)
    return Path(row.folder) / (f"{name}.zip" if row.options.is_encrypted else name)


def _free_bytes(folder: Path) -> int | None:
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        return shutil.disk_usage(place).free
    except OSError:
        return None


def _why_no_room(size: int, free: int | None, folder: Path) -> str:
    if free is None:
        return f"{folder} cannot be looked at: is its disk connected?"
    if free < size:
        return f"it needs about {size // 1024**2} MiB, {folder} has {free // 1024**2} MiB left"
    return ""
