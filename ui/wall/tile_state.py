"""What a tile may claim: a pure function of the camera's status and the age of its picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from nvr_app.contract.status import CameraStatus
from ui.wall.metrics import DEGRADED_BELOW, STALE_AFTER_NS
from ui.wall.moment import Moment


class TileKind(Enum):
    """One word for the state of a tile."""

    LIVE = "live"
    DEGRADED = "degraded"
    UNWRITABLE = "unwritable"
    WAITING = "waiting"
    STALLED = "stalled"
    CONNECTING = "connecting"
    LOST = "lost"
    REFUSED = "refused"
    PAUSED = "paused"
    UNSUPPORTED = "unsupported"
    STOPPED = "stopped"
    UNREACHABLE = "unreachable"
    PAST = "past"
    """It shows what was recorded, and says so."""


class Mark(Enum):
    """State told by shape."""

    DISC = "fine"
    DIAMOND = "degraded"
    SQUARE = "lost"
    RING = "off"


class Tone(Enum):
    """State told by colour: names of palette entries."""

    OK = "ok"
    WARN = "warn"
    CRITICAL = "critical"
    QUIET = "text_secondary"


@dataclass(frozen=True)
class TileState:
    """The claim; only where `is_live` a picture is shown in full light."""

    kind: TileKind
    is_live: bool

    @property
    def mark(self) -> Mark:
        return _signs(self.kind)[0]

    @property
    def tone(self) -> Tone:
        return _signs(self.kind)[1]


def is_fresh(picture_mono_ns: int | None, now: Moment) -> bool:
    """Whether a picture that arrived then may still be called live."""
    return picture_mono_ns is not None and now.mono_ns - picture_mono_ns < STALE_AFTER_NS


def is_degraded(status: CameraStatus) -> bool:
    """Whether clearly fewer pictures arrive than the camera promises."""
    return (
        status.status == "active" and 0 < status.received_fps < DEGRADED_BELOW * status.nominal_fps
    )


def tile_state(
    status: CameraStatus,
    last_picture_mono_ns: int | None,
    now: Moment,
    *,
    is_engine_reachable: bool = True,
) -> TileState:
    """What may be claimed now; `last_picture_mono_ns` is None before the first picture."""
    if not is_engine_reachable:
        return TileState(TileKind.UNREACHABLE, is_live=False)
    fresh = is_fresh(last_picture_mono_ns, now)
    if status.status == "unwritable":
        return TileState(TileKind.UNWRITABLE, is_live=fresh)
    if status.status != "active":
        return TileState(TileKind(status.status), is_live=False)
    if last_picture_mono_ns is None:
        return TileState(TileKind.WAITING, is_live=False)
    if not fresh:
        return TileState(TileKind.STALLED, is_live=False)
    return TileState(TileKind.DEGRADED if is_degraded(status) else TileKind.LIVE, is_live=True)


def _signs(kind: TileKind) -> tuple[Mark, Tone]:
    match kind:
        case TileKind.LIVE:
            return Mark.DISC, Tone.OK
        case TileKind.DEGRADED | TileKind.WAITING | TileKind.CONNECTING:
            return Mark.DIAMOND, Tone.WARN
        case TileKind.PAUSED | TileKind.STOPPED | TileKind.PAST:
            return Mark.RING, Tone.QUIET
        case _:
            return Mark.SQUARE, Tone.CRITICAL
