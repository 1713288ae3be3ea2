"""The desk's end of one camera's frame ring: attach, re-attach, the newest picture in its turn."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from nvr_app.contract.frame_ring import FrameRingReader, SlotInfo
from nvr_app.contract.status import RingRef
from nvr_app.contract.timebase import NS_PER_S
from ui.live.media import Bitmap, Converter, wrap_i420

logger = logging.getLogger(__name__)


class RateLimit:
    """Lets through what comes evenly at the rate at once, and thins out what comes faster.

    A picture is never held back for evenness' sake: the tolerance absorbs the jitter of polling.
    """

    def __init__(self, rate_fps: float, tolerance_ns: int) -> None:
        self._interval_ns = round(NS_PER_S / rate_fps)
        self._tolerance_ns = tolerance_ns
        self._next_ns = 0

    def is_due(self, mono_ns: int) -> bool:
        return mono_ns >= self._next_ns - self._tolerance_ns

    def spend(self, mono_ns: int) -> None:
        self._next_ns = max(self._next_ns, mono_ns) + self._interval_ns


@dataclass(frozen=True, eq=False)
class Shot:
    """A picture at screen size, with the times of its arrival at the engine."""

    bitmap: Bitmap
    wall_us: int
    mono_ns: int
    picture_width: int
    """Size as decoded, for aspect and snapshots."""
    picture_height: int


class RingFeed:
    """Use from the GUI thread alone. A ring that is gone makes `shoot` return None, never raise."""

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._converter = Converter()
        self._ref: RingRef | None = None
        self._reader: FrameRingReader | None = None
        self._shown = 0
        self.torn = 0
        """Pictures overwritten while they were converted."""

    @property
    def is_attached(self) -> bool:
        return self._reader is not None

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the pictures announced."""
        return (self._ref.width, self._ref.height) if self._ref else None

    def follow(self, ref: RingRef | None) -> None:
        """Look at that ring from now on; the same ring again tries to attach where it failed."""
        if ref != self._ref:
            self.close()
            self._ref = ref
        if ref is None or self._reader is not None:
            return
        try:
            self._reader = FrameRingReader(ref)
        except OSError as error:  # gone, or not this user's
            logger.debug("%s: no look at the pictures: %s", ref.name, error)
            return
        self._shown = 0

    def retry(self) -> None:
        """Attach anew where the announced ring could not be attached before."""
        self.follow(self._ref)

    def shoot(self, width: int, height: int, mono_ns: int, *, again: bool = False) -> Shot | None:
        """The newest picture at that size, if there is one not yet shown and it is its turn.

        `again`: also the one shown last, and out of turn (the size changed).
        """
        reader = self._reader
        if reader is None or width <= 0 or height <= 0:
            return None
        if reader.is_closed_by_writer:
            # Its last picture is still mapped, yet no newer one will ever follow.
            self.close()
            return None
        reader.note_look(mono_ns)
        number = reader.latest
        if number == 0 or (
            not again and (number == self._shown or not self._limit.is_due(mono_ns))
        ):
            return None
        shot = self._convert(reader, number, width, height)
        if shot is not None:
            self._shown = number
            self._limit.spend(mono_ns)
        return shot

    def full_size(self) -> Shot | None:
        """The newest picture as decoded, for a snapshot."""
        if self._reader is None or self._reader.latest == 0:
            return None
        ref = self._reader.ref
        return self._convert(self._reader, self._reader.latest, ref.width, ref.height)

    def close(self) -> None:
        """Let go of the memory; idempotent."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _convert(
        self, reader: FrameRingReader, number: int, width: int, height: int
    ) -> Shot | None:
        seen = reader.look(number)
        if seen is None:
            self.torn += 1
            return None
        info, data = seen
        ref = reader.ref
        bitmap = self._converter.convert(wrap_i420(data, ref.width, ref.height), width, height)
        if not reader.is_intact(number):
            self.torn += 1
            return None
        return _shot(bitmap, info, ref)


def _shot(bitmap: Bitmap, info: SlotInfo, ref: RingRef) -> Shot:
    return Shot(bitmap, info.wall_us, info.mono_ns, ref.width, ref.height)
