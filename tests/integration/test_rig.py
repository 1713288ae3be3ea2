"""The rig itself: what it is trusted with in other tests and in benchmarks."""

from __future__ import annotations

import json
import time

import av
import pytest

from benchmarks.rig.clips import ClipSpec, camera_clip
from benchmarks.rig.proxy import FaultProxy, RtpTap
from benchmarks.rig.server import RtspServer, rig_missing

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


def packets(url, count, **options):
    """(PTS, bytes, arrival) of the first video packets."""
    with av.open(url, options={"rtsp_transport": "tcp", "timeout": "2000000"} | options) as one:
        found = []
        for packet in one.demux(video=0):
            found.append((packet.pts, bytes(packet), time.monotonic()))
            if len(found) == count:
                break
        return found


def test_streams_are_paced_like_a_camera(small):
    with RtspServer() as server:
        found = packets(server.add("/a", small), 60)
    late = found[30:]
    rate = (len(late) - 1) / (late[-1][2] - late[0][2])
    assert rate == pytest.approx(15, rel=0.08)


def test_the_account_names_every_unit_that_was_sent(small, folder):
    account = folder / "account.jsonl"
    with RtspServer() as server:
        found = packets(server.add("/a", small, account=account), 40)
        server.flush()
    import hashlib

    sent = [json.loads(line)[2] for line in account.read_text().splitlines()]
    known = {digest for units in sent for digest in units}
    for _, data, _ in found:
        units = [piece.rstrip(b"\0") for piece in data.split(b"\0\0\1") if piece.strip(b"\0")]
        assert units
        for unit in units:
            assert hashlib.blake2b(unit, digest_size=16).hexdigest() in known


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
        with av.open(url, options={"rtsp_transport": "tcp", "timeout": "700000"}) as one:
            stream = one.demux(video=0)
            next(stream)
            proxy.set_mode(mode)
            started = time.monotonic()
            with pytest.raises(av.error.TimeoutError):
                list(stream)
            assert 0.6 < time.monotonic() - started < 3
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
