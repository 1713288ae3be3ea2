"""The rig itself: what it is trusted with in other tests and in benchmarks."""

from __future__ import annotations

import contextlib
import hashlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

import av
import psutil
import pytest

from benchmarks.rig.clips import ClipSpec, camera_clip, joined_clip, main_and_sub
from benchmarks.rig.proxy import FaultProxy, RtpTap
from benchmarks.rig.server import RtspServer, rig_missing
from tests.support.patience import BUSY, PATIENCE_S

pytestmark = [
    pytest.mark.rtsp,
    pytest.mark.skipif(rig_missing() is not None, reason=str(rig_missing())),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("rig")


@pytest.fixture(scope="module")
def small(folder):
    return camera_clip(
        ClipSpec(width=320, height=180, fps=15, bitrate_kbit=300, gop_s=1, seconds=30), folder
    )


def watch(url, **options):
    """A client; over TCP unless told otherwise."""
    # Without the last it looks at two seconds of stream before it begins.
    given = {"rtsp_transport": "tcp", "timeout": "20000000", "analyzeduration": "200000"}
    return av.open(url, options=given | options)


def packets(url, count, **options):
    """(PTS, bytes, arrival) of the first video packets."""
    with watch(url, **options) as one:
        found = []
        for packet in one.demux(video=0):
            found.append((packet.pts, bytes(packet), time.monotonic()))
            if len(found) == count:
                break
        return found


def test_streams_are_paced_like_a_camera(small):
    with RtspServer() as server:
        found = packets(server.add("/a", small), 75)
    # The first come in a burst: the server fills its queues while the client introduces itself.
    late = found[25:]
    rate = (len(late) - 1) / (late[-1][2] - late[0][2])
    assert rate == pytest.approx(15, rel=0.2)


def units_of(data):
    """Digests of the NAL units of one access unit as it came over RTP."""
    units = [piece.rstrip(b"\0") for piece in data.split(b"\0\0\1")]
    return [hashlib.blake2b(unit, digest_size=16).hexdigest() for unit in units if unit]


@pytest.mark.parametrize("codec", ["h264", "h265", "mjpeg"])
def test_the_account_is_what_the_client_received(codec, folder):
    account = folder / f"{codec}.jsonl"
    # RTP carries JPEG in steps of eight lines (RFC 2435).
    clip = camera_clip(
        ClipSpec(width=320, height=176, fps=15, bitrate_kbit=300, gop_s=1, seconds=10, codec=codec),
        folder,
    )
    with RtspServer() as server:
        found = packets(server.add("/a", clip, codec=codec, account=account), 25)
        server.flush()
    rows = [json.loads(line) for line in account.read_text().splitlines()]
    if codec == "mjpeg":  # the tables of a JPEG travel apart: the coded picture is what must agree
        assert len(rows) >= 25
        assert all(len(row[2]) == 1 for row in rows)
    else:
        received = [units_of(data) for _, data, _ in found]
        sent = [row[2] for row in rows]
        assert received in [sent[at : at + 25] for at in range(len(sent) - 24)]
    assert [row[0] for row in rows] == sorted({row[0] for row in rows})
    for _, wall_ns, _, mono_ns, last_wall_ns, last_mono_ns in rows[:-1]:
        assert 0 <= last_mono_ns - mono_ns < 2_000_000_000 * BUSY
        assert last_wall_ns - wall_ns == pytest.approx(
            last_mono_ns - mono_ns, abs=50_000_000 * BUSY
        )


@pytest.mark.parametrize("digest", [False, True])
def test_logins_are_asked_for(small, digest):
    with RtspServer({"guard": "right"}, digest=digest) as server:
        url = server.add("/a", small)
        for login in ("guard:wrong@", ""):
            with pytest.raises(av.error.HTTPUnauthorizedError):
                packets(url.replace("//", f"//{login}"), 1)
        assert len(packets(url.replace("//", "//guard:right@"), 3)) == 3


@pytest.mark.parametrize("mode", ["stall", "silent"])
def test_a_stalled_line_brings_nothing(small, mode):
    with RtspServer() as server, FaultProxy("127.0.0.1", server.port) as proxy:
        url = proxy.url_through(server.add("/a", small))
        with watch(url, timeout="1500000") as one:
            stream = one.demux(video=0)
            next(stream)
            proxy.set_mode(mode)
            started = time.monotonic()
            with pytest.raises(av.error.TimeoutError):
                list(stream)
            assert 1.3 < time.monotonic() - started < 1.5 * BUSY
        with pytest.raises(av.error.FFmpegError):
            packets(url, 1, timeout="500000")


def test_refuse_and_accept_again(small):
    with RtspServer() as server, FaultProxy("127.0.0.1", server.port) as proxy:
        url = proxy.url_through(server.add("/a", small))
        assert len(packets(url, 2)) == 2
        proxy.refuse()
        with pytest.raises(av.error.ConnectionRefusedError):
            packets(url, 1)
        proxy.accept()
        assert len(packets(url, 2)) == 2
        assert proxy.accepted == 2


def test_reset_is_seen_at_once_and_another_server_can_take_over(small):
    with (
        RtspServer() as server,
        RtspServer() as heir,
        FaultProxy("127.0.0.1", server.port) as proxy,
    ):
        heir.add("/b", small)
        url = proxy.url_through(server.add("/a", small))
        with watch(url) as one:
            stream = one.demux(video=0)
            next(stream)
            proxy.set_target("127.0.0.1", heir.port)
            proxy.reset_all()
            started = time.monotonic()
            with contextlib.suppress(av.error.FFmpegError):
                list(stream)
            assert time.monotonic() - started < 1 * BUSY
        assert proxy.connections() == 0
        assert len(packets(url.replace("/a", "/b"), 2)) == 2


def test_a_slow_line_brings_no_more_than_it_can(small):
    with RtspServer() as server, FaultProxy("127.0.0.1", server.port) as proxy:
        url = proxy.url_through(server.add("/a", small))
        with watch(url) as one:
            stream = one.demux(video=0)
            next(stream)
            proxy.slow(10_000)
            before, began = proxy.passed_bytes, time.monotonic()
            while time.monotonic() - began < 2:
                next(stream)
            passed, took_s = proxy.passed_bytes - before, time.monotonic() - began
    assert 0.3 < passed / (10_000 * took_s) < 1.3


def test_a_client_that_reads_nothing_does_not_hold_up_the_others():
    flood = bytes(16 << 20)  # more than both sockets on the way hold
    with (
        socket.create_server(("127.0.0.1", 0)) as source,
        FaultProxy("127.0.0.1", source.getsockname()[1]) as proxy,
        contextlib.ExitStack() as stack,
    ):

        def pour():
            with source.accept()[0] as one, contextlib.suppress(OSError):
                one.sendall(flood)

        for _ in range(2):
            one = threading.Thread(target=pour, daemon=True)
            one.start()
            stack.callback(one.join, 5)
        with socket.create_connection(("127.0.0.1", proxy.port)) as idle:
            idle.settimeout(PATIENCE_S)
            assert idle.recv(1)
            time.sleep(0.3)
            with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_S) as busy:
                taken = 0
                while data := busy.recv(1 << 18):
                    taken += len(data)
            assert taken == len(flood)
            assert proxy.passed_bytes < 2 * len(flood)


