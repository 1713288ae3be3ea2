"""The hole in the footage between a worker's predecessor and its own first segment."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.base.clock import Clock
from nvr_app.contract.events import GapEnded, GapReason

# Holes shorter than this are the rhythm of keyframes, not gaps in the footage.
GAP_LIMIT_US = 1_000_000


class FirstGap:
    """Posted once both ends are known, in whichever order: what a killed predecessor had written
    is measured while recording has begun again. Any thread may call.
    """

    def __init__(
        self, camera_id: str, reason: GapReason, post: Callable[[GapEnded], None], clock: Clock
    ) -> None:
        self._camera_id = camera_id
        self._reason = reason
        self._post = post
        self._clock = clock
        self._lock = threading.Lock()
        self._recording_from_us = 0
        self.covered_until_us = 0
        """Where the predecessor's footage ends; 0 = not known (yet), or there is none."""

    def footage_ends(self, wall_us: int) -> None:
        """The predecessor's footage reaches so far; 0 when there is none."""
        with self._lock:
            self.covered_until_us = wall_us
            self._settle()

    def recording_begins(self, wall_us: int) -> None:
        """Our first segment begins here."""
        with self._lock:
            self._recording_from_us = wall_us
            self._settle()

    def _settle(self) -> None:
        start_us, end_us = self.covered_until_us, self._recording_from_us
        if 0 < start_us < end_us - GAP_LIMIT_US:
            self._post(
                GapEnded(
                    wall_us=self._clock.wall_us(),
                    camera_id=self._camera_id,
                    start_wall_us=start_us,
                    end_wall_us=end_us,
                    reason=self._reason,
                )
            )
