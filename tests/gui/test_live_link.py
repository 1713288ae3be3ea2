"""Packets of a main stream from a real engine, up to the wall's maximised tile."""

from __future__ import annotations

import os
import signal

import av
import msgspec
import pytest

from nvr_app.contract.live import MediaHeader, MediaPacket
from ui.client.engine_client import EngineClient


@pytest.fixture
def client(qtbot, own_engine):
    made = EngineClient(own_engine.folder.run)
    with qtbot.waitSignal(made.resynced):
        made.start()
    yield made
    made.stop()
    made.deleteLater()


def test_packets_begin_with_a_keyframe_and_decode(qtbot, client):
    arrived = []
    client.media_arrived.connect(lambda camera_id, media: arrived.append((camera_id, media)))
    client.watch_main("b")
    qtbot.waitUntil(lambda: len(arrived) > 45)
    client.release_main("b")
    assert {camera_id for camera_id, _ in arrived} == {"b"}
    header, first = arrived[0][1], arrived[1][1]
    assert isinstance(header, MediaHeader)
    assert isinstance(first, MediaPacket)
    assert first.is_keyframe
    decoder = av.CodecContext.create(header.codec, "r")
    decoder.extradata = header.extradata
    packets = [media for _, media in arrived[1:]]
    pictures = [picture for p in packets for picture in decoder.decode(av.Packet(p.data))]
    pictures += decoder.decode(None)
    assert len(pictures) == len(packets)
    count = len(arrived)
    qtbot.wait(300)
    assert len(arrived) == count  # released: nobody sends any more


def test_releasing_another_camera_changes_nothing(qtbot, client):
    arrived = []
    client.media_arrived.connect(lambda _, media: arrived.append(media))
    client.watch_main("a")
    client.release_main("b")
    qtbot.waitUntil(lambda: len(arrived) > 5)


def test_the_latest_camera_asked_for_is_the_only_one_sent(qtbot, client):
    arrived = []
    client.media_arrived.connect(lambda camera_id, _: arrived.append(camera_id))
    client.watch_main("a")
    client.watch_main("b")
    qtbot.waitUntil(lambda: len(arrived) > 30)
    assert set(arrived) == {"b"}


def test_a_camera_that_nobody_knows_is_asked_for_again_at_leisure(qtbot, client):
    tries = []
    client._live._retry.timeout.connect(lambda: tries.append(client._live._retry.interval()))
    client.watch_main("nobody")
    qtbot.waitUntil(lambda: len(tries) >= 2)
    assert set(tries) == {1_000}


def test_an_address_where_nobody_listens_is_tried_again_at_leisure(qtbot, client):
    tries = []
    client._live._retry.timeout.connect(lambda: tries.append(client._live._retry.interval()))
    nowhere = msgspec.structs.replace(client.endpoint, url="http://127.0.0.1:9")
    client._live.open(nowhere, "a")
    qtbot.waitUntil(lambda: len(tries) >= 2)
    assert set(tries) == {1_000}


def test_the_wall_shows_the_main_stream_of_a_maximised_tile(qtbot, own_engine, open_window):
    window = open_window(own_engine.folder.root)
    wall = window.wall
    qtbot.waitUntil(lambda: "a" in {place.camera_id for place in wall.places()})
    wall.maximise("a")
    qtbot.waitUntil(lambda: wall._tiles["a"].shows_main)
    scene = wall.shown_scene("a")
    assert scene is not None
    own = own_engine.pid_of("hub")
    os.kill(own, signal.SIGKILL)
    qtbot.waitUntil(lambda: not wall._tiles["a"].shows_main)
    qtbot.waitUntil(lambda: wall._tiles["a"].shows_main)
    wall.restore()
    assert not wall._tiles["a"].shows_main
