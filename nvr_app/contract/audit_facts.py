"""Facts of what people and schedules did with footage and records: the audit log."""

from __future__ import annotations

from typing import Literal

import msgspec

from nvr_app.contract.fact import Fact

ExportState = Literal["done", "failed", "cancelled"]


class ExportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How footage is to leave. Time and masks are drawn into it: the manifest says so."""

    burn_time: bool = False
    masks: tuple[tuple[float, float, float, float], ...] = ()
    """Regions to black out: normalised x0, y0, x1, y1."""
    is_encrypted: bool = False
    """With a password, which is never journalled."""
    reason: str = ""


class BookmarkSet(Fact, frozen=True, kw_only=True, tag="bookmark_set"):
    """A moment or interval that somebody marked; the same id again changes it."""

    bookmark_id: str
    camera_ids: tuple[str, ...] = ()
    """Empty: all cameras."""
    start_wall_us: int
    end_wall_us: int
    title: str
    text: str = ""
    actor: str


class BookmarkRemoved(Fact, frozen=True, kw_only=True, tag="bookmark_removed"):
    bookmark_id: str
    actor: str


class ExportAsked(Fact, frozen=True, kw_only=True, tag="export_asked"):
    """Somebody wants footage out; journalled before the work begins."""

    export_id: str
    camera_ids: tuple[str, ...]
    start_wall_us: int
    end_wall_us: int
    folder: str
    options: ExportOptions = ExportOptions()
    actor: str


class ExportEnded(Fact, frozen=True, kw_only=True, tag="export_ended"):
    export_id: str
    state: ExportState
    detail: str = ""
    files: int = 0
    size_bytes: int = 0
    manifest_hash: str = ""
    """SHA-256 of the manifest's bytes, in hex."""


class EventsAnonymised(Fact, frozen=True, kw_only=True, tag="events_anonymised"):
    """Events that began in [start, end) lose pictures, paths and boxes; what was counted stays."""

    start_wall_us: int
    end_wall_us: int
    camera_id: str = ""
    """Empty: all cameras."""
    reason: str
    actor: str


class EventsDeleted(Fact, frozen=True, kw_only=True, tag="events_deleted"):
    """Events that began in [start, end) are no more; a rebuild brings none of them back."""

    start_wall_us: int
    end_wall_us: int
    camera_id: str = ""
    reason: str
    actor: str


class RetentionRan(Fact, frozen=True, kw_only=True, tag="retention_ran"):
    """A clean-up of one category ended."""

    category: str
    items: int
    size_bytes: int
    failures: int = 0
    is_emergency: bool = False
    detail: str = ""


class PayloadsDropped(Fact, frozen=True, kw_only=True, tag="payloads_dropped"):
    """Payloads of a retention class have reached their time; the chain goes on to verify."""

    retention_class: str
    before_wall_us: int
    payloads: int


class DayCounted(Fact, frozen=True, kw_only=True, tag="day_counted"):
    """What one camera's day (UTC) came to: it outlives the records that it was counted from."""

    camera_id: str
    day: str
    """YYYY-MM-DD."""
    recorded_s: float
    gap_s: float
    size_bytes: int
    events: dict[str, int]
    """By label; motion under `motion`."""


class JournalSigned(Fact, frozen=True, kw_only=True, tag="journal_signed"):
    """The chain's head was signed, with a checkpoint of the index up to it where there is one."""

    up_to_seq: int
    head: str
    checkpoint: str = ""
    """File name of the checkpoint in the journal's folder; empty: the head alone."""
    checkpoint_hash: str = ""
    """BLAKE2b of 32 bytes over the checkpoint, in hex."""
    key_id: str
    signature: str
    """Ed25519 over what the other fields say, in hex."""
