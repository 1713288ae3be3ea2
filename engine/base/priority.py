"""How much of the machine a process may claim."""

from __future__ import annotations

import contextlib
import os
import sys

import psutil

_LOWEST_NICENESS = 19


def take_lowest_priority() -> None:
    """Let everyone else go first, for the processor and for the disks. Never raises.

    On Windows the supervisor starts the process below normal already; its I/O follows here.
    """
    process = psutil.Process()
    with contextlib.suppress(OSError, AttributeError, psutil.Error):
        if sys.platform == "win32":
            process.nice(psutil.IDLE_PRIORITY_CLASS)
            process.ionice(psutil.IOPRIO_VERYLOW)
        else:
            os.nice(_LOWEST_NICENESS)
            process.ionice(psutil.IOPRIO_CLASS_IDLE)
