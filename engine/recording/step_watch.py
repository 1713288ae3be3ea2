"""Whether media time keeps step with the clock: wall times must stay true to a second. Pure.

A network can deliver pictures late, in bursts too, but never before they were taken. So pictures
that come early tell at once that the camera's clock ran ahead; lateness tells that it fell behind
only when even the most punctual picture of some seconds came late.
"""

from __future__ import annotations

from nvr_app.contract.timebase import NS_PER_S, US_PER_S

STEP_LIMIT_US = US_PER_S
_WINDOW_NS = 5 * NS_PER_S


class StepWatch:
    """One run. One thread."""

    def __init__(self) -> None:
        self._since_ns = 0
        self._least_us = 0

    def is_out_of_step(self, lateness_us: int, mono_ns: int) -> bool:
        """Note a picture that arrived then, so much later than its run's clock says."""
        if lateness_us < -STEP_LIMIT_US:
            return True
        if not self._since_ns:
            self._since_ns, self._least_us = mono_ns, lateness_us
        self._least_us = min(self._least_us, lateness_us)
        if mono_ns - self._since_ns < _WINDOW_NS:
            return False
        self._since_ns = 0
        return self._least_us > STEP_LIMIT_US
