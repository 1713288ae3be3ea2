"""From media time to wall time within one run.

Wall time = the run's anchor + media time since then, gently pulled towards the host's monotonic
clock, because a camera's oscillator drifts (20 ppm is common, 500 ppm the worst that Moonfire
NVR designs for: moonfire-nvr design/time.md). Pure: no clock is read here.
"""

from __future__ import annotations

from dataclasses import dataclass

_MOST_SLEW = 500e-6
STEP_LIMIT_US = 500_000
"""A wall clock that moved by more than this against the monotonic one has been set anew."""


@dataclass(frozen=True)
class RunClock:
    """State of a run's mapping; `settle` returns the next state."""

    anchor_wall_us: int
    anchor_mono_ns: int
    first_pts_us: int
    correction_us: int = 0
    settled_pts_us: int = 0

    def wall_us(self, pts_us: int) -> int:
        """Wall time of a sample."""
        return self.anchor_wall_us + (pts_us - self.first_pts_us) + self.correction_us

    def drift_us(self, pts_us: int, arrival_mono_ns: int) -> int:
        """How far the camera's clock has run behind the host's (positive) since the anchor."""
        elapsed_us = (arrival_mono_ns - self.anchor_mono_ns) // 1_000
        return elapsed_us - (pts_us - self.first_pts_us)

    def settle(self, pts_us: int, arrival_mono_ns: int) -> RunClock:
        """Move the correction towards the drift, by at most 500 ppm of the time since last."""
        since_us = pts_us - max(self.settled_pts_us, self.first_pts_us)
        most_us = int(abs(since_us) * _MOST_SLEW)
        error_us = self.drift_us(pts_us, arrival_mono_ns) - self.correction_us
        step_us = max(-most_us, min(most_us, error_us))
        return RunClock(
            self.anchor_wall_us,
            self.anchor_mono_ns,
            self.first_pts_us,
            self.correction_us + step_us,
            pts_us,
        )

    def clock_step_us(self, wall_us: int, mono_ns: int) -> int:
        """How far the wall clock was set since the anchor."""
        return (wall_us - self.anchor_wall_us) - (mono_ns - self.anchor_mono_ns) // 1_000
