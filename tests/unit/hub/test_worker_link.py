import asyncio

import pytest

from engine.hub import worker_link
from engine.hub.worker_link import Relay, WorkerLink, WorkerUnavailableError
from nvr_app.contract import wire
from nvr_app.contract.commands import PauseCamera, StartRelay, StopRelay
from nvr_app.contract.live import MediaHeader, MediaPacket

HEADER = MediaHeader(camera_id="a", role="main", codec="h264", width=1, height=1, extradata=b"")
HELLO = wire.Hello(
    protocol=wire.PROTOCOL, producer="camera-a", role="camera", session="s", token="t"
)


class Wire:
    """The writing side of a socket; what was written can be read as messages."""

    def __init__(self):
        self.is_closed = False
        self.sent = []

    def write(self, data):
        assert wire.body_length(data[:4]) == len(data) - 4
        self.sent.append(wire.decode_from_hub(data[4:]))

    def is_closing(self):
        return self.is_closed

    def close(self):
        self.is_closed = True


def packet(number, *, key=False, audio=False):
    return MediaPacket(pts_us=number, wall_us=number, is_keyframe=key, data=b"x", is_audio=audio)


def waiting(relay):
    found = []
    while not relay.queue.empty():
        found.append(relay.queue.get_nowait())
    return found


def test_a_desk_that_reads_gets_everything_in_order():
    relay = Relay(1)
    sent = [HEADER, packet(0, key=True), packet(1), packet(2, audio=True), packet(3, key=True)]
    for media in sent:
        relay.offer(media)
    assert waiting(relay) == sent


def test_a_slow_desk_skips_to_the_next_keyframe_of_the_picture(monkeypatch):
    monkeypatch.setattr(worker_link, "_RELAY_QUEUE", 3)
    relay = Relay(1)
    for number in range(6):
        relay.offer(packet(number, key=number == 0))
    assert [media.pts_us for media in waiting(relay)] == [0, 1, 2]
    # It has caught up, but a picture without its reference would be mush: neither those nor
    # the sound, whose packets are all "keyframes", end the skipping.
    relay.offer(packet(6))
    relay.offer(packet(7, key=True, audio=True))
    assert waiting(relay) == []
    relay.offer(packet(8, key=True))
    relay.offer(packet(9))
    assert [media.pts_us for media in waiting(relay)] == [8, 9]


def test_a_keyframe_does_not_help_while_the_queue_is_full(monkeypatch):
    monkeypatch.setattr(worker_link, "_RELAY_QUEUE", 3)
    relay = Relay(1)
    for number in range(50):
        relay.offer(packet(number, key=True))
    assert len(waiting(relay)) == 3


def test_a_new_format_passes_even_a_full_queue(monkeypatch):
    monkeypatch.setattr(worker_link, "_RELAY_QUEUE", 1)
    relay = Relay(1)
    for number in range(4):
        relay.offer(packet(number, key=True))
    relay.offer(HEADER)
    assert waiting(relay)[-1] == HEADER


def with_link(check):
    """Run an async check with a link whose worker is the test."""

    async def run():
        to_worker = Wire()
        await check(WorkerLink(HELLO, to_worker), to_worker)

    asyncio.run(run())


def pause(request_id):
    return PauseCamera(request_id=request_id, camera_id="a")


async def asked(to_worker, count=1):
    """The commands that the worker has received, once there are so many."""
    for _ in range(100):
        if len(to_worker.sent) >= count:
            break
        await asyncio.sleep(0)
    return [message.command for message in to_worker.sent]


def test_answers_find_their_questions_in_any_order():
    async def check(link, to_worker):
        questions = [asyncio.ensure_future(link.ask(pause, 5)) for _ in range(2)]
        first, second = await asked(to_worker, 2)
        assert first.request_id != second.request_id
        link.take_reply(wire.Reply(request_id=second.request_id, payload=b"two"))
        link.take_reply(wire.Reply(request_id=first.request_id, payload=b"one"))
        link.take_reply(wire.Reply(request_id=first.request_id, payload=b"again"))
        assert await asyncio.gather(*questions) == [b"one", b"two"]

    with_link(check)


def test_a_no_is_the_workers_own_sentence_and_silence_is_ours():
    async def check(link, to_worker):
        question = asyncio.ensure_future(link.ask(pause, 5))
        (command,) = await asked(to_worker)
        link.take_reply(wire.Reply(request_id=command.request_id, error="no picture yet"))
        with pytest.raises(WorkerUnavailableError, match="no picture yet"):
            await question
        with pytest.raises(WorkerUnavailableError, match=r"camera-a did not answer within 0\.01 s"):
            await link.ask(pause, 0.01)
        late = to_worker.sent[-1].command.request_id
        link.take_reply(wire.Reply(request_id=late, payload=b"too late"))

    with_link(check)


def test_a_broken_connection_tells_everyone_who_waits_on_it():
    async def check(link, to_worker):
        relaying = asyncio.ensure_future(link.open_relay("a", "main"))
        (start,) = await asked(to_worker)
        link.take_reply(wire.Reply(request_id=start.request_id))
        relay = await relaying
        question = asyncio.ensure_future(link.ask(pause, 5))
        await asked(to_worker, 2)
        link.close()
        with pytest.raises(WorkerUnavailableError, match="broke"):
            await question
        assert waiting(relay) == [None]
        assert to_worker.is_closed
        link.send(wire.Ack(number=1))
        assert len(to_worker.sent) == 2

    with_link(check)


def test_packets_go_to_their_own_relay_until_it_is_closed():
    async def check(link, to_worker):
        relays = []
        for role in ("main", "sub"):
            opening = asyncio.ensure_future(link.open_relay("a", role))
            command = (await asked(to_worker, len(relays) + 1))[-1]
            assert isinstance(command, StartRelay)
            assert command.role == role
            link.take_reply(wire.Reply(request_id=command.request_id))
            relays.append(await opening)
        main, sub = relays
        link.take_relayed(wire.Relayed(relay_id=main.relay_id, media=packet(1)))
        link.take_relayed(wire.Relayed(relay_id=sub.relay_id, media=packet(2)))
        link.take_relayed(wire.Relayed(relay_id=10**9, media=packet(3)))
        assert [media.pts_us for media in waiting(main)] == [1]
        assert [media.pts_us for media in waiting(sub)] == [2]
        link.close_relay(main)
        link.close_relay(main)
        stops = [m.command for m in to_worker.sent if isinstance(m.command, StopRelay)]
        assert [stop.relay_id for stop in stops] == [main.relay_id]
        link.take_relayed(wire.Relayed(relay_id=main.relay_id, media=packet(4)))
        assert waiting(main) == []

    with_link(check)


def test_a_refused_relay_leaves_nothing_behind():
    async def check(link, to_worker):
        opening = asyncio.ensure_future(link.open_relay("a", "main"))
        (start,) = await asked(to_worker)
        link.take_reply(wire.Reply(request_id=start.request_id, error="not connected"))
        with pytest.raises(WorkerUnavailableError):
            await opening
        link.take_relayed(wire.Relayed(relay_id=start.relay_id, media=packet(1)))
        link.close()
        assert link._relays == {}

    with_link(check)
