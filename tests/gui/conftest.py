"""GUI tests run without a screen, and not at all where PySide6 is missing."""

from __future__ import annotations

import importlib.util
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def _has_qt() -> bool:
    if os.environ.get("NVR_TEST_WITHOUT_QT"):
        return False
    return importlib.util.find_spec("PySide6") is not None


collect_ignore_glob = [] if _has_qt() else ["test_*.py"]
