"""Encoding anew: the same pictures at the same times, or an error and an untouched original."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engine.media.errors import SourceError
from engine.media.reencoder import EncodeTarget, ReencodeError, encode_anew
from engine.media.same_footage import read_times, require_same_footage

HEVC = EncodeTarget(codec="hevc", crf=32, preset="ultrafast")
AV1 = EncodeTarget(codec="av1", crf=50, preset="12")
BASE = Fraction(1, 90_000)


def nothing():
    return None


def restless(path, *, pictures=50, first_tick=0):
    """A camera's segment with an unsteady clock, noise to save on, and sound."""
    dice = random.Random(7)
    noise = np.random.default_rng(7)
    with av.open(str(path), "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=15)
        video.width, video.height, video.pix_fmt = 192, 108, "yuv420p"
        video.codec_context.time_base = BASE
        video.options = {"bf": "0", "g": "30", "preset": "ultrafast", "crf": "12"}
        audio = container.add_stream("aac", rate=8000)
        audio.codec_context.layout = "mono"
        at = first_tick
        for index in range(pictures):
            picture = np.full((162, 192), 128, np.uint8)
            picture[:108] = noise.integers(90, 140, (108, 192)) + index
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = at, BASE
            container.mux(video.encode(frame))
            at += 6_000 + dice.randint(-2_000, 2_000)
        container.mux(video.encode(None))
        for n in range(3):
            tone = np.sin(np.arange(8000) / 3)[None, :].astype(np.float32) * 0.1
            sound = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = 8000, n * 8000, Fraction(1, 8000)
            container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    return path


def sound_of(path):
    with av.open(str(path)) as container:
        return [bytes(p) for p in container.demux(container.streams.audio[0]) if p.size]


def is_reordered(path):
    """Whether readers of boxes, who know no edit lists, would show pictures late."""
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(container.streams.video[0]) if p.size]
    return b"elst" in path.read_bytes() or any(p.pts != p.dts for p in packets)


@pytest.mark.parametrize("wanted", [HEVC, AV1], ids=["hevc", "av1"])
def test_times_pictures_and_sound_are_kept_and_the_file_is_smaller(tmp_path, wanted):
    source, target = restless(tmp_path / "a.mp4"), tmp_path / "b.mp4"
    paced = []
    assert encode_anew(source, target, wanted, lambda: paced.append(1)) == 50 == len(paced)
    before, after = read_times(source, pace=None), read_times(target, pace=nothing)
    assert after.codec == wanted.codec
    assert after.decoded == 50
    assert after.times_us == before.times_us
    assert len(set(np.diff(before.times_us))) > 10, "the source's rhythm is no test"
    assert after.longest_group_us <= 2_500_000
    sound = sound_of(target)
    assert sound == sound_of(source)[-len(sound) :]
    assert len(sound_of(source)) - len(sound) <= 1  # the codec's run-up, before the first picture
    assert not is_reordered(target)
    assert target.stat().st_size < source.stat().st_size * 0.8
    require_same_footage(source, target, wanted, nothing)


def test_the_structure_is_the_recorders(tmp_path):
    source, target = restless(tmp_path / "a.mp4"), tmp_path / "b.mp4"
    encode_anew(source, target, HEVC, nothing)
    data = target.read_bytes()
    assert data.index(b"moov") < data.index(b"moof")
    assert data.count(b"moof") >= 6  # half a second each, over 3.3 s


def beginnings(path):
    """When each stream begins, in s."""
    first = {}
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.size:
                at = float(packet.pts * packet.time_base)
                first[packet.stream.type] = min(at, first.get(packet.stream.type, 99.0))
    return first


def test_a_segment_that_begins_late_begins_at_nought_with_its_sound_in_step(tmp_path):
    source, target = restless(tmp_path / "a.mp4", first_tick=45_000), tmp_path / "b.mp4"
    encode_anew(source, target, HEVC, nothing)
    before, after = beginnings(source), beginnings(target)
    assert before["video"] == 0.5
    assert after["video"] == 0
    assert 0 <= after["audio"] < 0.13, "what came before the picture is left out"
    require_same_footage(source, target, HEVC, nothing)


def test_a_cut_or_altered_result_is_refused(tmp_path):
    source = restless(tmp_path / "a.mp4")
    other = restless(tmp_path / "other.mp4", pictures=49)
    short = tmp_path / "short.mp4"
    encode_anew(other, short, HEVC, nothing)
    with pytest.raises(ReencodeError, match="49 pictures came out of 50"):
        require_same_footage(source, short, HEVC, nothing)
    damaged = tmp_path / "damaged.mp4"
    encode_anew(source, damaged, HEVC, nothing)
    data = bytearray(damaged.read_bytes())
    begin = len(data) // 3
    data[begin : begin + len(data) // 4] = bytes(len(data) // 4)
    damaged.write_bytes(data)
    with pytest.raises(ReencodeError):
        require_same_footage(source, damaged, HEVC, nothing)


def test_a_source_that_is_no_video_or_broken_is_an_error(tmp_path):
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(b"no video at all" * 100)
    with pytest.raises(ReencodeError, match="the original is kept"):
        encode_anew(junk, tmp_path / "b.mp4", HEVC, nothing)
    with pytest.raises(SourceError):
        read_times(junk, pace=None)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_disk_that_fails_is_no_fault_of_the_footage(tmp_path):
    source = restless(tmp_path / "a.mp4")
    with pytest.raises(FileNotFoundError):
        encode_anew(source, tmp_path / "gone" / "b.mp4", HEVC, nothing)
    with pytest.raises(OSError, match=r"while encoding a\.mp4"):
        # Where every write says that the disk is full.
        encode_anew(source, Path("/dev/full"), HEVC, nothing)
    with pytest.raises(OSError, match=r"b\.mp4"):
        require_same_footage(source, tmp_path / "b.mp4", HEVC, nothing)


def test_what_the_pace_raises_comes_through(tmp_path):
    class StopError(Exception):
        pass

    def stop():
        raise StopError

    with pytest.raises(StopError):
        encode_anew(restless(tmp_path / "a.mp4"), tmp_path / "b.mp4", HEVC, stop)
