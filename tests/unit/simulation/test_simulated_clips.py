"""Clips: encoded as a camera would, made once, with the truth beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import PictureType

from engine.media.clip_encoder import ClipError, encode_clip, open_clip
from engine.media.errors import SourceError
from engine.simulation.catalogue import scene_by_name
from engine.simulation.clip_jobs import SimulationError
from engine.simulation.clips import Profile, prepare_clips, prepare_media_clips
from engine.simulation.scene import truth
from engine.simulation.truth_file import read_truth

_MAIN = Profile(320, 180, 10, 400)
_SUB = Profile(160, 90, 5, 100)


def _pictures(count: int, width: int = 64, height: int = 48) -> Iterator[np.ndarray]:
    for index in range(count):
        picture = np.full((height, width, 3), 60, np.uint8)
        picture[:, index % width : index % width + 8] = 200
        yield picture


def _packets(path: Path) -> list[av.Packet]:
    with av.open(str(path)) as container:
        return [packet for packet in container.demux(video=0) if packet.size]


def test_a_clip_has_a_fixed_rhythm_and_no_reordered_frames(tmp_path):
    path = tmp_path / "clip.mp4"
    count = encode_clip(path, _pictures(70), width=64, height=48, fps=15, bitrate_kbit=200)
    assert count == 70
    packets = _packets(path)
    assert [index for index, packet in enumerate(packets) if packet.is_keyframe] == [0, 30, 60]
    assert all(packet.pts == packet.dts for packet in packets)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.average_rate == 15
        assert float(stream.duration * stream.time_base) == pytest.approx(70 / 15)
        kinds = {PictureType(frame.pict_type).name for frame in container.decode(video=0)}
    assert kinds == {"I", "P"}


def test_i420_and_bgr_show_the_same(tmp_path):
    bgr = np.full((48, 64, 3), (40, 90, 200), np.uint8)
    planes = av.VideoFrame.from_ndarray(bgr, format="bgr24").to_ndarray(format="yuv420p")
    for name, picture in (("bgr", bgr), ("i420", planes)):
        path = tmp_path / f"{name}.mp4"
        encode_clip(path, [picture] * 3, width=64, height=48, fps=5, bitrate_kbit=500)
        with av.open(str(path)) as container:
            frame = next(container.decode(video=0)).to_ndarray(format="bgr24")
        assert np.abs(frame.astype(int) - bgr).mean() < 6, name


def test_an_interrupted_clip_leaves_nothing(tmp_path):
    def broken() -> Iterator[np.ndarray]:
        yield from _pictures(3)
        raise RuntimeError("the scene broke")

    with pytest.raises(RuntimeError, match="the scene broke"):
        encode_clip(tmp_path / "a.mp4", broken(), width=64, height=48, fps=5, bitrate_kbit=100)
    with pytest.raises(ClipError, match="no pictures"):
        encode_clip(tmp_path / "b.mp4", [], width=64, height=48, fps=5, bitrate_kbit=100)
    assert list(tmp_path.iterdir()) == []


def test_scenes_are_made_once_with_their_truth(tmp_path):
    told: list[tuple[int, int, str]] = []
    names = ["corridor", "motorway"]
    clips = prepare_clips(tmp_path, names, lambda *news: told.append(news), main=_MAIN, sub=_SUB)
    assert [clip.scene.name for clip in clips] == names
    assert sorted(done for done, _, _ in told) == [1, 2]
    for clip in clips:
        loop_s = clip.scene.loop_s
        main, sub = _packets(clip.main), _packets(clip.sub)
        assert (len(main), len(sub)) == (loop_s * 10, loop_s * 5)
        assert [n for n, packet in enumerate(main) if packet.is_keyframe] == list(
            range(0, loop_s * 10, 20)
        )
        header, frames = read_truth(clip.truth)
        assert (header.scene, header.loop_s, header.fps) == (clip.scene.name, loop_s, 10)
        assert len(frames) == loop_s * 10
        middle = frames[30]
        assert middle.t_s == 3.0
        assert middle.boxes == truth(scene_by_name(clip.scene.name), 3.0) != ()

    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    told.clear()
    assert prepare_clips(tmp_path, names, lambda *news: told.append(news), main=_MAIN, sub=_SUB)
    assert told == []
    clips[0].sub.unlink()
    prepare_clips(tmp_path, names, lambda *news: told.append(news), main=_MAIN, sub=_SUB)
    assert told == [(1, 1, "Corridor")]
    assert set(tmp_path.iterdir()) == set(stamps)
    assert clips[1].main.stat().st_mtime_ns == stamps[clips[1].main]


def test_real_clips_become_camera_like(tmp_path):
    media, folder = tmp_path / "media", tmp_path / "clips"
    source = media / "A walk.mp4"
    encode_clip(source, _pictures(37, 1600, 900), width=1600, height=900, fps=12, bitrate_kbit=2000)
    (clip,) = prepare_media_clips(folder, media, lambda *_: None)
    assert clip.name == "a-walk"
    # 37 pictures at 12 a second last 3.08 s, of which 3.0 are whole fifths.
    for path, size, fps in ((clip.main, (1280, 720), 25), (clip.sub, (640, 360), 15)):
        packets = _packets(path)
        assert len(packets) == 3 * fps
        assert [n for n, packet in enumerate(packets) if packet.is_keyframe] == [0, 2 * fps]
        assert all(packet.pts == packet.dts for packet in packets)
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            assert (stream.width, stream.height) == size

    stamp = clip.main.stat().st_mtime_ns
    assert prepare_media_clips(folder, media, lambda *_: None) == [clip]
    assert clip.main.stat().st_mtime_ns == stamp


def test_a_resampled_clip_keeps_its_time(tmp_path):
    path = tmp_path / "steps.mp4"
    # Four seconds, each a shade of its own.
    shades = [np.full((48, 64, 3), 40 + 50 * (n // 10), np.uint8) for n in range(40)]
    encode_clip(path, shades, width=64, height=48, fps=10, bitrate_kbit=500)
    pictures = list(open_clip(path, max_width=64).pictures(25))
    assert len(pictures) == 100
    levels = [float(picture[:48].mean()) for picture in pictures]
    jumps = [n for n in range(1, 100) if levels[n] - levels[n - 1] > 20]
    assert jumps == [25, 50, 75]


def test_what_is_no_clip_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(SimulationError, match="no clips"):
        prepare_media_clips(tmp_path, tmp_path, lambda *_: None)
    (tmp_path / "notes.mp4").write_bytes(b"this is no film" * 100)
    with pytest.raises(SourceError):
        open_clip(tmp_path / "notes.mp4", max_width=64)
    with pytest.raises(SimulationError, match=r"notes\.mp4"):
        prepare_media_clips(tmp_path / "out", tmp_path, lambda *_: None)
