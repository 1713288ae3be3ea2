"""What the journal's payloads hold: facts, with where they come from."""

from __future__ import annotations

import msgspec

from engine.journal.journal import Entry
from nvr_app.contract.events import (
    AnyFact,
    CameraStateChanged,
    GapEnded,
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
    RunStarted, RunEnded, SegmentOpened, SegmentClosed, SegmentGone, GapEnded, CameraStateChanged,
)  # fmt: skip
_EVENTS = (MotionEnded, TrackStarted, TrackEnded)


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
    """Whose time its payload shares: media, events or system."""
    if isinstance(fact, _MEDIA):
        return "media"
    return "events" if isinstance(fact, _EVENTS) else "system"


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
