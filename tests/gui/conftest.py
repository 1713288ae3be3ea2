"""GUI tests run without a screen, and not at all where PySide6 is missing."""

from __future__ import annotations

import importlib.util
import os

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def _has_qt() -> bool:
    if os.environ.get("NVR_TEST_WITHOUT_QT"):
        return False
    return importlib.util.find_spec("PySide6") is not None


@pytest.fixture(scope="session", autouse=True)
def _none_stays_alive():
    from ui.live.none_guard import keep_none_alive

    keep_none_alive()


collect_ignore_glob = [] if _has_qt() else ["test_*.py"]
