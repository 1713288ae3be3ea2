"""From facts to rows, purely: what one batch means for the tables.

A start and its end in one batch become one row; an end whose start lies in an earlier batch
becomes a change of that row, or a row of its own where the start is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from engine.journal.payload import JournalledFact
from engine.store import custody_projection as custody
from engine.store.changes import Changes, Row
from nvr_app.contract.audit_facts import (
    BookmarkRemoved,
    BookmarkSet,
    DayCounted,
    EventsAnonymised,
    EventsDeleted,
    ExportAsked,
    ExportEnded,
    JournalSigned,
    RetentionRan,
)
from nvr_app.contract.custody_facts import (
    ClipGone,
    ClipKept,
    FootageProtected,
    ProtectionEnded,
    RootChanged,
    SegmentGarbage,
    SegmentKept,
    SegmentMoved,
)
from nvr_app.contract.events import (
    CameraStateChanged,
    EngineStarted,
    EngineStopped,
    GapEnded,
    GapFilled,
    MotionEnded,
    RunEnded,
    RunStarted,
    SegmentClosed,
    SegmentGone,
    SegmentOpened,
    SystemNoted,
    TrackEnded,
    TrackStarted,
)
from nvr_app.contract.geometry import Box


def stages(
    batch: Sequence[tuple[int, JournalledFact]],
) -> Iterator[list[tuple[int, JournalledFact]]]:
    """A batch cut where the order of facts matters: within a stage it does not."""

    def kind(item: tuple[int, JournalledFact]) -> type | None:
        fact = item[1].fact
        return type(fact) if isinstance(fact, custody.ORDERED) else None

    for _, group in groupby(batch, key=kind):
        yield list(group)


def project(facts: Iterable[JournalledFact]) -> Changes:
    """What these facts change. Facts of kinds that have no table change nothing."""
    changes = Changes()
    for journalled in facts:
        known = changes.producers.get(journalled.producer, 0)
        changes.producers[journalled.producer] = max(known, journalled.number)
        handler = _HANDLERS.get(type(journalled.fact))
        if handler is not None:
            handler(changes, journalled.fact, {"site": journalled.site, "node": journalled.node})
    return changes


def _run_started(changes: Changes, fact: RunStarted, origin: Row) -> None:
    changes.runs[fact.run_id] = {
        "run_id": fact.run_id,
        "camera_id": fact.camera_id,
        "codec": fact.codec,
        "width": fact.width,
        "height": fact.height,
        "start_wall_us": fact.anchor_wall_us,
        "end_wall_us": None,
        "clock_offset_us": fact.clock_offset_us,
        "end_reason": "",
        **origin,
    }


def _run_ended(changes: Changes, fact: RunEnded, _: Row) -> None:
    end = {"run_id": fact.run_id, "end_wall_us": fact.wall_us, "end_reason": fact.reason}
    started = changes.runs.get(fact.run_id)
    if started is not None:
        started.update(end)
    else:
        changes.run_ends[fact.run_id] = end


def _segment_opened(changes: Changes, fact: SegmentOpened, origin: Row) -> None:
    changes.segments[fact.segment_id] = {
        "segment_id": fact.segment_id,
        "camera_id": fact.camera_id,
        "run_id": fact.run_id,
        "root": fact.root,
        "path": fact.path,
        "start_wall_us": fact.start_wall_us,
        "end_wall_us": None,
        "size_bytes": 0,
        "frames": 0,
        "keyframes": 0,
        "state": "open",
        "reason": "",
        "codec": fact.codec,
        "content_hash": "",
        "origin": fact.origin,
        "aged": "",
        **origin,
    }


def _segment_closed(changes: Changes, fact: SegmentClosed, origin: Row) -> None:
    row = {
        "segment_id": fact.segment_id,
        "camera_id": fact.camera_id,
        "run_id": _run_of(fact.path),
        "root": fact.root,
        "path": fact.path,
        "start_wall_us": fact.start_wall_us,
        "end_wall_us": fact.end_wall_us,
        "size_bytes": fact.size_bytes,
        "frames": fact.frames,
        "keyframes": fact.keyframes,
        "state": "closed",
        "reason": "adopted" if fact.adopted else "",
        "codec": "",
        "content_hash": fact.content_hash,
        "origin": fact.origin,
        "aged": "",
        **origin,
    }
    opened = changes.segments.get(fact.segment_id)
    if opened is not None:
        opened.update(row | {"codec": opened["codec"]})
    else:
        changes.segment_ends[fact.segment_id] = row


def _gap_ended(changes: Changes, fact: GapEnded, origin: Row) -> None:
    changes.gaps.append(
        {
            "camera_id": fact.camera_id,
            "start_wall_us": fact.start_wall_us,
            "end_wall_us": fact.end_wall_us,
            "reason": fact.reason,
            **origin,
        }
    )


def _gap_filled(changes: Changes, fact: GapFilled, _: Row) -> None:
    changes.gaps_filled.append((fact.camera_id, fact.start_wall_us, fact.end_wall_us))


def _camera_state_changed(changes: Changes, fact: CameraStateChanged, origin: Row) -> None:
    changes.camera_states.append(
        {
            "camera_id": fact.camera_id,
            "wall_us": fact.wall_us,
            "state": fact.state,
            "detail": fact.detail,
            **origin,
        }
    )


def _track_started(changes: Changes, fact: TrackStarted, origin: Row) -> None:
    changes.events[fact.event_id] = {
        "event_id": fact.event_id,
        "camera_id": fact.camera_id,
        "kind": "track",
        "label": fact.label,
        "score": fact.score,
        "start_wall_us": fact.start_wall_us,
        "end_wall_us": None,
        "hits": 0,
        "best_wall_us": fact.start_wall_us,
        "best_box": _numbers(fact.box),
        "track_path": [],
        "snapshot": fact.snapshot,
        "model": fact.model,
        **origin,
    }


def _track_ended(changes: Changes, fact: TrackEnded, origin: Row) -> None:
    row = {
        "event_id": fact.event_id,
        "camera_id": fact.camera_id,
        "kind": "track",
        "label": fact.label,
        "score": fact.score,
        "start_wall_us": fact.start_wall_us,
        "end_wall_us": fact.end_wall_us,
        "hits": fact.hits,
        "best_wall_us": fact.best_wall_us,
        "best_box": _numbers(fact.best_box),
        "track_path": [
            n for point in fact.path for n in (float(point.offset_ms), point.x, point.y)
        ],
        "snapshot": fact.snapshot,
        "model": fact.model,
        **origin,
    }
    if fact.event_id in changes.events:
        changes.events[fact.event_id] = row
    else:
        changes.event_ends[fact.event_id] = row


def _motion_ended(changes: Changes, fact: MotionEnded, origin: Row) -> None:
    changes.events[fact.event_id] = {
        "event_id": fact.event_id,
        "camera_id": fact.camera_id,
        "kind": "motion",
        "label": "motion",
        "score": fact.peak,
        "start_wall_us": fact.start_wall_us,
        "end_wall_us": fact.end_wall_us,
        "hits": 0,
        "best_wall_us": fact.start_wall_us,
        "best_box": [],
        "track_path": [],
        "snapshot": "",
        "model": "",
        **origin,
    }


def _system_noted(changes: Changes, fact: SystemNoted, origin: Row) -> None:
    changes.system_notes.append(
        {
            "wall_us": fact.wall_us,
            "source": fact.source,
            "severity": fact.severity,
            "text": fact.text,
            "camera_id": fact.camera_id,
            **origin,
        }
    )


def _engine_started(changes: Changes, fact: EngineStarted, origin: Row) -> None:
    text = f"engine {fact.version} started"
    _system_noted(changes, _note(fact.wall_us, text), origin)


def _engine_stopped(changes: Changes, fact: EngineStopped, origin: Row) -> None:
    _system_noted(changes, _note(fact.wall_us, "engine stopped in order"), origin)


def _note(wall_us: int, text: str) -> SystemNoted:
    return SystemNoted(wall_us=wall_us, source="engine", severity="info", text=text)


def _run_of(path: str) -> str:
    """The run's id out of `<start ms>-<run>-<n>.mp4`."""
    parts = path.rpartition("/")[2].removesuffix(".mp4").split("-")
    return parts[1] if len(parts) == 3 else ""


