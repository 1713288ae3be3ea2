"""The WebSockets on a real engine: notices in their order, live packets that decode, slow desks."""

import contextlib
import itertools
import socket
import time

import av
import httpx
import msgspec
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from nvr_app.contract.config import CameraSettings
from nvr_app.contract.events import MotionEnded, SystemNoted
from nvr_app.contract.live import AnyMedia, MediaHeader, MediaPacket
from nvr_app.contract.notices import (
    AnyNotice,
    CamerasChanged,
    FactNoted,
    ModelChanged,
    Welcome,
)
from nvr_app.contract.wire import PROTOCOL
from tests.support.engine_process import Engine
from tests.support.patience import BUSY, PATIENCE_S

decode_notice = msgspec.json.Decoder(AnyNotice).decode
decode_media = msgspec.msgpack.Decoder(AnyMedia).decode


@pytest.fixture(scope="module")
def moving_clip(tmp_path_factory):
    """Two seconds of a still scene, then two seconds in which a bright block crosses it."""
    import numpy as np

    path = tmp_path_factory.mktemp("moving") / "moving.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=15)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.options = {"bf": "0", "g": "15", "sc_threshold": "0", "preset": "ultrafast"}
        for index in range(90):
            picture = np.full((270, 320), 128, np.uint8)
            picture[:180] = 90
            if index >= 60:
                left = 8 * (index - 60)
                picture[60:120, left : left + 40] = 220
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def one(tmp_path_factory, clip, moving_clip):
    """Camera `a` shows a clip and may be paused; `m` moves now and then."""
    engine = Engine(
        tmp_path_factory.mktemp("notices") / "data",
        [
            CameraSettings(id="a", kind="sim", main=str(clip), sub=str(clip), motion=False),
            CameraSettings(id="m", kind="sim", main=str(moving_clip), sub=str(moving_clip)),
        ],
    )
    try:
        engine.start()
        engine.until(lambda: engine.recording() == 2, "both cameras to record")
        yield engine
    finally:
        engine.close()


@contextlib.contextmanager
def listening(one, path, **options):
    with connect(
        one.endpoint.url.replace("http", "ws", 1) + path,
        additional_headers={"Authorization": f"Bearer {one.endpoint.token}"},
        proxy=None, compression=None, close_timeout=1, **options,
    ) as web_socket:  # fmt: skip
        yield web_socket


def notices(web_socket, limit_s):
    """Notices as they come, for so long."""
    deadline_s = time.monotonic() + limit_s
    with contextlib.suppress(TimeoutError):
        while True:
            yield decode_notice(web_socket.recv(timeout=max(deadline_s - time.monotonic(), 0)))


def await_notice(web_socket, is_wanted, what, limit_s=PATIENCE_S):
    for notice in notices(web_socket, limit_s):
        if is_wanted(notice):
            return notice
    raise AssertionError(f"no notice within {limit_s:g} s: {what}")


def status_in(notice, camera_id):
    if isinstance(notice, CamerasChanged):
        for status in notice.cameras:
            if status.camera_id == camera_id:
                return status.status
    return None


def test_a_desk_is_welcomed_and_told_everything_first(one):
    with listening(one, "/api/v1/notices") as desk:
        welcome, cameras, model = (decode_notice(desk.recv(timeout=PATIENCE_S)) for _ in range(3))
    endpoint = one.endpoint
    assert welcome == Welcome(
        protocol=PROTOCOL, instance_id=endpoint.instance_id, version=endpoint.version
    )
    assert isinstance(cameras, CamerasChanged)
    assert [status.camera_id for status in cameras.cameras] == ["a", "m"]
    assert all(status.status == "active" and status.recording for status in cameras.cameras)
    assert isinstance(model, ModelChanged)
    assert model.model.state == "disabled"


def test_a_pause_and_a_resume_are_told_to_every_desk(one):
    with contextlib.ExitStack() as stack:
        desks = [stack.enter_context(listening(one, "/api/v1/notices")) for _ in range(2)]
        for desk in desks:
            await_notice(desk, lambda n: status_in(n, "a") == "active", "the first state")
        try:
            asked_s = time.monotonic()
            assert one.ask("/api/v1/cameras/a/pause", "POST")[0] == 200
            for desk in desks:
                told = await_notice(desk, lambda n: status_in(n, "a") == "paused", "the pause")
                assert [s.recording for s in told.cameras if s.camera_id == "a"] == [False]
            assert time.monotonic() - asked_s < 5 * BUSY
        finally:
            assert one.ask("/api/v1/cameras/a/resume", "POST")[0] == 200
        for desk in desks:
            await_notice(desk, lambda n: status_in(n, "a") == "active", "the return")
    one.until(lambda: one.recording() == 2, "both to record again")


def test_what_an_admin_did_is_a_fact_with_its_journal_number(one):
    with listening(one, "/api/v1/notices") as desk:
        await_notice(desk, lambda n: isinstance(n, CamerasChanged), "the first state")
        try:
            one.ask("/api/v1/cameras/a/pause", "POST")
            noted = await_notice(
                desk,
                lambda n: isinstance(n, FactNoted) and isinstance(n.fact, SystemNoted),
                "the note",
            )
        finally:
            one.ask("/api/v1/cameras/a/resume", "POST")
        assert noted.fact.camera_id == "a"
        assert noted.fact.source == "api"
        later = await_notice(
            desk,
            lambda n: isinstance(n, FactNoted) and isinstance(n.fact, SystemNoted),
            "the second note",
        )
        assert later.seq > noted.seq > 0
    one.until(lambda: one.recording() == 2, "both to record again")


