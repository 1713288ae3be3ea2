"""Raw devices are encoded once; telephone sound becomes AAC and never costs the picture."""

import io
import itertools
from fractions import Fraction

import av
import numpy as np
import pytest

from engine.media.device_source import open_device
from engine.media.errors import SourceError
from engine.media.segment_muxer import SegmentMuxer
from engine.media.source import ContainerSource, SourceSpec, open_source


def test_a_raw_device_becomes_h264_with_regular_keyframes():
    source = open_device("lavfi:testsrc2=size=320x180:rate=10")
    try:
        assert (source.info.codec, source.info.width, source.info.height) == ("h264", 320, 180)
        taken = []
        for packet in source.packets():
            taken.append(packet)
            if len(taken) == 45:
                break
    finally:
        source.close()
    keyframes = [n for n, packet in enumerate(taken) if packet.is_keyframe]
    assert keyframes == [0, 20, 40]
    steps = {b.pts_us - a.pts_us for a, b in itertools.pairwise(taken)}
    assert steps == {100_000}


def test_a_missing_device_is_named():
    with pytest.raises(SourceError, match="/dev/video99"):
        open_source(SourceSpec(kind="usb", url="/dev/video99"))


def g711_clip(path):
    """Three seconds of H.264 with G.711, in a container that can hold it."""
    with av.open(str(path), "w", format="nut") as out:
        video = out.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        video.codec_context.options = {"g": "10", "bf": "0", "tune": "zerolatency"}
        audio = out.add_stream("pcm_mulaw", rate=8000)
        audio.codec_context.layout = "mono"
        for n in range(30):
            picture = np.full((96, 160, 3), n * 8, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = n, Fraction(1, 10)
            out.mux(video.encode(frame))
            times = np.arange(800) + n * 800
            tone = (8000 * np.sin(times * 0.3)).astype(np.int16).reshape(1, -1)
            sound = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = 8000, n * 800, Fraction(1, 8000)
            out.mux(audio.encode(sound))
        out.mux(video.encode(None))
        out.mux(audio.encode(None))


def test_telephone_sound_is_recorded_as_aac_in_step_with_the_picture(tmp_path):
    g711_clip(tmp_path / "phone.nut")
    source = ContainerSource(str(tmp_path / "phone.nut"), av.open(str(tmp_path / "phone.nut")))
    assert source.info.audio_codec == "pcm_mulaw"
    written = io.BytesIO()
    muxer = SegmentMuxer(written.write, source.video, source.audio, fragment_s=0.5)
    for packet in source.packets():
        (muxer.mux_video if packet.is_video else muxer.mux_audio)(packet)
    muxer.finish()
    source.close()
    written.seek(0)
    with av.open(written) as recorded:
        sound = recorded.streams.audio[0]
        assert sound.codec_context.name == "aac"
        frames = list(recorded.decode(sound))
        length_s = frames[-1].time + frames[-1].samples / 8000 - frames[0].time
        assert 2.7 < length_s < 3.2
        # The tone survived: it is no silence.
        assert np.abs(frames[10].to_ndarray()).max() > 0.1
    written.seek(0)
    with av.open(written) as recorded:
        assert len([p for p in recorded.demux(video=0) if p.size]) == 30