def test_the_tap_sees_the_last_packet_of_every_picture(small):
    ends = []
    with (
        RtspServer() as server,
        FaultProxy("127.0.0.1", server.port, lambda: RtpTap(ends)) as proxy,
    ):
        found = packets(proxy.url_through(server.add("/a", small)), 30)
    sent = [timestamp for timestamp, _ in ends]
    steps = [pts - found[9][0] for pts, _, _ in found[9:]]
    assert steps == [(stamp - sent[9]) % 2**32 for stamp in sent[9 : len(found)]]


def test_udp_and_tls(small):
    with RtspServer() as server:
        assert len(packets(server.add("/a", small, udp=True), 5, rtsp_transport="udp")) == 5
    with RtspServer(tls=True) as server:
        assert len(packets(server.add("/a", small), 5)) == 5


def sizes(url, count, **options):
    """Width of so many decoded pictures."""
    with watch(url, **options) as one:
        found = []
        for frame in one.decode(video=0):
            found.append(frame.width)
            if len(found) == count:
                break
        return found


def test_a_stream_that_changes_its_size_on_the_way(small, folder):
    spec = ClipSpec(width=320, height=180, fps=15, bitrate_kbit=300, gop_s=1, seconds=2)
    large = ClipSpec(width=480, height=272, fps=15, bitrate_kbit=300, gop_s=1, seconds=4)
    both = joined_clip(
        camera_clip(spec, folder), camera_clip(large, folder), 15, folder / "joined.mp4"
    )
    with RtspServer() as server:
        widths = sizes(server.add("/a", both), 38)
    assert widths == sorted(widths)
    assert set(widths) == {320, 480}


