"""A real engine in a child process, with real children of its own, on real packets."""

from __future__ import annotations

from pathlib import Path

import pytest

from nvr_app.composition import ring_owner
from nvr_app.contract.config import CameraSettings
from tests.support.engine_process import Engine


@pytest.fixture
def engine(tmp_path):
    """Factory of engines; each is stopped at the end, and must leave nothing behind."""
    made: list[Engine] = []

    def make(cameras, **sections) -> Engine:
        made.append(Engine(tmp_path / f"data{len(made)}", cameras, **sections))
        return made[-1]

    make.made = made
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
def no_leftovers(engine):
    """Shared memory of a stopped engine that outlives it is its failure; others may run beside."""
    yield
    left = [
        path
        for one in engine.made
        for path in Path("/dev/shm").glob(f"nvr-{ring_owner(one.folder)}-*")
    ]
    assert left == []
