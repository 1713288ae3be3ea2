"""One camera as the vision worker sees it: its ring, what is due, its tracks."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.vision.tracking import Tracker
from engine.vision.worker.best_shot import BestShots
from nvr_app.contract.frame_ring import FrameRingReader, SlotInfo
from nvr_app.contract.status import RingRef
from nvr_app.contract.timebase import NS_PER_S

# Tracks are looked after even when nothing moves: a person who stands still is still there. The
# longer nothing moves, the more rarely: a parked car needs no look each second.
_QUIET_INTERVAL_NS = NS_PER_S
_LONGEST_QUIET_INTERVAL_NS = 16 * NS_PER_S


@dataclass
class Watched:
    """State of one camera; belongs to the worker's loop."""

    camera_id: str
    tracker: Tracker
    shots: BestShots
    ring: FrameRingReader | None = None
    done_due: int = 0
    done_number: int = 0
    last_mono_ns: int = 0
    gone_mono_ns: int = 0
    """When its ring went away; 0 while it has one."""
    quiet_interval_ns: int = _QUIET_INTERVAL_NS
    analysed: int = 0
    """Pictures since the last sample."""
    buffer: npt.NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))

    def attach(self, ref: RingRef | None) -> None:
        """Follow the ring that the camera announced; keep the old one while it is the same."""
        if self.ring is not None and ref is not None and self.ring.ref.name == ref.name:
            return
        self.detach()
        self.done_due = self.done_number = 0
        if ref is None:
            return
        try:
            self.ring = FrameRingReader(ref)
        except FileNotFoundError:
            return  # it was replaced already: the next announcement names the new one
        found = self.ring.look(self.ring.latest)
        if found is not None:
            # What was due before we came is nobody's loss but the last picture's.
            self.done_due = max(0, found[0].due_number - 1)
            del found

    def detach(self) -> None:
        """Let go of the ring."""
        ring, self.ring = self.ring, None
        if ring is not None:
            ring.close()

    def newest(self) -> SlotInfo | None:
        """The newest picture's facts if it wants analysis, else None. Reads a few words only."""
        ring = self.ring
        if ring is None:
            return None
        number = ring.latest
        if number == self.done_number:
            return None
        found = ring.look(number)
        if found is None:
            return None
        info = found[0]
        del found
        if info.motion and info.due_number != self.done_due:
            return info
        is_quiet_due = info.mono_ns - self.last_mono_ns >= self.quiet_interval_ns
        return info if self.tracker.has_live_tracks and is_quiet_due else None

    def note_done(self, info: SlotInfo) -> int:
        """Remember that this picture was analysed; how many due ones were passed over."""
        is_due = info.motion and info.due_number != self.done_due
        shed = info.due_number - self.done_due - 1 if is_due else 0
        longer_ns = min(self.quiet_interval_ns * 2, _LONGEST_QUIET_INTERVAL_NS)
        self.quiet_interval_ns = _QUIET_INTERVAL_NS if is_due else longer_ns
        self.done_due, self.done_number = info.due_number, info.number
        self.last_mono_ns = info.mono_ns
        self.analysed += 1
        return max(0, shed)

    def copy(self, number: int) -> npt.NDArray[np.uint8] | None:
        """The picture as I420 of shape (height * 3 / 2, width); None when it was overtaken."""
        ring = self.ring
        if ring is None:
            return None
        found = ring.look(number)
        if found is None:
            return None
        width, height = ring.ref.width, ring.ref.height
        if self.buffer.size != width * height * 3 // 2:
            self.buffer = np.empty(width * height * 3 // 2, np.uint8)
        np.copyto(self.buffer, np.frombuffer(found[1], np.uint8))
        del found
        if not ring.is_intact(number):
            return None
        return self.buffer.reshape(height * 3 // 2, width)


def order_by_age(candidates: list[tuple[Watched, SlotInfo]]) -> list[tuple[Watched, SlotInfo]]:
    """Whoever has waited longest comes first, so that no camera starves."""
    return sorted(candidates, key=lambda pair: pair[0].last_mono_ns)
