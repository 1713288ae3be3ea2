"""The main stream's decoder, on streams encoded here: newest wins, errors are counted."""

from __future__ import annotations

import gc
import time
from fractions import Fraction

import av
import numpy as np
import pytest

from nvr_app.contract.live import MediaHeader, MediaPacket
from ui.live.main_stream import MainStream
from ui.live.media import Converter, PacketDecoder

OPTIONS = {
    "libx264": {"preset": "ultrafast", "tune": "zerolatency", "g": "10", "forced-idr": "1"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:bframes=0:keyint=10"},
    "mjpeg": {},
}
NAMES = {"libx264": "h264", "libx265": "hevc", "mjpeg": "mjpeg"}


def encode(codec="libx264", count=20, size=(320, 180), with_extradata=False):
    """A header and packets whose pictures grow brighter: luma 40 + 8 a picture."""
    context = av.CodecContext.create(codec, "w")
    context.width, context.height = size
    context.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    context.time_base, context.framerate = Fraction(1, 10), Fraction(10)
    context.options = OPTIONS[codec]
    if with_extradata:
        context.flags |= av.codec.context.Flags.global_header
    packets = []
    for index in range(count):
        luma = np.full((size[1] * 3 // 2, size[0]), 128, np.uint8)
        luma[: size[1]] = 40 + 8 * index
        frame = av.VideoFrame.from_ndarray(luma, format="yuv420p")
        if codec == "mjpeg":
            frame = frame.reformat(format="yuvj420p")
        frame.pts = index
        packets += context.encode(frame)
    packets += context.encode(None)
    header = MediaHeader(
        camera_id="c1",
        role="main",
        codec=NAMES[codec],
        width=size[0],
        height=size[1],
        extradata=bytes(context.extradata or b"") if with_extradata else b"",
    )
    return header, [
        MediaPacket(
            pts_us=packet.pts * 100_000,
            wall_us=1_700_000_000_000_000 + packet.pts * 100_000,
            is_keyframe=packet.is_keyframe,
            data=bytes(packet),
        )
        for packet in packets
    ]


def as_buffered(packets):
    return [
        MediaPacket(
            pts_us=packet.pts_us,
            wall_us=packet.wall_us,
            is_keyframe=packet.is_keyframe,
            data=packet.data,
            buffered=True,
        )
        for packet in packets
    ]


@pytest.fixture
def stream(qapp):
    made = MainStream("c1")
    yield made
    made.stop()


def feed_all(stream, media):
    for item in media:
        stream.feed(item, time.monotonic_ns())


def newest_at(qtbot, stream, pts_us):
    """Take pictures until the one of that time is the newest."""
    taken = []

    def has_come():
        picture = stream.take()
        if picture is not None:
            taken.append(picture)
        return bool(taken) and taken[-1].frame.pts == pts_us

    qtbot.waitUntil(has_come)
    return taken


@pytest.mark.parametrize("codec", sorted(OPTIONS))
@pytest.mark.parametrize("with_extradata", [False, True])
def test_every_codec_comes_out_with_its_own_packet(codec, with_extradata):
    header, packets = encode(codec, with_extradata=with_extradata)
    decoder = PacketDecoder(header)
    for packet in packets:
        pictures = [frame.pts for frame in decoder.decode(packet)]
        assert pictures == [packet.pts_us]
    assert decoder.errors == 0


def test_the_picture_bears_the_arrival_of_its_packet(qtbot, stream):
    header, packets = encode(count=3)
    stream.start()
    feed_all(stream, [header, *packets])
    last = newest_at(qtbot, stream, packets[-1].pts_us)[-1]
    assert last.arrival.wall_us == packets[-1].wall_us
    image = Converter().convert(last.frame, 160, 90).image
    expected = round((40 + 8 * 2 - 16) * 255 / 219)
    assert image.pixelColor(80, 45).green() == pytest.approx(expected, abs=4)


def test_of_a_buffered_gop_only_the_last_picture_is_shown(qtbot, stream):
    header, packets = encode(count=10)
    feed_all(stream, [header, *as_buffered(packets)])  # all waiting before the thread starts
    with qtbot.waitSignal(stream.picture_ready):
        stream.start()
    taken = newest_at(qtbot, stream, packets[-1].pts_us)
    assert [picture.frame.pts for picture in taken] == [packets[-1].pts_us]


def test_nothing_is_decoded_before_a_keyframe(qtbot, stream):
    header, packets = encode(count=20)
    assert [index for index, packet in enumerate(packets) if packet.is_keyframe] == [0, 10]
    stream.start()
    feed_all(stream, [header, *packets[3:]])
    newest_at(qtbot, stream, packets[-1].pts_us)
    assert stream.skipped == 7
    assert stream.decoder_errors == 0


def test_damage_is_counted_and_the_stream_goes_on(qtbot, stream):
    header, packets = encode(count=20)
    broken = MediaPacket(pts_us=1, wall_us=1, is_keyframe=True, data=b"\0\0\0\1\x65" + b"\xff" * 9)
    stream.start()
    feed_all(stream, [header, broken, *packets])
    newest_at(qtbot, stream, packets[-1].pts_us)
    assert stream.decoder_errors >= 1


def test_a_new_header_means_a_new_decoder(qtbot, stream):
    first, first_packets = encode("libx264", count=5)
    second, second_packets = encode("libx265", count=7, size=(192, 108))
    stream.start()
    feed_all(stream, [first, *first_packets, second, *second_packets])
    last = newest_at(qtbot, stream, second_packets[-1].pts_us)[-1]
    assert (last.frame.width, last.frame.height) == (192, 108)


def test_an_unknown_codec_is_an_error_and_the_next_header_helps(qtbot, stream, caplog):
    header, packets = encode(count=3)
    odd = MediaHeader(camera_id="c1", role="main", codec="odd", width=1, height=1, extradata=b"")
    stream.start()
    feed_all(stream, [odd, *packets, header, *packets])
    newest_at(qtbot, stream, packets[-1].pts_us)
    assert stream.decoder_errors == 1
    assert "cannot decode 'odd'" in caplog.text


def test_sound_is_left_alone(qtbot, stream):
    header, packets = encode(count=2)
    sound = MediaPacket(pts_us=0, wall_us=0, is_keyframe=True, data=b"sound", is_audio=True)
    stream.start()
    feed_all(stream, [header, sound, packets[0], sound, packets[1]])
    newest_at(qtbot, stream, packets[1].pts_us)
    assert stream.decoder_errors == 0


def test_a_decoder_that_falls_behind_goes_on_at_a_keyframe(qtbot, stream):
    header, packets = encode(count=10)
    feed_all(stream, [header] + packets * 11)  # nobody decodes yet
    assert 0 < stream.skipped <= 110
    stream.start()
    newest_at(qtbot, stream, packets[-1].pts_us)
    assert stream.decoder_errors == 0


def test_an_audio_codec_is_refused_in_a_sentence():
    header = MediaHeader(camera_id="c", role="main", codec="aac", width=0, height=0, extradata=b"")
    with pytest.raises(ValueError, match="'aac' is no video codec"):
        PacketDecoder(header)


def test_stopping_twice_or_before_the_start_is_no_error(qapp):
    stream = MainStream("c1")
    stream.stop()
    stream.start()
    stream.stop()
    stream.stop()
    assert not stream.is_running


def test_a_forgotten_stream_ends_its_thread(qtbot):
    stream = MainStream("c1")
    stream.start()
    thread = stream._thread
    del stream
    gc.collect()
    thread.join(5)
    assert not thread.is_alive()