def _numbers(box: Box) -> list[float]:
    return [box.x0, box.y0, box.x1, box.y1]


# Each handler takes the one fact type that it stands under.
_HANDLERS: dict[type, Any] = {
    RunStarted: _run_started,
    RunEnded: _run_ended,
    SegmentOpened: _segment_opened,
    SegmentClosed: _segment_closed,
    SegmentGone: custody.segment_gone,
    SegmentGarbage: custody.segment_garbage,
    SegmentMoved: custody.segment_moved,
    SegmentKept: custody.segment_kept,
    RootChanged: custody.root_changed,
    FootageProtected: custody.footage_protected,
    ProtectionEnded: custody.protection_ended,
    BookmarkSet: custody.bookmark_set,
    BookmarkRemoved: custody.bookmark_removed,
    ClipKept: custody.clip_kept,
    ClipGone: custody.clip_gone,
    ExportAsked: custody.export_asked,
    ExportEnded: custody.export_ended,
    EventsAnonymised: custody.events_anonymised,
    EventsDeleted: custody.events_deleted,
    RetentionRan: custody.retention_ran,
    DayCounted: custody.day_counted,
    JournalSigned: custody.journal_signed,
    GapEnded: _gap_ended,
    GapFilled: _gap_filled,
    CameraStateChanged: _camera_state_changed,
    TrackStarted: _track_started,
    TrackEnded: _track_ended,
    MotionEnded: _motion_ended,
    SystemNoted: _system_noted,
    EngineStarted: _engine_started,
    EngineStopped: _engine_stopped,
}
