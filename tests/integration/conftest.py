"""A real engine in a child process, with real children of its own, on real packets."""

from __future__ import annotations

from pathlib import Path

import pytest

from nvr_app.contract.config import CameraSettings
from tests.support.engine_process import Engine


@pytest.fixture
def engine(tmp_path):
    """Factory of engines; each is stopped at the end, and must leave nothing behind."""
    made: list[Engine] = []

    def make(cameras, **sections) -> Engine:
        made.append(Engine(tmp_path / f"data{len(made)}", cameras, **sections))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def sim_cameras(clip):
    """Simulated cameras `a`, `b` … that loop the clip."""

    def make(count=2, **changes):
        return [
            CameraSettings(id=chr(97 + n), kind="sim", main=str(clip), sub=str(clip), **changes)
            for n in range(count)
        ]

    return make


@pytest.fixture
def no_leftovers():
    """Shared memory of ours and processes of ours that outlive a test are its failure."""
    before = set(_rings())
    yield
    assert set(_rings()) - before == set()


def _rings() -> list[Path]:
    return list(Path("/dev/shm").glob("nvr-*"))