def test_motion_is_told_at_once_and_found_in_the_index_under_the_same_id(one):
    with listening(one, "/api/v1/notices") as desk:
        noted = await_notice(
            desk,
            lambda n: isinstance(n, FactNoted) and isinstance(n.fact, MotionEnded),
            "motion of camera m",
        )
    fact = noted.fact
    assert fact.camera_id == "m"
    assert fact.end_wall_us > fact.start_wall_us
    assert 0.004 < fact.peak <= 1

    def found():
        page = one.json("/api/v1/events?camera_id=m&kind=motion")
        return [event for event in page["events"] if event["event_id"] == fact.event_id]

    one.until(found, "the event in the index")
    (event,) = found()
    assert (event["start_wall_us"], event["end_wall_us"]) == (fact.start_wall_us, fact.end_wall_us)
    assert (event["site"], event["node"]) == ("works", "box1")
    detail = one.json(f"/api/v1/events/{fact.event_id}")
    assert detail["event"] == event
    assert one.json("/api/v1/events?camera_id=a&kind=motion")["events"] == []


@pytest.mark.parametrize("role", ["main", "sub"])
def test_live_starts_with_the_format_and_a_keyframe_and_decodes(one, role):
    with listening(one, f"/api/v1/live?camera_id=a&role={role}", max_size=None) as desk:
        asked_s = time.monotonic()
        header = decode_media(desk.recv(timeout=PATIENCE_S))
        first = decode_media(desk.recv(timeout=PATIENCE_S))
        # It starts from the buffered GOP: nobody waits for the next keyframe.
        assert time.monotonic() - asked_s < 3 * BUSY
        packets = [first]
        while len(packets) < 45:
            media = decode_media(desk.recv(timeout=PATIENCE_S))
            assert isinstance(media, MediaPacket)
            packets.append(media)
    assert isinstance(header, MediaHeader)
    assert (header.camera_id, header.role, header.codec) == ("a", role, "h264")
    assert (header.width, header.height) == (320, 180)
    assert first.is_keyframe
    assert not packets[-1].buffered
    live = [packet.buffered for packet in packets]
    assert live == sorted(live, reverse=True)  # the buffered ones come first, then none
    stamps = [packet.pts_us for packet in packets]
    assert stamps == sorted(set(stamps))
    assert abs(packets[-1].wall_us - time.time_ns() // 1000) < 5_000_000 * BUSY
    decoder = av.CodecContext.create(header.codec, "r")
    decoder.extradata = header.extradata
    pictures = []
    for packet in packets:
        pictures += decoder.decode(av.Packet(packet.data))
    pictures += decoder.decode(None)
    assert len(pictures) == len(packets)
    assert {(picture.width, picture.height) for picture in pictures} == {(320, 180)}
    grey = pictures[-1].to_ndarray(format="gray")
    assert int(grey.max()) - int(grey.min()) > 150  # the clip's ramp, no grey mush


@pytest.mark.parametrize(
    ("query", "code", "word"),
    [
        ("camera_id=nobody", 1013, "not connected"),
        ("camera_id=a&role=middle", 1003, "main or sub"),
    ],
)
def test_live_of_what_is_not_there_ends_with_a_sentence(one, query, code, word):
    with listening(one, f"/api/v1/live?{query}") as desk:
        with pytest.raises(ConnectionClosed) as closed:
            desk.recv(timeout=PATIENCE_S)
        assert closed.value.rcvd.code == code
        assert word in closed.value.rcvd.reason


def test_a_desk_that_reads_nothing_hurts_no_other(one):
    """Its socket takes a few kB and then stands still, while the others keep their pace."""
    with contextlib.ExitStack() as stack:
        for path in ("/api/v1/notices", *["/api/v1/live?camera_id=a&role=main"] * 3):
            stack.enter_context(stuck(one, path))
        fast = stack.enter_context(
            listening(one, "/api/v1/live?camera_id=a&role=main", max_size=None)
        )
        desk = stack.enter_context(listening(one, "/api/v1/notices"))
        time.sleep(2)
        received = []
        while len(received) < 100:
            media = decode_media(fast.recv(timeout=PATIENCE_S))
            if isinstance(media, MediaPacket) and not media.buffered:
                received.append(media)
        steps_us = {b.pts_us - a.pts_us for a, b in itertools.pairwise(received)}
        assert max(steps_us) < 50_000, "packets of thirty a second are missing"
        # What comes is new: nothing has piled up before those who do read.
        assert time.time_ns() // 1000 - received[-1].wall_us < 2_000_000 * BUSY
        await_notice(desk, lambda n: status_in(n, "a") == "active", "a state")
        asked_s = time.monotonic()
        assert one.ask("/health/ready")[0] == 200
        assert time.monotonic() - asked_s < 2 * BUSY
        assert one.recording() == 2


def test_desks_that_left_are_no_longer_counted(one):
    def counted():
        text = one.ask("/metrics")[1].decode()
        (line,) = [row for row in text.splitlines() if row.startswith("surveillance_desks_conn")]
        return float(line.split()[1])

    one.until(lambda: counted() == 0, "no desk at first")
    with listening(one, "/api/v1/notices"), listening(one, "/api/v1/notices") as second:
        second.recv(timeout=PATIENCE_S)
        one.until(lambda: counted() == 2, "both desks")
    one.until(lambda: counted() == 0, "both to have left")


@contextlib.contextmanager
def stuck(one, path):
    """A WebSocket whose reader sleeps: a handshake by hand, a small buffer, and no more reading."""
    url = httpx.URL(one.endpoint.url)
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.settimeout(PATIENCE_S)
        raw.connect((url.host, url.port))
        raw.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {url.host}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Authorization: Bearer {one.endpoint.token}\r\n\r\n".encode()
        )
        assert raw.recv(12) == b"HTTP/1.1 101"
        yield
