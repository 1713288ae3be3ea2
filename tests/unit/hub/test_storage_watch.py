"""Roots as the hub sees them: real folders, real threads."""

import threading
import time

import pytest

from engine.base.clock import SystemClock
from engine.base.registry import MetricsRegistry
from engine.hub.storage_watch import StorageWatch
from engine.recording import root_board, root_look
from engine.recording.root_start import RootStart
from engine.recording.root_usage import UsageBook
from engine.recording.storage_root import IDENTITY_FILE, prepare_roots
from tests.support.patience import PATIENCE_S


@pytest.fixture
def watch(monkeypatch, tmp_path):
    """Makes watches that look every 20 ms; stopped at the end."""
    monkeypatch.setattr(root_board, "HUNG_NS", 200_000_000)
    made = []

    def make(*roots):
        facts = []
        registry = MetricsRegistry()
        one = StorageWatch(roots, tmp_path, SystemClock(), registry, facts.append, period_s=0.02)
        made.append(one)
        one.start()
        one.facts = facts
        return one, registry

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


def root(tmp_path, name, **more):
    start = RootStart(name=name, path=str(tmp_path / name), identity="", **more)
    return prepare_roots([start], tmp_path / f"{name}.json")[0]


def fault(one, index=0):
    return one.usages[index].fault if one.usages else None


def test_a_good_root_has_space_no_fault_metrics_and_is_no_news(watch, tmp_path):
    one, registry = watch(root(tmp_path, "main"))
    assert until(lambda: one.usages)
    (usage,) = one.usages
    assert (usage.name, usage.state, usage.fault) == ("main", "available", "")
    assert 0 < usage.free_bytes < usage.total_bytes
    assert until(lambda: b'surveillance_storage_free_bytes{root="main"} ' in registry.text())
    assert until(lambda: b'surveillance_storage_root_up{root="main"} 1.0' in registry.text())
    assert one.names == ("main",)
    assert one.facts == []


def test_an_unmounted_root_is_told_and_its_return_too(watch, tmp_path):
    start = root(tmp_path, "nas")
    path = tmp_path / "nas"
    one, registry = watch(start)
    assert until(lambda: fault(one) == "")
    mark = path / IDENTITY_FILE
    mark.rename(tmp_path / "away")
    assert until(lambda: "mounted" in fault(one))
    assert until(lambda: b'surveillance_storage_root_up{root="nas"} 0.0' in registry.text())
    (tmp_path / "away").rename(mark)
    assert until(lambda: fault(one) == "")
    path.rename(tmp_path / "gone")
    assert until(lambda: "nas" in fault(one))
    assert one.usages[0].free_bytes == 0
    assert until(lambda: len(one.facts) == 3)
    assert [(f.root, f.state) for f in one.facts] == [
        ("nas", "missing"), ("nas", "available"), ("nas", "missing"),
    ]  # fmt: skip
    assert "mounted" in one.facts[0].detail


def test_less_than_the_floor_is_a_fault_with_both_numbers(watch, tmp_path):
    one, _ = watch(root(tmp_path, "main", floor_free_bytes=2**60))
    assert until(lambda: fault(one))
    assert "below its floor of 1099511627776 MiB" in fault(one)
    assert "add a root" in fault(one)
    assert one.usages[0].state == "full"


def test_a_used_up_quota_is_told_to_people_and_to_the_workers(watch, tmp_path):
    one, _ = watch(root(tmp_path, "main", quota_bytes=1000), root(tmp_path, "other"))
    book = UsageBook(tmp_path, SystemClock())
    one.take_counts({"main": 400}, frozenset({"other"}))
    assert until(lambda: [u.state for u in one.usages] == ["available", "slow"])
    book.note("main", 50)
    assert book.usages()["main"] == 400, "what was written before the count is part of it"
    book.note("main", 50)
    assert book.usages()["main"] == 450
    one.take_counts({"main": 1000}, frozenset())
    assert until(lambda: [u.state for u in one.usages] == ["full", "available"])
    assert "quota" in fault(one)


def test_a_hung_root_is_told_and_does_not_hold_up_the_others(watch, tmp_path, monkeypatch):
    hung, fine = root(tmp_path, "hung"), root(tmp_path, "fine")
    released = threading.Event()
    real = root_look.shutil.disk_usage

    def slow_for_one(path):
        if path.name == "hung":
            released.wait(20)
        return real(path)

    monkeypatch.setattr(root_look.shutil, "disk_usage", slow_for_one)
    before = threading.active_count()
    one, _ = watch(hung, fine)
    try:
        assert until(lambda: one.usages and "does not answer" in fault(one))
        assert fault(one, 1) == ""
        time.sleep(0.3)
        # One look that hangs is enough: no pile of threads grows behind a dead server.
        assert threading.active_count() <= before + 3
    finally:
        released.set()
    assert until(lambda: fault(one) == "")


def test_roots_come_and_go_while_it_watches(watch, tmp_path):
    first, second = root(tmp_path, "first"), root(tmp_path, "second")
    one, registry = watch(first)
    assert until(lambda: b'{root="first"}' in registry.text())
    one.set_roots([second])
    assert until(lambda: [u.name for u in one.usages] == ["second"])
    assert until(lambda: b'{root="second"}' in registry.text())
    assert b'{root="first"}' not in registry.text()


def test_the_write_test_leaves_nothing_and_names_the_root_that_refuses(watch, tmp_path):
    none = RootStart(name="none", path=str(tmp_path / "none"), identity="x")
    one, _ = watch(root(tmp_path, "main"), none)
    assert one.write_test("main") == ""
    one.stop()
    assert [e.name for e in (tmp_path / "main").iterdir() if ".nvr-probe" not in e.name] == [
        IDENTITY_FILE
    ]
    assert one.write_test("none").startswith("storage root none: ")
