"""What the journal's payloads hold: facts, with where they come from."""

from __future__ import annotations

import msgspec

from engine.journal.journal import Entry
from nvr_app.contract.audit_facts import (
    BookmarkRemoved,
    BookmarkSet,
    DayCounted,
    EventsAnonymised,
    EventsDeleted,
    ExportAsked,
    ExportEnded,
    JournalSigned,
    PayloadsDropped,
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
    AnyFact,
    CameraStateChanged,
    GapEnded,
    GapFilled,
    MotionEnded,
    RunEnded,
    RunStarted,
    SegmentClosed,
    SegmentGone,
    SegmentOpened,
    TrackEnded,
    TrackStarted,
)

_MEDIA = (
    RunStarted, RunEnded, SegmentOpened, SegmentClosed, SegmentGone, GapEnded, GapFilled,
    CameraStateChanged,
    SegmentGarbage, SegmentMoved, SegmentKept,
    RootChanged,
)  # fmt: skip
_EVENTS = (MotionEnded, TrackStarted, TrackEnded, ClipKept, ClipGone)
_AUDIT = (
    FootageProtected, ProtectionEnded, BookmarkSet, BookmarkRemoved, ExportAsked, ExportEnded,
    EventsAnonymised, EventsDeleted, RetentionRan, PayloadsDropped, JournalSigned,
)  # fmt: skip
_CLASSES: dict[str, tuple[type, ...]] = {
    "media": _MEDIA,
    "events": _EVENTS,
    "audit": _AUDIT,
    "aggregates": (DayCounted,),
}


class JournalledFact(msgspec.Struct, frozen=True, kw_only=True):
    """A fact as it lies in the journal; (producer, number) is unique."""

    site: str
    node: str
    producer: str
    number: int
    fact: AnyFact


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(JournalledFact).decode


def retention_class_of(fact: AnyFact) -> str:
    """Whose time its payload shares: media, events, audit, aggregates or system."""
    for name, kinds in _CLASSES.items():
        if isinstance(fact, kinds):
            return name
    return "system"


def entry_for(fact: JournalledFact) -> Entry:
    """The journal entry of a fact."""
    config = type(fact.fact).__struct_config__
    return Entry(
        kind=str(config.tag),
        retention_class=retention_class_of(fact.fact),
        wall_us=fact.fact.wall_us,
        payload=_encode(fact),
    )


def decode_fact(payload: bytes) -> JournalledFact:
    """A payload's fact. msgspec.MsgspecError: it is none, or of a newer version."""
    return _decode(payload)


def known_fact(payload: bytes | None) -> JournalledFact | None:
    """A payload's fact; None where there is no payload, or a fact of a newer program."""
    if payload is None:
        return None
    try:
        return _decode(payload)
    except msgspec.MsgspecError:
        return None


class Numbered(msgspec.Struct, frozen=True):
    """Who said a fact and under which number, whatever it says."""

    producer: str
    number: int


_decode_numbered = msgspec.msgpack.Decoder(Numbered).decode


def numbered(payload: bytes | None) -> Numbered | None:
    """The producer's number, of newer programs' facts too."""
    if payload is None:
        return None
    try:
        return _decode_numbered(payload)
    except msgspec.MsgspecError:
        return None
