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

# Tracks are looked after even when nothing moves: a person who stands still is still there.
_QUIET_INTERVAL_NS = NS_PER_S


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
    buffer: npt.NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))

    def attach(self, ref: RingRef | None) -> None:
        """Follow the ring that the camera announced; keep the old one while it is the same."""
        if self.ring is not None and ref is not None and self.ring.ref.name == ref.name:
            return
        self.detach()
        if ref is None:
            return
        try:
            self.ring = FrameRingReader(ref)
        except FileNotFoundError:
            return  # it was replaced already: the next announcement names the new one
        self.done_due = self.done_number = 0

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
        is_quiet_due = info.mono_ns - self.last_mono_ns >= _QUIET_INTERVAL_NS
        return info if self.tracker.has_live_tracks and is_quiet_due else None

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
