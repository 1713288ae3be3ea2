"""The supervisor with real children: small ones, that do one thing wrong each."""

import sys
import textwrap
import threading
import time

import pytest

from engine.supervisor import supervisor as module
from engine.supervisor.log_file import LogFile
from engine.supervisor.supervisor import Supervisor
from engine.supervisor.table import ProcessRow
from tests.support.patience import PATIENCE_S

GOOD = """
    import json, sys, threading, time
    def beat():
        while True:
            print(json.dumps({"type": "heartbeat"}), flush=True)
            time.sleep(0.05)
    threading.Thread(target=beat, daemon=True).start()
    for line in sys.stdin:
        if json.loads(line).get("type") == "stop":
            break
"""
MUTE = """
    import json, sys
    for line in sys.stdin:
        if json.loads(line).get("type") == "stop":
            break
"""
DEAF = """
    import time
    print('{"type": "heartbeat"}', flush=True)
    time.sleep(600)
"""


class Site:
    """A supervisor in a thread, on rows of (name, phase, program, more)."""

    def __init__(self, folder):
        self.rows = ()
        self.programs = {}
        self.log = LogFile(folder / "log", echo=False)
        self.supervisor = Supervisor(
            lambda: self.rows,
            lambda row: [sys.executable, "-c", textwrap.dedent(self.programs[row.name])],
            folder,
            self.log,
            lambda: None,
        )
        self.thread = threading.Thread(target=self.supervisor.run)

    def add(self, name, program, *, phase=1, role="camera", message=None, **limits):
        limits = {"heartbeat_limit_s": PATIENCE_S, "memory_limit_bytes": 1 << 40} | limits
        self.programs[name] = program
        row = ProcessRow(
            name=name, role=role, phase=phase, start_message=lambda: message or {}, **limits
        )
        self.rows = (*self.rows, row)

    def states(self):
        rows = self.supervisor._rows(time.monotonic())
        return {row["name"]: (row["state"], row["restarts"]) for row in rows}

    def until(self, condition):
        deadline = time.monotonic() + PATIENCE_S
        while not condition(self.states()):
            assert time.monotonic() < deadline, self.states()
            time.sleep(0.02)

    def close(self):
        self.supervisor.request_stop()
        self.thread.join(PATIENCE_S)
        self.log.close()
        assert not self.thread.is_alive()


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_TICK_S", 0.05)
    monkeypatch.setattr(module, "_NEWS_S", 0.1)
    monkeypatch.setattr(module, "_STOP_LIMIT_S", 2.0)
    made = Site(tmp_path)
    yield made
    made.close()


def test_a_phase_waits_for_the_first_heartbeat_of_the_earlier_one(site, monkeypatch):
    monkeypatch.setattr(module, "_PHASE_PATIENCE_S", PATIENCE_S)
    site.add("first", GOOD.replace("beat():", "beat():\n        time.sleep(1)"), phase=1)
    site.add("second", GOOD, phase=2)
    site.thread.start()
    seen = []
    site.until(lambda now: seen.append(now) or now.get("second", ("", 0))[0] == "running")
    starting = [now for now in seen if now.get("first", ("", 0))[0] == "starting"]
    assert starting
    assert all(now["second"][0] == "waiting" for now in starting)


def test_a_phase_does_not_wait_long_for_a_slow_one(site, monkeypatch):
    monkeypatch.setattr(module, "_PHASE_PATIENCE_S", 0.5)
    site.add("first", MUTE, phase=1)
    site.add("second", GOOD, phase=2)
    site.thread.start()
    site.until(lambda now: now.get("second", ("", 0))[0] == "running")
    assert site.states()["first"] == ("starting", 0)


def test_a_child_above_its_memory_ceiling_is_started_anew(site):
    site.add("fat", GOOD, memory_limit_bytes=1)
    site.add("lean", GOOD)
    site.thread.start()
    site.until(lambda now: now.get("fat", ("", 0))[1] >= 1)
    assert site.states()["lean"] == ("running", 0)


def test_a_child_that_reads_nothing_is_ended_though_much_is_told_to_it(site):
    """More waits for it than its pipe holds."""
    site.add("hub", DEAF, role="hub", message={"much": "x" * 1_000_000}, heartbeat_limit_s=1.0)
    site.add("camera", GOOD)
    site.thread.start()
    site.until(lambda now: now.get("camera", ("", 0))[0] == "running")
    site.supervisor.request_reload()
    site.until(lambda now: now["hub"][1] >= 1)
    assert site.states()["camera"] == ("running", 0)
