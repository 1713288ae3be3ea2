"""Motion on a small grey picture: cheap enough to run on every camera all day.

A slowly adapting background, a threshold above the picture's own noise, and a vote of cells, so
that sensor noise and single hot pixels do not count. A change of nearly everything at once is a
lamp or a switched infra-red filter, not motion: it renews the background.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT = 160, 90
"""Size of the picture that `MotionDetector.update` takes."""

_CELL = 10
_ADAPT = 0.08
_LEAST_DIFFERENCE = 14.0
_NOISE_FACTOR = 4.0
_CELL_SHARE = 0.15
_LIGHT_SHARE = 0.6
_WARM_UP = 3


@dataclass(frozen=True)
class MotionSeen:
    """Of one picture: the share in motion (0..1) and whether it passes the threshold."""

    share: float
    is_motion: bool


class MotionDetector:
    """One camera's background. Use from one thread."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._background: npt.NDArray[np.float32] | None = None
        self._noise: float | None = None
        self._seen = 0

    def update(self, grey: npt.NDArray[np.uint8]) -> MotionSeen:
        """Compare a picture of shape (90, 160) with the background, then learn from it."""
        picture = grey.astype(np.float32)
        if self._background is None:
            self._background = picture
            return MotionSeen(0.0, False)
        difference = np.abs(picture - self._background)
        # The median of the difference is the noise as long as less than half is in motion.
        median = float(np.median(difference[::3, ::3]))
        noise = median if self._noise is None else self._noise + 0.1 * (median - self._noise)
        self._noise = noise
        changed = difference > max(_LEAST_DIFFERENCE, _NOISE_FACTOR * noise)
        cells = changed.reshape(HEIGHT // _CELL, _CELL, WIDTH // _CELL, _CELL).mean(axis=(1, 3))
        share = float(cells[cells >= _CELL_SHARE].sum()) / cells.size
        self._seen += 1
        if share > _LIGHT_SHARE:
            self._background = picture
            return MotionSeen(share, False)
        self._background += _ADAPT * (picture - self._background)
        return MotionSeen(share, share >= self._threshold and self._seen > _WARM_UP)


@dataclass(frozen=True)
class MotionState:
    """Whether a camera is in motion, with a hold so that it does not flicker. Pure."""

    since_wall_us: int = 0
    last_wall_us: int = 0
    peak: float = 0.0

    @property
    def is_active(self) -> bool:
        return self.since_wall_us > 0

    def next(self, seen: MotionSeen, wall_us: int, hold_us: int) -> tuple[MotionState, bool]:
        """The state after a picture, and whether the motion of `self` has just ended."""
        if seen.is_motion:
            since = self.since_wall_us or wall_us
            return MotionState(since, wall_us, max(self.peak, seen.share)), False
        if self.is_active and wall_us - self.last_wall_us > hold_us:
            return MotionState(), True
        return self, False
