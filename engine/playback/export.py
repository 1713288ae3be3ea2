"""An export from beginning to end: files, manifest, signature. Knows no process and no channel."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from engine.base.clock import Clock
from engine.base.errors import EngineError
from engine.playback.cut import FileLayout, fits_together, lay_out
from engine.playback.export_burn import BurnPart, burn_file
from engine.playback.export_copy import SourceCopy, copy_file
from engine.playback.export_manifest import Outcome, held_interval, manifest_of
from engine.playback.export_plan import FilePlan, bundle_name, choose_files, estimate_bytes
from engine.playback.export_state import ExportState
from engine.playback.export_target import ArchiveTarget, FolderTarget, Target, require_space
from engine.playback.fragment_index import NotIndexableError
from engine.playback.samples import SegmentSamples, read_samples
from engine.playback.segment_file import SegmentFile, SegmentUnreadableError
from nvr_app.contract.exporting import ExportOrder, ExportSegment
from nvr_app.contract.timebase import iso_utc
from nvr_app.evidence.manifest import (
    MANIFEST,
    PUBLIC_KEY,
    SIGNATURE,
    SUMS,
    Damage,
    File,
    Source,
    encode_manifest,
)
from nvr_app.evidence.signing import Signer, public_pem

_SPARE_BYTES = 16 * 1024**2
"""Left over beside the footage for manifest and the folder itself."""


class ExportEmptyError(EngineError):
    """There is no footage in the range, or none that could be read."""


@dataclass(frozen=True, kw_only=True)
class ExportTools:
    """What an export works with."""

    open_segment: Callable[[str, str], SegmentFile]
    """By root and path. SegmentUnreadableError."""
    signer: Signer
    clock: Clock
    look_up: Callable[[], None]
    """Called often; raises when the export is to leave off."""
    on_progress: Callable[[int, int, str], None]
    """(bytes done, bytes in all, what is being done)."""


@dataclass(frozen=True)
class ExportResult:
    """What came of it."""

    place: Path
    files: int
    size_bytes: int
    manifest_hash: str
    damages: tuple[Damage, ...]

    @property
    def sentence(self) -> str:
        """For people."""
        words = f"{self.files} files in {self.place}"
        if self.damages:
            words += f"; {len(self.damages)} damaged segments, named in the manifest"
        return words


class _Readable(NamedTuple):
    """A segment that is opened and indexed."""

    segment: ExportSegment
    file: SegmentFile
    samples: SegmentSamples


@dataclass
class _Work:
    """One export under way."""

    order: ExportOrder
    tools: ExportTools
    target: Target
    state: ExportState
    total_bytes: int
    done_bytes: int = 0
    doing: str = ""
    files: list[File] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)
    damaged_spans: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def advance(self, count: int) -> None:
        self.tools.look_up()
        self.done_bytes += count
        self.tools.on_progress(self.done_bytes, max(self.total_bytes, self.done_bytes), self.doing)

    def note_damage(self, camera_id: str, segment: ExportSegment, what: str, *, lost: bool) -> None:
        damage = Damage(camera_id=camera_id, segment_id=segment.segment_id, what=what)
        self.damages.append(damage)
        if lost:
            end = segment.end_wall_us or self.tools.clock.wall_us()
            spans = self.damaged_spans.setdefault(camera_id, [])
            spans.append((segment.start_wall_us, end))


def run_export(order: ExportOrder, password: str, tools: ExportTools) -> ExportResult:
    """Do it, blocking. EngineError: a sentence; what was finished before stays for a resume.

    Whatever `look_up` raises ends it as well: the caller then discards or keeps (`discard_export`).
    """
    now_us = tools.clock.wall_us()
    need = estimate_bytes(order.cameras, order.start_wall_us, order.end_wall_us, now_us)
    target = _target(order, password)
    state = ExportState.load(target.place, is_resumable=not order.options.is_encrypted)
    require_space(target.place, need - state.size_bytes + _SPARE_BYTES)
    target.begin()
    work = _Work(order, tools, target, state, need)
    try:
        for camera in order.cameras:
            for plan in choose_files(camera, order.start_wall_us):
                _write_plan(work, plan)
        return _seal(work)
    except BaseException:
        if order.options.is_encrypted:
            target.discard()
        raise


def discard_export(order: ExportOrder) -> None:
    """Remove what a cancelled export has written. Blocks; never raises."""
    _target(order, "").discard()


def _target(order: ExportOrder, password: str) -> Target:
    place = Path(order.folder) / bundle_name(order.export_id, order.start_wall_us)
    if order.options.is_encrypted:
        return ArchiveTarget(place.with_name(f"{place.name}.zip"), password)
    return FolderTarget(place)


def _write_plan(work: _Work, plan: FilePlan) -> None:
    """The file of a plan; several where its segments turn out not to fit together."""
    with contextlib.ExitStack() as files:
        readable = list(_open_all(work, plan, files))
        for number, group in enumerate(_fitting(readable)):
            name = plan.name if number == 0 else plan.name.replace(".mp4", f"-{number}.mp4")
            _write_file(work, plan.camera_id, name, group)


def _open_all(work: _Work, plan: FilePlan, files: contextlib.ExitStack) -> Iterator[_Readable]:
    for segment in plan.segments:
        work.tools.look_up()
        try:
            file = work.tools.open_segment(segment.root, segment.path)
            files.callback(file.close)
            size = file.size()
            samples = read_samples(file.read, size, is_closed=segment.end_wall_us is not None)
        except (SegmentUnreadableError, NotIndexableError) as error:
            work.note_damage(plan.camera_id, segment, str(error), lost=True)
            continue
        if samples.damages or samples.holes_us:
            work.note_damage(plan.camera_id, segment, _damage_words(segment, samples), lost=True)
        yield _Readable(segment, file, samples)


def _damage_words(segment: ExportSegment, samples: SegmentSamples) -> str:
    parts = [
        f"bytes {damage.offset} to {damage.offset + damage.size_bytes} are no media"
        for damage in samples.damages
    ]
    parts += [
        f"pictures from {iso_utc(segment.start_wall_us + begin)} "
        f"to {iso_utc(segment.start_wall_us + end)} are missing: the one before them stands"
        for begin, end in samples.holes_us
    ]
    return "; ".join(parts)


def _fitting(readable: list[_Readable]) -> Iterator[list[_Readable]]:
    """Neighbours that can be one file: the same codec, size and parameters, nothing between."""
    group: list[_Readable] = []
    for one in readable:
        last = group[-1] if group else None
        if last is not None and (
            not fits_together(last.samples, one.samples)
            or one.segment.start_wall_us - (last.segment.end_wall_us or 0) > 500_000
        ):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _write_file(work: _Work, camera_id: str, name: str, group: list[_Readable]) -> None:
    order = work.order
    kept = work.state.finished(name, [one.segment for one in group])
    if kept is not None:
        work.files.append(kept)
        work.advance(kept.size_bytes)
        return
    if order.options.burn_time or order.options.masks:
        work.doing = name
        burned = _burn(work, camera_id, name, group)
        if burned is not None:
            work.files.append(burned)
            work.state.add(burned)
        return
    layout = lay_out(
        [(one.segment.start_wall_us, one.samples) for one in group],
        order.start_wall_us,
        order.end_wall_us,
    )
    if layout is None:
        return
    work.doing = name
    file = _copy(work, camera_id, name, layout, group)
    work.files.append(file)
    work.state.add(file)


def _copy(
    work: _Work, camera_id: str, name: str, layout: FileLayout, group: list[_Readable]
) -> File:
    sources = [
        SourceCopy(one.file, one.samples.size_bytes, copy, one.segment.content_hash)
        for one, copy in zip(group, layout.copies, strict=True)
    ]
    with work.target.file(name) as sink:
        copied = copy_file(layout, sources, sink, work.advance)
    named = _named(work, camera_id, group, copied.is_as_journalled)
    video = group[0].samples.video
    return File(
        name=name,
        size_bytes=copied.digest.size_bytes,
        sha256=copied.digest.sha256(),
        block_bytes=copied.digest.block_bytes,
        blocks=copied.digest.blocks(),
        camera_id=camera_id,
        held=held_interval(layout.start_wall_us, layout.end_wall_us),
        codec=video.codec,
        width=video.width,
        height=video.height,
        has_audio=group[0].samples.audio is not None,
        clock_offset_us=group[0].segment.clock_offset_us,
        sources=named,
    )


def _burn(work: _Work, camera_id: str, name: str, group: list[_Readable]) -> File | None:
    """The file with time and masks drawn in; None: no picture is due in the range."""
    order = work.order
    parts = [
        BurnPart(
            one.segment.segment_id,
            one.file,
            one.samples.size_bytes,
            one.segment.start_wall_us,
            one.segment.content_hash,
        )
        for one in group
    ]
    span_us = (order.start_wall_us, order.end_wall_us)
    if not _is_due(group, span_us):
        return None
    with work.target.file(name) as sink:
        made = burn_file(parts, span_us, order.options, sink, work.advance)
    burned = made.burned
    return File(
        name=name,
        size_bytes=made.digest.size_bytes,
        sha256=made.digest.sha256(),
        block_bytes=made.digest.block_bytes,
        blocks=made.digest.blocks(),
        camera_id=camera_id,
        held=held_interval(burned.start_wall_us, burned.end_wall_us),
        codec="avc1",
        width=burned.width,
        height=burned.height,
        has_audio=burned.has_audio,
        clock_offset_us=group[0].segment.clock_offset_us,
        sources=_named(work, camera_id, group, made.is_as_journalled),
    )


def _is_due(group: list[_Readable], span_us: tuple[int, int]) -> bool:
    parts = [(one.segment.start_wall_us, one.samples) for one in group]
    return lay_out(parts, *span_us) is not None


def _named(
    work: _Work, camera_id: str, group: list[_Readable], checks: tuple[bool | None, ...]
) -> tuple[Source, ...]:
    """Sources for the manifest; one whose content has changed is a damage too."""
    for one, is_same in zip(group, checks, strict=True):
        if is_same is False:
            work.note_damage(
                camera_id,
                one.segment,
                "its content is not what the journal says it was when it was closed",
                lost=False,
            )
    return tuple(_source(one, is_same) for one, is_same in zip(group, checks, strict=True))


def _source(one: _Readable, is_same: bool | None) -> Source:
    segment = one.segment
    check = "open" if segment.end_wall_us is None else "unknown"
    if is_same is not None:
        check = "same" if is_same else "changed"
    return Source(
        segment_id=segment.segment_id,
        run_id=segment.run_id,
        root=segment.root,
        path=segment.path,
        size_bytes=one.samples.size_bytes,
        content_hash=segment.content_hash,
        check=check,
        origin=segment.origin,
    )


def _seal(work: _Work) -> ExportResult:
    """Sums, manifest, signature, key: from here on it is evidence."""
    if not work.files:
        work.target.discard()
        raise ExportEmptyError(_empty_sentence(work))
    sums = "".join(f"{file.sha256}  {file.name}\n" for file in work.files).encode()
    work.target.small(SUMS, sums)
    listed = File(name=SUMS, size_bytes=len(sums), sha256=hashlib.sha256(sums).hexdigest())
    manifest = manifest_of(
        Outcome(
            order=work.order,
            files=(*work.files, listed),
            damages=tuple(work.damages),
            damaged_spans=work.damaged_spans,
            made_wall_us=work.tools.clock.wall_us(),
            key_id=work.tools.signer.key_id,
        )
    )
    data = encode_manifest(manifest)
    work.target.small(MANIFEST, data)
    work.target.small(SIGNATURE, work.tools.signer.sign(data))
    work.target.small(PUBLIC_KEY, public_pem(work.tools.signer.public_key))
    work.state.remove()
    work.target.finish()
    return ExportResult(
        work.target.place,
        len(work.files),
        sum(file.size_bytes for file in work.files),
        hashlib.sha256(data).hexdigest(),
        tuple(work.damages),
    )


def _empty_sentence(work: _Work) -> str:
    if work.damages:
        first = work.damages[0]
        return (
            "no footage of the range could be read: "
            f"segment {first.segment_id} of {first.camera_id}: {first.what}"
        )
    return "there is no picture in the range: nothing was exported"
