"""The command line that starts this very program again as one of its own children."""

from __future__ import annotations

import sys

CHILD_FLAG = "--child"


def child_argv(role: str) -> list[str]:
    """From source or a wheel by `-m`; a frozen program has no `-m` and starts itself."""
    if getattr(sys, "frozen", False):
        return [sys.executable, CHILD_FLAG, role]
    # -P: the folder that the user happens to stand in must not shadow our modules.
    return [sys.executable, "-P", "-m", "nvr_app.launch", CHILD_FLAG, role]
