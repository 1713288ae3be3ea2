"""Fixtures for every suite: generated media, a clock that tests drive, and a check that the
engine's suite passes where PySide6 is not installed."""

from __future__ import annotations

import importlib.abc
import os
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says more of the machine than of the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


class _NoQt(importlib.abc.MetaPathFinder):
    """Makes every import of PySide6 fail, as on a headless server."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "PySide6":
            raise ModuleNotFoundError("PySide6 is not installed here (NVR_TEST_WITHOUT_QT)")


if os.environ.get("NVR_TEST_WITHOUT_QT"):
    sys.meta_path.insert(0, _NoQt())


def make_clip(path: Path, *, seconds=4.0, fps=30, gop_s=1.0, size=(320, 180), codec="libx264"):
    """A moving picture, encoded as a camera does: no B-frames, fixed GOP."""
    import av
    import numpy as np

    width, height = size
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, 90_000)
        gop = round(gop_s * fps)
        stream.options = {
            "bf": "0",
            "g": str(gop),
            "keyint_min": str(gop),
            "sc_threshold": "0",
            "preset": "ultrafast",
        }
        for index in range(round(seconds * fps)):
            picture = np.full((height * 3 // 2, width), 128, np.uint8)
            picture[:height] = (np.arange(width)[None, :] + 3 * index) % 256
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts = index * 90_000 // fps
            frame.time_base = Fraction(1, 90_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> Path:
    """Four seconds of 320x180 at 30 fps, a keyframe a second."""
    return make_clip(tmp_path_factory.mktemp("media") / "clip.mp4")


@pytest.fixture
def manual_clock():
    return ManualClock()


class ManualClock:
    """A clock that stands until it is moved; satisfies engine.base.clock.Clock."""

    def __init__(self):
        self.wall = 1_700_000_000_000_000
        self.mono = 1_000_000_000

    def wall_us(self):
        return self.wall

    def mono_ns(self):
        return self.mono

    def wait(self, signal, timeout_s):
        self.advance(timeout_s)
        return signal.is_set()

    def advance(self, seconds):
        self.wall += int(seconds * 1_000_000)
        self.mono += int(seconds * 1_000_000_000)
