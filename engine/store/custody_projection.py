"""From facts of custody and audit to rows, purely; `projection` hands them over."""

from __future__ import annotations

import msgspec

from engine.store.changes import Changes, Row, SegmentPlace
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
from nvr_app.contract.events import GapFilled, SegmentGone

ORDERED = (
    SegmentGarbage, SegmentMoved, SegmentKept, SegmentGone, GapFilled, EventsAnonymised,
    EventsDeleted,
)  # fmt: skip
"""What these say of a row depends on what was said before: batches are cut around them."""


def segment_garbage(changes: Changes, fact: SegmentGarbage, _: Row) -> None:
    changes.garbage.append(
        {
            "segment_id": fact.segment_id,
            "camera_id": fact.camera_id,
            "root": fact.root,
            "path": fact.path,
            "reason": fact.reason,
            "wall_us": fact.wall_us,
        }
    )


def segment_moved(changes: Changes, fact: SegmentMoved, _: Row) -> None:
    changes.segments_moved[fact.segment_id] = {
        "segment_id": fact.segment_id,
        "root": fact.root,
        "path": fact.path,
        "size_bytes": fact.size_bytes,
        "content_hash": fact.content_hash,
        "codec": fact.codec,
        "reason": fact.reason,
        "wall_us": fact.wall_us,
    }


def segment_kept(changes: Changes, fact: SegmentKept, _: Row) -> None:
    changes.segments_kept[fact.segment_id] = {"segment_id": fact.segment_id, "aged": fact.codec}


def segment_gone(changes: Changes, fact: SegmentGone, _: Row) -> None:
    changes.segments_gone.append(SegmentPlace(fact.segment_id, fact.root, fact.path, fact.reason))


def root_changed(changes: Changes, fact: RootChanged, _: Row) -> None:
    changes.root_states.append(
        {"root": fact.root, "wall_us": fact.wall_us, "state": fact.state, "detail": fact.detail}
    )


def footage_protected(changes: Changes, fact: FootageProtected, _: Row) -> None:
    changes.protections[fact.protection_id] = {
        "protection_id": fact.protection_id,
        "camera_ids": list(fact.camera_ids),
        "start_wall_us": fact.start_wall_us,
        "end_wall_us": fact.end_wall_us,
        "until_wall_us": fact.until_wall_us,
        "reason": fact.reason,
        "actor": fact.actor,
        "wall_us": fact.wall_us,
        "lifted_wall_us": None,
    }


def protection_ended(changes: Changes, fact: ProtectionEnded, _: Row) -> None:
    known = changes.protections.get(fact.protection_id)
    if known is not None:
        known["lifted_wall_us"] = fact.wall_us
    else:
        changes.protections_lifted[fact.protection_id] = {
            "protection_id": fact.protection_id,
            "lifted_wall_us": fact.wall_us,
        }


def bookmark_set(changes: Changes, fact: BookmarkSet, _: Row) -> None:
    changes.bookmarks_removed.discard(fact.bookmark_id)
    changes.bookmarks[fact.bookmark_id] = {
        "bookmark_id": fact.bookmark_id,
        "camera_ids": list(fact.camera_ids),
        "start_wall_us": fact.start_wall_us,
        "end_wall_us": fact.end_wall_us,
        "title": fact.title,
        "text": fact.text,
        "actor": fact.actor,
        "wall_us": fact.wall_us,
    }


def bookmark_removed(changes: Changes, fact: BookmarkRemoved, _: Row) -> None:
    changes.bookmarks.pop(fact.bookmark_id, None)
    changes.bookmarks_removed.add(fact.bookmark_id)


def clip_kept(changes: Changes, fact: ClipKept, _: Row) -> None:
    changes.clips_gone.discard(fact.clip_id)
    changes.clips[fact.clip_id] = {
        "clip_id": fact.clip_id,
        "event_id": fact.event_id,
        "camera_id": fact.camera_id,
        "path": fact.path,
        "start_wall_us": fact.start_wall_us,
        "end_wall_us": fact.end_wall_us,
        "size_bytes": fact.size_bytes,
        "content_hash": fact.content_hash,
    }


def clip_gone(changes: Changes, fact: ClipGone, _: Row) -> None:
    changes.clips.pop(fact.clip_id, None)
    changes.clips_gone.add(fact.clip_id)


def export_asked(changes: Changes, fact: ExportAsked, _: Row) -> None:
    changes.exports[fact.export_id] = {
        "export_id": fact.export_id,
        "camera_ids": list(fact.camera_ids),
        "start_wall_us": fact.start_wall_us,
        "end_wall_us": fact.end_wall_us,
        "folder": fact.folder,
        "options": msgspec.json.encode(fact.options).decode(),
        "actor": fact.actor,
        "wall_us": fact.wall_us,
        "state": "asked",
        "ended_wall_us": None,
        "detail": "",
        "files": 0,
        "size_bytes": 0,
        "manifest_hash": "",
    }


def export_ended(changes: Changes, fact: ExportEnded, _: Row) -> None:
    end = {
        "export_id": fact.export_id,
        "state": fact.state,
        "ended_wall_us": fact.wall_us,
        "detail": fact.detail,
        "files": fact.files,
        "size_bytes": fact.size_bytes,
        "manifest_hash": fact.manifest_hash,
    }
    known = changes.exports.get(fact.export_id)
    if known is not None:
        known.update(end)
    else:
        changes.export_ends[fact.export_id] = end


def events_anonymised(changes: Changes, fact: EventsAnonymised, _: Row) -> None:
    changes.events_anonymised.append((fact.start_wall_us, fact.end_wall_us, fact.camera_id))


def events_deleted(changes: Changes, fact: EventsDeleted, _: Row) -> None:
    changes.events_deleted.append((fact.start_wall_us, fact.end_wall_us, fact.camera_id))


def retention_ran(changes: Changes, fact: RetentionRan, _: Row) -> None:
    changes.retention_runs.append(
        {
            "wall_us": fact.wall_us,
            "category": fact.category,
            "items": fact.items,
            "size_bytes": fact.size_bytes,
            "failures": fact.failures,
            "is_emergency": fact.is_emergency,
            "detail": fact.detail,
        }
    )


def day_counted(changes: Changes, fact: DayCounted, _: Row) -> None:
    changes.day_counts[fact.camera_id, fact.day] = {
        "camera_id": fact.camera_id,
        "day": fact.day,
        "recorded_s": fact.recorded_s,
        "gap_s": fact.gap_s,
        "size_bytes": fact.size_bytes,
        "events": msgspec.json.encode(fact.events).decode(),
    }


def journal_signed(changes: Changes, fact: JournalSigned, _: Row) -> None:
    changes.journal_heads.append(
        {
            "up_to_seq": fact.up_to_seq,
            "head": fact.head,
            "checkpoint": fact.checkpoint,
            "checkpoint_hash": fact.checkpoint_hash,
            "key_id": fact.key_id,
            "signature": fact.signature,
            "wall_us": fact.wall_us,
        }
    )
