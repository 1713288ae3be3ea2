"""Parsers of a replay: what a camera may send, and whatever else may come."""

import base64
import contextlib
import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.media.replay.access_units import UnitAssembler
from engine.media.replay.digest import authorization, choose_challenge
from engine.media.replay.errors import ReplayError, ReplayRefusedError
from engine.media.replay.rtp import parse_rtp
from engine.media.replay.rtsp_wire import Interleaved, Message, RtspReader
from engine.media.replay.sdp import parse_sdp
from nvr_app.contract.config import Credentials
from tests.support.replay_packets import packets_of

T0 = 1_700_000_000_000_000


def taken(codec, packets):
    assembler = UnitAssembler(codec)
    units = [unit for data in packets for unit in assembler.take(parse_rtp(data))]
    return [*units, *assembler.flush()], assembler


def nal(codec, kind, size):
    head = bytes((kind << 1, 1)) if codec == "hevc" else bytes((0x60 | kind,))
    return head + bytes(n % 251 for n in range(max(size, 1)))


KEY = {"h264": 5, "hevc": 19}
OTHER = {"h264": 1, "hevc": 1}


@given(
    codec=st.sampled_from(["h264", "hevc"]),
    sizes=st.lists(st.lists(st.integers(1, 5_000), min_size=1, max_size=5), min_size=1, max_size=6),
    mtu=st.integers(100, 1_400),
    first_sequence=st.integers(0, 65_535),
)
def test_pictures_come_out_as_they_went_in_with_their_times(codec, sizes, mtu, first_sequence):
    pictures = [
        tuple(nal(codec, KEY[codec] if n == 0 else OTHER[codec], size) for size in one)
        for n, one in enumerate(sizes)
    ]
    times = [T0 + n * 40_000 for n in range(len(pictures))]
    packets = packets_of(codec, zip(times, pictures, strict=True), mtu, first_sequence)
    units, assembler = taken(codec, packets)
    assert [unit.nals for unit in units] == pictures
    assert [unit.is_keyframe for unit in units] == [n == 0 for n in range(len(pictures))]
    assert assembler.left_out == 0
    for unit, wall_us in zip(units, times, strict=True):
        assert abs(unit.mark.wall_us - wall_us) <= 1


@given(lost=st.integers(0, 60))
def test_a_lost_packet_costs_pictures_up_to_the_next_keyframe_and_no_other(lost):
    pictures = [(nal("h264", 5 if n % 4 == 0 else 1, 3_000),) for n in range(12)]
    packets = packets_of("h264", [(T0 + n * 40_000, p) for n, p in enumerate(pictures)], 1_000)
    del packets[lost % len(packets)]
    units, _ = taken("h264", packets)
    came = [round((unit.mark.wall_us - T0) / 40_000) for unit in units]
    assert all(unit.nals == pictures[n] for unit, n in zip(units, came, strict=True))
    groups = [[n for n in came if n // 4 == group] for group in range(3)]
    whole = [len(group) == 4 for group in groups]
    assert sum(whole) >= 2 - (lost % len(packets) == 0)
    assert all(group == list(range(4 * g, 4 * g + len(group))) for g, group in enumerate(groups))


@given(st.binary(max_size=2_000))
def test_any_bytes_are_a_packet_or_refused(data):
    try:
        packet = parse_rtp(data)
        list(UnitAssembler("h264").take(packet))
        list(UnitAssembler("hevc").take(packet))
    except ReplayError:
        pass


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_any_bytes_are_rtsp_or_refused(pieces):
    reader = RtspReader()
    try:
        for data in pieces:
            reader.feed(data)
            while reader.next() is not None:
                pass
    except ReplayError:
        pass


@given(cuts=st.lists(st.integers(0, 400), max_size=8))
def test_messages_and_packets_are_found_however_the_network_cuts_them(cuts):
    packet = b"$\x00\x00\x05\r\n\r\nx"
    stream = (
        packet + b"RTSP/1.0 200 OK\r\nCSeq: 7\r\nContent-Length: 4\r\n\r\nabcd"
        + packet + b"\r\nOPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n" + packet
    )  # fmt: skip
    edges = sorted({0, len(stream), *(cut % len(stream) for cut in cuts)})
    reader, found = RtspReader(), []
    for begin, end in itertools.pairwise(edges):
        reader.feed(stream[begin:end])
        while (piece := reader.next()) is not None:
            found.append(piece)
    assert [type(piece) for piece in found] == [
        Interleaved, Message, Interleaved, Message, Interleaved,
    ]  # fmt: skip
    assert (found[1].status, found[1].first("cseq"), found[1].body) == (200, "7", b"abcd")
    assert found[3].status == 0
    assert {piece.data for piece in found if isinstance(piece, Interleaved)} == {b"\r\n\r\nx"}


def test_a_head_without_end_and_a_picture_without_end_are_cut_short():
    reader = RtspReader()
    reader.feed(b"RTSP/1.0 200 OK\r\nX: " + b"a" * 20_000)
    with pytest.raises(ReplayError, match="does not speak RTSP"):
        reader.next()
    endless = packets_of("h264", [(T0, (b"\x65" + bytes(17 * 1024**2),))], 65_000)
    with pytest.raises(ReplayError, match="more than 16 MiB"):
        taken("h264", endless)


def test_pictures_without_times_are_refused():
    data = struct.pack(">BBHII", 0x80, 0x80 | 96, 1, 1, 1) + nal("h264", 5, 20)
    with pytest.raises(ReplayError, match="0xABAC"):
        taken("h264", [data])


SDP = "v=0\r\nm=audio 0 RTP/AVP 0\r\na=control:a\r\nm=video 0 RTP/AVP 98\r\n{}a=control:v\r\n"


@given(st.text(max_size=400))
def test_any_text_is_a_description_or_refused(text):
    for whole in (text, SDP.format(text)):
        with contextlib.suppress(ReplayError):
            parse_sdp(whole)


def test_the_video_of_a_description():
    sets = ",".join(base64.b64encode(one).decode() for one in (b"\x67sps", b"\x68pps"))
    lines = (
        f"a=rtpmap:98 H264/90000\r\na=fmtp:98 packetization-mode=1;sprop-parameter-sets={sets}\r\n"
    )
    found = parse_sdp(SDP.format(lines))
    assert (found.codec, found.payload_type, found.control) == ("h264", 98, "v")
    assert found.parameter_sets == (b"\x67sps", b"\x68pps")
    with pytest.raises(ReplayError, match="JPEG"):
        parse_sdp(SDP.format("a=rtpmap:26 JPEG/90000\r\n"))


def test_digest_answers_are_those_of_the_standard():
    """The examples of RFC 2617 (3.5) and RFC 7616 (3.9.1)."""
    offer = (
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    old = choose_challenge([offer])
    login = Credentials(user="Mufasa", password="Circle Of Life")
    line = authorization(old, login, "GET", "/dir/index.html", 1, "0a4f113b")
    assert 'response="6629fae49393a05397450978507c4ef1"' in line
    both = [
        f'Digest realm="http-auth@example.org", qop="auth", algorithm={name}, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"' for name in ("MD5", "SHA-256")
    ]  # fmt: skip
    login = Credentials(user="Mufasa", password="Circle of Life")
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    line = authorization(choose_challenge(both), login, "GET", "/dir/index.html", 1, cnonce)
    assert "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1" in line


def test_a_password_is_never_sent_in_clear():
    with pytest.raises(ReplayRefusedError, match="in clear"):
        choose_challenge(['Basic realm="camera"'])
