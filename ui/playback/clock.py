"""The one clock of synchronous playback. Pure: whoever asks brings the time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nvr_app.contract.timebase import NS_PER_US


@dataclass(frozen=True)
class PlaybackClock:
    """Where playback stood at a moment and how fast it goes; every change gives a new one.

    Immutable, so that any thread may read the one in force.
    """

    anchor_us: int = 0
    anchor_mono_ns: int = 0
    rate: float = 1.0
    """Negative: backwards."""
    is_running: bool = False

    def position_us(self, mono_ns: int) -> int:
        """Wall time that is shown at that moment."""
        if not self.is_running:
            return self.anchor_us
        return self.anchor_us + round((mono_ns - self.anchor_mono_ns) / NS_PER_US * self.rate)

    def at(self, position_us: int, mono_ns: int) -> PlaybackClock:
        """Going on from another position."""
        return replace(self, anchor_us=position_us, anchor_mono_ns=mono_ns)

    def with_rate(self, rate: float, mono_ns: int) -> PlaybackClock:
        return replace(self.at(self.position_us(mono_ns), mono_ns), rate=rate)

    def running(self, mono_ns: int, *, is_running: bool) -> PlaybackClock:
        return replace(self.at(self.position_us(mono_ns), mono_ns), is_running=is_running)
