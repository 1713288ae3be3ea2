"""The client on a real engine: found, lost, frozen, refused, and back by itself."""

from __future__ import annotations

import json
import os
import signal

import pytest

from ui.client.engine_client import EngineClient


class Heard:
    """A client and everything that it said."""

    def __init__(self, run_dir):
        self.client = EngineClient(run_dir)
        self.sentences, self.cameras, self.resyncs, self.not_found = [], {}, 0, 0
        self.lists = []
        self.client.connection_changed.connect(self.sentences.append)
        self.client.resynced.connect(self._resynced)
        self.client.cameras_changed.connect(self._take)
        self.client.not_found.connect(self._not_found)
        self.client.start()

    def _resynced(self):
        self.resyncs += 1
        self.cameras, self.lists = {}, []

    def _take(self, cameras):
        self.lists.append([status.camera_id for status in cameras])
        self.cameras |= {status.camera_id: status for status in cameras}

    def _not_found(self):
        self.not_found += 1

    @property
    def recording(self):
        return sum(status.recording for status in self.cameras.values())

    @property
    def is_back(self):
        return self.client.is_connected and self.recording == 2


@pytest.fixture
def listen(qtbot):
    made = []

    def begin(run_dir):
        made.append(Heard(run_dir))
        return made[-1]

    yield begin
    for heard in made:
        heard.client.stop()
        heard.client.deleteLater()


@pytest.fixture
def heard(qtbot, listen, own_engine):
    one = listen(own_engine.folder.run)
    qtbot.waitUntil(lambda: one.is_back)
    return one


def test_it_finds_the_engine_and_is_told_all_cameras_at_once(heard):
    assert heard.lists[0] == ["a", "b"]
    assert heard.sentences == [""]
    assert (heard.resyncs, heard.not_found) == (1, 0)
    assert heard.cameras["a"].name == "Door"
    assert heard.cameras["b"].location == "Yard"


def test_a_killed_hub_is_told_and_its_successor_found(qtbot, heard, own_engine):
    before = heard.client.endpoint.instance_id
    hub = own_engine.pid_of("hub")
    os.kill(hub, signal.SIGKILL)
    qtbot.waitUntil(lambda: not heard.client.is_connected)
    assert "next try in 0.5 s" in heard.sentences[1]
    qtbot.waitUntil(lambda: heard.is_back)
    assert heard.client.endpoint.instance_id != before
    assert heard.sentences[-1] == ""
    assert heard.resyncs == 2
    assert heard.lists[0] == ["a", "b"]
    assert heard.not_found == 0  # it had been there: nobody need start another


def test_a_frozen_hub_is_noticed_though_it_closes_nothing(qtbot, heard, own_engine):
    hub = own_engine.pid_of("hub")
    os.kill(hub, signal.SIGSTOP)
    try:
        qtbot.waitUntil(lambda: not heard.client.is_connected)
    finally:
        os.kill(hub, signal.SIGCONT)
    # The window's own finding: a hub that the supervisor had ended would have closed the line.
    assert "has not answered for" in heard.sentences[1]
    qtbot.waitUntil(lambda: heard.is_back)


def test_a_wrong_token_is_told_and_a_right_one_found(qtbot, listen, own_engine, tmp_path):
    right = (own_engine.folder.run / "endpoint.json").read_text()
    file = tmp_path / "endpoint.json"
    file.write_text(json.dumps(json.loads(right) | {"token": "x" * 43}))
    heard = listen(tmp_path)
    qtbot.waitUntil(lambda: len(heard.sentences) >= 2)
    assert heard.sentences[0].startswith("The engine refused the token of this data folder")
    assert (heard.resyncs, heard.not_found) == (0, 0)
    file.write_text(right)
    qtbot.waitUntil(lambda: heard.is_back)
    assert heard.sentences[-1] == ""


def test_no_engine_is_told_once_and_found_when_it_comes(qtbot, listen, own_engine, tmp_path):
    heard = listen(tmp_path)
    qtbot.waitUntil(lambda: len(heard.sentences) >= 3)
    assert heard.not_found == 1
    assert heard.sentences[0] == "No engine is running for this data folder; next try in 0.5 s"
    assert heard.sentences[1].endswith("next try in 1 s")
    (tmp_path / "endpoint.json").write_bytes((own_engine.folder.run / "endpoint.json").read_bytes())
    qtbot.waitUntil(lambda: heard.is_back)
    assert heard.not_found == 1


def test_a_half_written_endpoint_is_no_engine(qtbot, listen, tmp_path):
    (tmp_path / "endpoint.json").write_text('{"url": "http://127.0.0.1:80')
    heard = listen(tmp_path)
    qtbot.waitUntil(lambda: heard.not_found == 1)
    assert heard.sentences[0].startswith("No engine is running")


def test_an_address_where_nobody_listens_is_told(qtbot, listen, own_engine, tmp_path):
    right = json.loads((own_engine.folder.run / "endpoint.json").read_text())
    (tmp_path / "endpoint.json").write_text(json.dumps(right | {"url": "http://127.0.0.1:9"}))
    heard = listen(tmp_path)
    qtbot.waitUntil(lambda: heard.not_found == 1)
    assert heard.sentences[0].startswith(
        "The connection to http://127.0.0.1:9 was refused: no engine listens there; next try in"
    )


def test_stopping_twice_is_no_error_and_ends_the_search(qtbot, listen, tmp_path):
    heard = listen(tmp_path)
    qtbot.waitUntil(lambda: bool(heard.sentences))
    heard.client.stop()
    heard.client.stop()
    count = len(heard.sentences)
    qtbot.wait(1_200)
    assert len(heard.sentences) == count
