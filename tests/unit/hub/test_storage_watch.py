import threading
import time

import pytest

from engine.base.registry import MetricsRegistry
from engine.hub import storage_watch
from engine.hub.storage_watch import StorageWatch
from engine.recording.storage_root import IDENTITY_FILE, prepare_roots
from tests.support.patience import PATIENCE_S


@pytest.fixture
def watch(monkeypatch):
    """Makes watches that look every 20 ms; stopped at the end."""
    monkeypatch.setattr(storage_watch, "_PERIOD_S", 0.02)
    made = []

    def make(roots, floor=0):
        registry = MetricsRegistry()
        made.append(StorageWatch(roots, floor, registry))
        made[-1].start()
        return made[-1], registry

    yield make
    for one in made:
        one.stop()


def until(condition, limit_s=PATIENCE_S):
    deadline_s = time.monotonic() + limit_s
    while time.monotonic() < deadline_s:
        if condition():
            return True
        time.sleep(0.01)
    return False


def root(tmp_path, name):
    (prepared,) = prepare_roots({name: tmp_path / name}, tmp_path / f"{name}.json")
    return prepared.path


def fault(one, index=0):
    return one.usages[index].fault if one.usages else None


def test_a_good_root_has_space_no_fault_and_a_metric(watch, tmp_path):
    one, registry = watch({"main": root(tmp_path, "main")})
    assert until(lambda: one.usages)
    (usage,) = one.usages
    assert (usage.name, usage.fault) == ("main", "")
    assert 0 < usage.free_bytes < usage.total_bytes
    assert until(lambda: b'surveillance_storage_free_bytes{root="main"} ' in registry.text())
    assert one.names == ("main",)


def test_an_unmounted_root_is_told_and_its_return_too(watch, tmp_path):
    path = root(tmp_path, "nas")
    one, _ = watch({"nas": path})
    assert until(lambda: fault(one) == "")
    mark = path / IDENTITY_FILE
    mark.rename(tmp_path / "away")
    assert until(lambda: "mounted" in fault(one))
    (tmp_path / "away").rename(mark)
    assert until(lambda: fault(one) == "")
    path.rename(tmp_path / "gone")
    assert until(lambda: "nas" in fault(one))
    assert one.usages[0].free_bytes == 0


def test_less_than_the_floor_is_a_fault_with_both_numbers(watch, tmp_path):
    one, _ = watch({"main": root(tmp_path, "main")}, floor=2**60)
    assert until(lambda: one.usages)
    assert "less than its floor of 1099511627776 MiB" in fault(one)
    assert "add a root" in fault(one)


def test_a_hung_root_is_told_and_does_not_hold_up_the_others(watch, tmp_path, monkeypatch):
    hung, fine = root(tmp_path, "hung"), root(tmp_path, "fine")
    released = threading.Event()
    real = storage_watch.shutil.disk_usage

    def slow_for_one(path):
        if path == hung:
            released.wait(PATIENCE_S)
        return real(path)

    monkeypatch.setattr(storage_watch.shutil, "disk_usage", slow_for_one)
    before = threading.active_count()
    one, _ = watch({"hung": hung, "fine": fine})
    try:
        assert until(lambda: [usage.name for usage in one.usages] == ["hung", "fine"])
        assert "does not answer" in fault(one)
        assert fault(one, 1) == ""
        time.sleep(0.3)
        # One look that hangs is enough: no pile of threads grows behind a dead server.
        assert threading.active_count() <= before + 3
    finally:
        released.set()
    assert until(lambda: fault(one) == "")


def test_the_write_test_leaves_nothing_and_names_the_root_that_refuses(watch, tmp_path):
    path = root(tmp_path, "main")
    one, _ = watch({"main": path, "none": tmp_path / "none"})
    assert one.write_test("main") == ""
    assert [entry.name for entry in path.iterdir()] == [IDENTITY_FILE]
    assert one.write_test("none").startswith("storage root none: ")