def test_another_clip_for_whoever_comes_next_and_a_mount_that_is_gone(small, folder):
    large = camera_clip(
        ClipSpec(width=480, height=272, fps=15, bitrate_kbit=300, gop_s=1, seconds=4), folder
    )
    with RtspServer() as server:
        url = server.add("/a", small)
        with watch(url) as one:
            stream = one.demux(video=0)
            next(stream)
            server.add("/a", large)
            server.stop_stream("/a")
            started = time.monotonic()
            with contextlib.suppress(av.error.FFmpegError):
                list(stream)
            assert time.monotonic() - started < 2 * BUSY
        assert set(sizes(url, 3)) == {480}
        server.remove("/a")
        with pytest.raises(av.error.HTTPNotFoundError):
            packets(url, 1)


def test_sound_of_both_kinds(folder):
    for audio, name in (("aac", "aac"), ("pcma", "pcm_alaw")):
        clip = camera_clip(
            ClipSpec(width=160, height=96, fps=15, bitrate_kbit=100, seconds=6, audio=audio), folder
        )
        with RtspServer() as server:
            url = server.add("/a", clip, audio=audio)
            with watch(url) as one:
                (sound,) = one.streams.audio
                assert sound.codec_context.name == name
                assert next(one.decode(sound)).samples > 0


def test_clips_are_made_once_and_as_asked(folder, monkeypatch):
    monkeypatch.setattr("benchmarks.rig.clips.cache_folder", lambda: folder / "cache")
    main, sub = main_and_sub(None, seconds=2)
    made = main.stat().st_mtime_ns
    assert main_and_sub(None, seconds=2) == (main, sub)
    assert main.stat().st_mtime_ns == made
    assert sorted((folder / "cache").iterdir()) == sorted([main, sub])
    for path, size, fps, kbit in ((main, (1920, 1080), 30, 4000), (sub, (640, 360), 15, 512)):
        with av.open(str(path)) as one:
            stream = one.streams.video[0]
            assert (stream.width, stream.height) == size
            assert stream.average_rate == fps
            found = [packet for packet in one.demux(stream) if packet.size]
        assert len(found) == 2 * fps
        assert [packet.pts for packet in found] == [packet.dts for packet in found]
        assert [at for at, packet in enumerate(found) if packet.is_keyframe] == [0]
        assert 0.5 * kbit < sum(packet.size for packet in found) * 8 / 2000 < 1.5 * kbit


def test_the_server_goes_when_its_owner_dies(small):
    code = (
        "import os, sys; from benchmarks.rig.server import RtspServer\n"
        "server = RtspServer(); server.start()\n"
        "print(server.port, flush=True); os.kill(os.getpid(), 9)"
    )
    owner = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=False)
    port = int(owner.stdout)
    assert owner.returncode == -signal.SIGKILL
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and listens(port):
        time.sleep(0.1)
    assert not listens(port)


def listens(port):
    return any(
        one.laddr.port == port and one.status == psutil.CONN_LISTEN
        for one in psutil.net_connections("tcp")
    )


def test_disconnect_all(small):
    with RtspServer() as server:
        url = server.add("/a", small)
        assert urlsplit(url).port == server.port
        with watch(url) as one:
            stream = one.demux(video=0)
            next(stream)
            assert server.clients() == 1
            server.disconnect_all()
            started = time.monotonic()
            with contextlib.suppress(av.error.FFmpegError):
                list(stream)
            assert time.monotonic() - started < 2 * BUSY
        assert server.clients() == 0
        assert server.cpu_seconds() > 0
