"""The local channel between a worker and the hub: length-prefixed MessagePack over TCP loopback.

Version of the messages: `PROTOCOL` (docs/protocol.md lists what changed). A frame is four bytes
of length (big endian) and that many bytes of one tagged struct.
"""

from __future__ import annotations

import struct
from typing import Literal

import msgspec

from nvr_app.contract.chores import ChoreState
from nvr_app.contract.commands import AnyCommand
from nvr_app.contract.events import NumberedFact
from nvr_app.contract.live import AnyMedia
from nvr_app.contract.metrics import Measurement
from nvr_app.contract.notices import TracksMoved
from nvr_app.contract.status import CameraStatus, ModelStatus

PROTOCOL = 1
MAX_FRAME_BYTES = 64 * 1024**2
_LENGTH = struct.Struct(">I")

Role = Literal["camera", "vision", "chores"]


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag="hello"):
    """Worker's first words. `session` is new in every process."""

    protocol: int
    producer: str
    role: Role
    session: str
    token: str


class Accepted(msgspec.Struct, frozen=True, kw_only=True, tag="accepted"):
    """Hub's answer: facts up to this number are already in the journal."""

    instance_id: str
    last_number: int


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """Hub's answer to a wrong token or protocol; the connection closes."""

    reason: str


class Facts(msgspec.Struct, frozen=True, kw_only=True, tag="facts"):
    """A batch from the spool, in order."""

    facts: tuple[NumberedFact, ...]


class Ack(msgspec.Struct, frozen=True, kw_only=True, tag="ack"):
    """Facts up to this number are synced in the journal: the spool may forget them."""

    number: int


class Sample(msgspec.Struct, frozen=True, kw_only=True, tag="sample"):
    """Status and measurements since the last sample, about once a second; may be dropped."""

    cameras: tuple[CameraStatus, ...] = ()
    model: ModelStatus | None = None
    measurements: tuple[Measurement, ...] = ()


class Moved(msgspec.Struct, frozen=True, kw_only=True, tag="moved"):
    """Live boxes, passed on to desks as they are; may be dropped."""

    tracks: tuple[TracksMoved, ...]


class Do(msgspec.Struct, frozen=True, kw_only=True, tag="do"):
    """Hub to worker."""

    command: AnyCommand


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag="reply"):
    """Worker's answer to a command; `error` is a sentence, empty when it worked."""

    request_id: int
    error: str = ""
    payload: bytes = b""


class Relayed(msgspec.Struct, frozen=True, kw_only=True, tag="relayed"):
    """One media message of a running relay; dropped when the hub reads too slowly."""

    relay_id: int
    media: AnyMedia


class ChoreMoved(msgspec.Struct, frozen=True, kw_only=True, tag="chore_moved"):
    """How far a chore is, about once a second and at its end; may be dropped."""

    chore_id: str
    state: ChoreState
    done: int = 0
    """Of `total`, in whatever the chore counts."""
    total: int = 0
    size_bytes: int = 0
    """Bytes freed, moved or written so far."""
    failures: int = 0
    """Of those done: how many did not work out and will be tried again."""
    detail: str = ""


class RingAnnounced(msgspec.Struct, frozen=True, kw_only=True, tag="rings"):
    """Hub to vision worker: the cameras to watch, whenever a ring or the set changes."""

    cameras: tuple[CameraStatus, ...]


FromWorker = Hello | Facts | Sample | Moved | Reply | Relayed | ChoreMoved
FromHub = Accepted | Refused | Ack | Do | RingAnnounced

encode = msgspec.msgpack.Encoder().encode
decode_from_worker = msgspec.msgpack.Decoder(FromWorker).decode
decode_from_hub = msgspec.msgpack.Decoder(FromHub).decode


def frame(message: FromWorker | FromHub) -> bytes:
    """Bytes of one message as they go over the socket."""
    body = encode(message)
    return _LENGTH.pack(len(body)) + body


def body_length(prefix: bytes) -> int:
    """Length of the body after a four-byte prefix; ValueError beyond the limit."""
    (length,) = _LENGTH.unpack(prefix)
    if length > MAX_FRAME_BYTES:
        raise ValueError(f"a frame of {length} bytes exceeds the limit of {MAX_FRAME_BYTES}")
    return int(length)
