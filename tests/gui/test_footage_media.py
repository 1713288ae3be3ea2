"""Footage of every codec taken apart by its boxes and decoded, whole, from the middle, damaged."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from engine.media.segment_muxer import SegmentMuxer
from engine.media.source import SourcePacket
from engine.playback.fragment_index import FragmentScan
from ui.live.footage_media import (
    SOUND_BYTES_PER_S,
    FootageDecoder,
    SoundDecoder,
    UndecodableError,
    read_head,
    units_of,
)

FRAMES, FPS, GOP = 60, 30, 20
FRAGMENTED = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "500000",
}  # fmt: skip
ENCODERS = {
    "libx264": {"bf": "0", "g": str(GOP), "sc_threshold": "0", "preset": "ultrafast"},
    "libx265": {"preset": "ultrafast", "x265-params":
                f"keyint={GOP}:min-keyint={GOP}:bframes=0:scenecut=0:log-level=none"},
    "libsvtav1": {"preset": "12", "g": str(GOP), "svtav1-params": "pred-struct=1:lookahead=0"},
    "mjpeg": {},
}  # fmt: skip


def encoded(codec, *, sound=False):
    """A segment as the engine writes it: (bytes, its index)."""
    raw = io.BytesIO()
    # The engine encodes AV1 itself, when footage ages; no camera's AV1 is copied.
    is_copied = codec != "libsvtav1"
    container = (
        av.open(raw, "w", format="matroska")
        if is_copied
        else av.open(raw, "w", format="mp4", options=FRAGMENTED)
    )
    with container:
        stream = container.add_stream(codec, rate=FPS, options=dict(ENCODERS[codec]))
        stream.width, stream.height = 192, 128
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        audio = container.add_stream("aac", rate=48_000, layout="mono") if sound else None
        for index in range(FRAMES):
            picture = np.full((192, 192), 128, np.uint8)
            picture[:128] = 16 + 3 * index
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
            if audio is not None:
                container.mux(audio.encode(tone(index)))
        container.mux(stream.encode(None))
        if audio is not None:
            container.mux(audio.encode(None))
    return muxed(raw) if is_copied else indexed(raw.getvalue())


def tone(index):
    at = (np.arange(1_600) + index * 1_600) / 48_000
    samples = (np.sin(2 * np.pi * 1_000 * at) * 0.5).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(samples[None, :], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 48_000, index * 1_600, Fraction(1, 48_000)
    return frame


def muxed(raw):
    out = io.BytesIO()
    raw.seek(0)
    with av.open(raw) as container:
        video = container.streams.video[0]
        audio = container.streams.audio[0] if container.streams.audio else None
        muxer = SegmentMuxer(out.write, video, audio, fragment_s=0.5)
        for packet in container.demux(*filter(None, (video, audio))):
            if not packet.size:
                continue
            if packet.stream is video:
                muxer.mux_video(SourcePacket(packet, True, packet.is_keyframe, 0))
            else:
                muxer.mux_audio(SourcePacket(packet, False, True, 0))
        muxer.finish()
    return indexed(out.getvalue())


def indexed(data):
    scan = FragmentScan()
    scan.scan(lambda offset, size: data[offset : offset + size], len(data))
    return data, scan


def decoded(decoder, units):
    return [f for unit in units for f in decoder.decode(unit)] + decoder.drain()


def grey(frame):
    return int(frame.to_ndarray(format="gray")[60, 90])


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("codec", list(ENCODERS))
def test_pictures_come_whole_in_order_and_bear_their_time(codec, threads):
    data, scan = encoded(codec)
    head = read_head(data[: scan.init_size])
    units = units_of(data[scan.init_size :], head, "video")
    assert len(units) == FRAMES
    decoder = FootageDecoder(head.video, threads)
    frames = decoded(decoder, units)
    assert decoder.damaged == 0
    assert [round(frame.pts * FPS / 1e6) for frame in frames] == list(range(FRAMES))
    for index in (0, 17, 40, 59):
        assert abs(grey(frames[index]) - grey(frames[0]) - 3 * index * 255 / 219) < 16
    # Again from the middle: what was fed before leaves no trace.
    keyed = [n for n, unit in enumerate(units) if unit.is_keyframe and n >= GOP]
    again = decoded(decoder, units[keyed[0] :])
    assert [frame.pts for frame in again] == [frame.pts for frame in frames[keyed[0] :]]


def test_a_damaged_picture_is_counted_and_the_next_keyframe_is_whole_again():
    data, scan = encoded("libx264")
    victim = scan.fragments[1]
    hurt = bytearray(data)
    hurt[victim.offset + 400 : victim.offset + victim.size_bytes] = bytes(victim.size_bytes - 400)
    head = read_head(data[: scan.init_size])
    decoder = FootageDecoder(head.video, 1)
    frames = decoded(decoder, units_of(bytes(hurt[scan.init_size :]), head, "video"))
    assert decoder.damaged > 0
    last = frames[-1]
    assert round(last.pts * FPS / 1e6) == FRAMES - 1
    assert abs(grey(last) - 16 - 3 * (FRAMES - 1)) < 30


def test_sound_is_decoded_beside_the_picture():
    data, scan = encoded("libx264", sound=True)
    head = read_head(data[: scan.init_size])
    assert head.audio is not None
    assert len(units_of(data[scan.init_size :], head, "video")) == FRAMES
    decoder = SoundDecoder(head.audio)
    pcm = b"".join(decoder.decode(u) for u in units_of(data[scan.init_size :], head, "audio"))
    assert abs(len(pcm) / SOUND_BYTES_PER_S - FRAMES / FPS) < 0.1
    left = np.frombuffer(pcm, np.int16)[::2][24_000:72_000].astype(float)
    loudest = np.argmax(np.abs(np.fft.rfft(left))) * 48_000 / len(left)
    assert abs(loudest - 1_000) < 5


@pytest.mark.parametrize("head", [b"", b"\0" * 500, b"\xff" * 500])
def test_a_head_that_is_none_says_so(head):
    with pytest.raises(UndecodableError):
        read_head(head)
