"""Storage roots that come, go, hang and refuse, under a real engine on real file systems."""

import itertools
import json

import pytest

from engine.store.view_reading import journalled_facts
from nvr_app.contract.config import StorageSettings
from nvr_app.contract.events import GapEnded, RootChanged, SegmentClosed, SegmentGone, SegmentOpened
from tests.support.disks import image_disk, needs_root

pytestmark = [pytest.mark.timeout(180), needs_root]

FPS = 30


@pytest.fixture
def nas(tmp_path):
    """A file system that can go away and come back."""
    disk = image_disk(tmp_path / "nas", tmp_path / "nas.img")
    yield disk
    disk.close()


@pytest.fixture
def local(tmp_path):
    (tmp_path / "local").mkdir()
    return tmp_path / "local"


def root(name, path):
    return StorageSettings(name=name, path=str(path), floor_free_bytes=0)


def lies_on(engine, name):
    """Whether every camera writes on this root right now."""
    segments = [status["segment"] for status in engine.statuses().values()]
    return bool(segments) and all(s is not None and s["root"] == name for s in segments)


def facts(engine, kind):
    found = journalled_facts(engine.folder.journal)
    return [entry.fact for _, entry in found if isinstance(entry.fact, kind)]


def states(engine):
    return {one["name"]: one["state"] for one in engine.json("/api/v1/system/status")["roots"]}


def reload(engine, cameras, roots):
    engine.save(cameras, storage=roots)
    assert engine.ask("/api/v1/settings/reload", "POST")[0] == 202


def all_closed(engine):
    """Whether the journal knows the end of all but the two segments that are being written."""
    opened = {fact.segment_id for fact in facts(engine, SegmentOpened)}
    ended = {fact.segment_id for fact in facts(engine, SegmentClosed | SegmentGone)}
    return len(opened - ended) == 2


def assert_no_picture_is_missing(engine, cameras):
    """Segments follow upon each other (to half a picture) and hold every picture of their time."""
    for camera in cameras:
        segments = [one for one in facts(engine, SegmentClosed) if one.camera_id == camera.id]
        segments.sort(key=lambda one: one.start_wall_us)
        assert len(segments) > 2
        for before, after in itertools.pairwise(segments):
            assert abs(after.start_wall_us - before.end_wall_us) < 20_000, (before, after)
        for one in segments[:-1]:
            expected = (one.end_wall_us - one.start_wall_us) * FPS / 1e6
            assert abs(one.frames - expected) < 1, (one, expected)
    assert facts(engine, GapEnded) == []


def test_a_root_is_added_lost_and_found_while_cameras_record_and_no_picture_is_missing(
    engine, sim_cameras, nas, local, no_leftovers
):
    cameras = sim_cameras(2, motion=False)
    one = engine(cameras, storage=(root("local", local),)).start()
    one.until(lambda: lies_on(one, "local"), "recording")
    pids = {name: one.pid_of(name) for name in ("camera-a", "camera-b", "hub")}

    both = (root("nas", nas.path), root("local", local))
    reload(one, cameras, both)
    one.until(lambda: lies_on(one, "nas"), "the new first root to take footage")

    nas.detach()
    one.until(lambda: lies_on(one, "local"), "the next root to take over")
    one.until(lambda: states(one)["nas"] == "missing", "the state")
    code, body = one.ask("/health/ready")
    storage = json.loads(body)["checks"]["storage"]
    assert (code, storage["status"]) == (200, "warn")
    assert "mounted?" in storage["message"]
    assert list(nas.path.iterdir()) == [], "nothing was written below the mount"  # invariant S5
    report = one.check()[1]
    assert report["missing"] == [], "an empty mount point is no proof that footage is gone"
    assert report["unreachable"] > 0
    assert any("nas: storage root nas" in fault for fault in report["unreadable_roots"])
    metrics = one.ask("/metrics")[1].decode()
    assert 'surveillance_storage_root_up{root="nas"} 0.0' in metrics

    nas.mount()
    one.until(lambda: lies_on(one, "nas"), "the root that came back to be preferred again")
    one.until(lambda: states(one)["nas"] == "available", "the state")

    reload(one, cameras, (root("local", local),))
    one.until(lambda: lies_on(one, "local"), "the root that was taken out to be left")
    one.until(lambda: list(states(one)) == ["local"], "the status")
    assert {name: one.pid_of(name) for name in pids} == pids, "nobody was restarted"
    one.save(cameras, storage=both)
    one.stop()
    code, report = one.check("--hash")
    assert (code, report["is_sound"]) == (0, True), report
    changes = [(fact.root, fact.state) for fact in facts(one, RootChanged)]
    assert changes == [("nas", "missing"), ("nas", "available")]
    assert_no_picture_is_missing(one, cameras)


def test_a_root_that_hangs_and_one_that_turns_read_only(engine, sim_cameras, nas, local):
    cameras = sim_cameras(2, motion=False)
    one = engine(cameras, storage=(root("nas", nas.path), root("local", local))).start()
    one.until(lambda: lies_on(one, "nas"), "recording")
    try:
        nas.freeze()
        one.until(lambda: lies_on(one, "local"), "the cameras to go on elsewhere")
        one.until(lambda: states(one)["nas"] == "missing", "the state")
        assert one.recording() == 2
        assert all(s["status"] == "active" for s in one.statuses().values())
    finally:
        nas.thaw()
    one.until(lambda: states(one)["nas"] == "available", "the state")
    one.until(lambda: len([f for f in facts(one, SegmentClosed) if f.root == "nas"]) == 2,
              "the files that hung to be closed")  # fmt: skip
    one.until(lambda: lies_on(one, "nas"), "the return")
    assert_no_picture_is_missing(one, cameras)

    nas.make_read_only()
    one.until(lambda: lies_on(one, "local"), "the cameras to go on elsewhere")
    one.until(lambda: states(one)["nas"] == "read_only", "the state")
    assert "read-only" in one.ask("/health/ready")[1].decode()
    nas.close()
    nas.mount()
    one.until(lambda: states(one)["nas"] == "available", "the state")
    one.until(lambda: all_closed(one), "what was open at the fault to be measured")
    one.stop()
    code, report = one.check("--hash")
    assert (code, report["is_sound"]) == (0, True), report
    for gap in facts(one, GapEnded):
        assert gap.reason == "storage"
        assert gap.end_wall_us - gap.start_wall_us < 4_000_000
