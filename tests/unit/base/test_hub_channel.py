"""A worker's last words: they are heard before it hangs up."""

import socket
import struct
import threading
import time

import msgspec
import pytest

from engine.base.clock import SystemClock
from engine.base.hub_channel import HubChannel
from engine.base.spool import Spool
from nvr_app.contract import wire
from nvr_app.contract.endpoint import ChannelEndpoint
from nvr_app.contract.events import SystemNoted


class SlowHub:
    """Acknowledges each batch of facts a moment after it came."""

    def __init__(self, run_dir):
        self._server = socket.create_server(("127.0.0.1", 0))
        port = self._server.getsockname()[1]
        endpoint = ChannelEndpoint(port=port, token="t", instance_id="i")
        (run_dir / "channel.json").write_bytes(msgspec.json.encode(endpoint))
        self.heard = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        connection, _ = self._server.accept()
        with connection, connection.makefile("rb") as reader:
            while head := reader.read(4):
                message = wire.decode_from_worker(reader.read(struct.unpack(">I", head)[0]))
                if isinstance(message, wire.Hello):
                    connection.sendall(wire.frame(wire.Accepted(instance_id="i", last_number=0)))
                elif isinstance(message, wire.Facts):
                    time.sleep(0.3)
                    self.heard += [one.number for one in message.facts]
                    connection.sendall(wire.frame(wire.Ack(number=self.heard[-1])))

    def close(self):
        self._server.close()
        self._thread.join(30)


def note(text):
    return SystemNoted(wall_us=1, source="test", severity="info", text=text)


@pytest.fixture
def hub(tmp_path):
    made = SlowHub(tmp_path)
    yield made
    made.close()


def test_a_worker_that_leaves_waits_until_its_last_facts_are_journalled(tmp_path, hub):
    spool = Spool(tmp_path / "a.spool")
    spool.start()
    channel = HubChannel("a", "camera", tmp_path, spool, SystemClock(), lambda _: b"")
    channel.start()
    spool.append(note("first"))
    while not channel.is_connected:
        time.sleep(0.01)
    spool.append(note("last"))
    channel.stop()
    channel.join(60)
    assert spool.backlog == 0
    assert hub.heard == [1, 2]
    spool.close()


def test_a_worker_without_a_hub_leaves_at_once_and_keeps_its_facts(tmp_path):
    spool = Spool(tmp_path / "a.spool")
    spool.start()
    channel = HubChannel("a", "camera", tmp_path, spool, SystemClock(), lambda _: b"")
    channel.start()
    spool.append(note("kept"))
    channel.stop()
    channel.join(60)
    assert spool.backlog == 1
    spool.close()
