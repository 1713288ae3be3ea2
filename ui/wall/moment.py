"""The present on both clocks, read in one place so that tests can set it."""

from __future__ import annotations

import time
from typing import NamedTuple


class Moment(NamedTuple):
    """Monotonic time for ages of pictures, wall time for people."""

    mono_ns: int
    wall_us: int


def read_moment() -> Moment:
    """Now; any thread may call."""
    return Moment(time.monotonic_ns(), time.time_ns() // 1000)
