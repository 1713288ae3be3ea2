"""What a camera is said to be, from what its connection does. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from engine.ingest.stream_reader import Link
from nvr_app.contract.events import CameraState
from nvr_app.contract.timebase import NS_PER_S

_SLOW = "its disk is slow: pictures wait in memory, up to buffer_bytes; none are lost so far"
_SILENT_NS = int(1.5 * NS_PER_S)
# A slow camera (1 fps) is silent only after several of its own intervals.
_SILENT_INTERVALS = 4


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One look at a camera's main stream."""

    link: Link
    is_paused: bool
    last_packet_mono_ns: int
    fps: float
    recorder_failure: str
    disk_is_slow: bool
    ever_active: bool


def is_silent(last_packet_mono_ns: int, opened_mono_ns: int, fps: float, now_ns: int) -> bool:
    """Whether an open stream has stopped to send pictures."""
    interval_ns = int(NS_PER_S / fps) if fps > 0 else 0
    limit_ns = max(_SILENT_NS, _SILENT_INTERVALS * interval_ns)
    return now_ns - max(last_packet_mono_ns, opened_mono_ns) > limit_ns


def choose_state(  # noqa: PLR0911  a decision table: one return a row
    seen: Observation, now_ns: int
) -> tuple[CameraState, str]:
    """The state and its sentence for people."""
    if seen.is_paused:
        return "paused", "paused by an operator"
    link = seen.link
    if link.phase == "open":
        return _open_state(seen, now_ns)
    if link.fault == "refused":
        return "refused", link.error
    if link.fault == "unsupported":
        return "unsupported", link.error
    if link.phase in {"idle", "connecting"} and link.failures == 0 and not seen.ever_active:
        return "connecting", ""
    if link.error or seen.ever_active:
        return "lost", link.error or "the connection ended"
    return "connecting", ""


def _open_state(seen: Observation, now_ns: int) -> tuple[CameraState, str]:
    if is_silent(seen.last_packet_mono_ns, seen.link.since_mono_ns, seen.fps, now_ns):
        return "lost", "the connection stands, but the camera sends no pictures"
    if seen.recorder_failure:
        return "unwritable", seen.recorder_failure
    if seen.last_packet_mono_ns:
        return "active", _SLOW if seen.disk_is_slow else ""
    return ("lost", "waiting for its first picture") if seen.ever_active else ("connecting", "")
