"""What a lane is to show, and what it shows. Pure values between the player and its threads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ui.live.media import Bitmap


@dataclass(frozen=True)
class Goal:
    """Where to decode from, and how. A new number throws away what was decoded for the last."""

    number: int
    at_us: int
    rate: float = 1.0
    """Sign: direction. Faster than once: pictures that nobody could see are left out."""
    keys_only: bool = False
    """Keyframes alone: faster than everything can be decoded."""
    is_scrub: bool = False
    """The next keyframe will do: the moment is still being chosen."""
    width: int = 0
    """Largest size in pixels of the pictures wanted; 0: as they are."""
    height: int = 0

    @property
    def is_backward(self) -> bool:
        return self.rate < 0


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture at screen size and the interval of wall time that it shows."""

    bitmap: Bitmap
    wall_us: int
    until_us: int
    picture_width: int
    """Size as recorded."""
    picture_height: int

    @property
    def size_bytes(self) -> int:
        return int(self.bitmap.image.sizeInBytes())


class LaneKind(Enum):
    """What a lane is doing."""

    LOADING = "loading"
    PLAYING = "playing"
    GAP = "gap"
    """No footage here: `start_us` to `end_us`, for `reason`."""
    EDGE = "edge"
    """Nothing is recorded after this, so far."""
    DAMAGED = "damaged"
    """It goes on, but what lies between `start_us` and `end_us` cannot be decoded whole."""
    FAILED = "failed"
    """The engine does not give it: `reason` is its sentence; tried again by itself."""


@dataclass(frozen=True)
class LaneState:
    """State of one lane at the position shown."""

    kind: LaneKind
    start_us: int | None = None
    end_us: int | None = None
    reason: str = ""
