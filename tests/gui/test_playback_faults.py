"""Looking back at what is not as it should be: gaps, damaged files, no loudspeaker."""

import time
from fractions import Fraction

import av
import numpy as np
import pytest

from nvr_app.contract.config import CameraSettings
from nvr_app.contract.endpoint import read_endpoint
from tests.support.engine_process import Engine
from ui.live.footage_media import SOUND_BYTES_PER_S
from ui.playback.goal import LaneKind
from ui.playback.player import Player
from ui.playback.sound_track import SoundTrack
from ui.playback.speaker import Speaker

pytestmark = pytest.mark.timeout(120)


def sounding_clip(path, clip):
    """The clip with a tone of 1 kHz beside it."""
    with av.open(str(clip)) as source, av.open(str(path), "w") as out:
        video = source.streams.video[0]
        copied = out.add_stream_from_template(video)
        audio = out.add_stream("aac", rate=48_000, layout="mono")
        for packet in source.demux(video):
            if packet.size:
                packet.stream = copied
                out.mux(packet)
        at = np.arange(4 * 48_000) / 48_000
        samples = (np.sin(2 * np.pi * 1_000 * at) * 0.5).astype(np.float32)
        for start in range(0, len(samples), 1_024):
            piece = samples[None, start : start + 1_024]
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
            out.mux(audio.encode(frame))
        out.mux(audio.encode(None))
    return path


@pytest.fixture(scope="module")
def faulty(tmp_path_factory, clip):
    """An engine whose camera was paused for some seconds: (engine, segments, the gap)."""
    folder = tmp_path_factory.mktemp("faulty")
    main = sounding_clip(folder / "sound.mp4", clip)
    engine = Engine(
        folder / "data",
        [CameraSettings(id="a", kind="sim", main=str(main), sub=str(clip), motion=False)],
    )

    def told():
        return engine.json("/api/v1/recordings?camera_id=a")

    def closed():
        return [one for one in told()["segments"] if one["state"] == "closed"]

    try:
        engine.start()
        engine.until(closed, "a segment")
        time.sleep(2)
        engine.ask("/api/v1/cameras/a/pause", "POST")
        engine.until(lambda: len(closed()) >= 2, "the second segment, closed by the pause")
        time.sleep(2.2)
        engine.ask("/api/v1/cameras/a/resume", "POST")
        engine.until(lambda: told()["gaps"], "the gap's record")
        time.sleep(1.5)
        yield engine, closed(), told()["gaps"][-1]
    finally:
        engine.close()


@pytest.fixture
def player(qtbot, faulty):
    made = Player()
    made.set_endpoint(read_endpoint(faulty[0].folder.run))
    shown = made.shown = []
    made.frame.connect(lambda _, picture: shown.append(picture))
    made.set_cameras(["a"])
    yield made
    made.stop()
    made.deleteLater()


def test_a_gap_is_named_with_its_reason_and_jumped_both_ways(qtbot, player, faulty):
    _, _, gap = faulty
    middle_us = (gap["start_wall_us"] + gap["end_wall_us"]) // 2
    player.seek(middle_us)
    qtbot.waitUntil(lambda: player.state_of("a").kind is LaneKind.GAP, timeout=20_000)
    state = player.state_of("a")
    assert state.reason == "paused"
    assert abs(state.start_us - gap["start_wall_us"]) < 100_000
    assert abs(state.end_us - gap["end_wall_us"]) < 100_000
    player.play()
    qtbot.waitUntil(lambda: bool(player.shown), timeout=20_000)
    assert player.shown[0].wall_us >= state.end_us
    player.pause()
    player.shown.clear()
    player.seek(state.end_us + 600_000)
    player.set_rate(-1)
    player.play()
    qtbot.waitUntil(
        lambda: bool(player.shown) and player.shown[-1].wall_us < state.start_us, timeout=30_000
    )
    assert not [p for p in player.shown if state.start_us + 50_000 < p.wall_us < state.end_us]


def test_without_jumping_the_clock_goes_through_the_gap(qtbot, player, faulty):
    _, _, gap = faulty
    player.skips_gaps = False
    player.seek(gap["start_wall_us"] + 500_000)
    player.play()
    qtbot.waitUntil(
        lambda: gap["start_wall_us"] + 1_000_000 < player.position_us < gap["end_wall_us"],
        timeout=20_000,
    )
    assert player.state_of("a").kind is LaneKind.GAP
    assert not player.shown


def test_a_damaged_segment_is_named_and_the_rest_of_it_plays(qtbot, player, faulty):
    engine, segments, _ = faulty
    victim = segments[0]
    file = engine.folder.recordings / victim["path"]
    content = file.read_bytes()
    begin, size = len(content) // 2, len(content) // 8
    file.write_bytes(content[:begin] + bytes(size) + content[begin + size :])
    try:
        player.seek(victim["start_wall_us"] + 200_000)
        named = []
        player.lane_changed.connect(lambda _, state: named.append(state.kind))
        player.play()
        qtbot.waitUntil(
            lambda: bool(player.shown) and player.shown[-1].wall_us > victim["end_wall_us"],
            timeout=40_000,
        )
        assert LaneKind.DAMAGED in named
        walls = [picture.wall_us for picture in player.shown]
        assert min(walls) < victim["start_wall_us"] + 1_000_000
        last_us = max(wall for wall in walls if wall < victim["end_wall_us"])
        assert last_us > victim["end_wall_us"] - 1_000_000
    finally:
        file.write_bytes(content)


def test_a_segment_that_cannot_be_played_at_all_is_passed_over_by_name(qtbot, player, faulty):
    engine, segments, _ = faulty
    victim = segments[1]
    file = engine.folder.recordings / victim["path"]
    content = file.read_bytes()
    file.write_bytes(bytes(len(content)))
    try:
        player.seek(victim["start_wall_us"] + 1_000_000)
        qtbot.waitUntil(lambda: player.state_of("a").kind is LaneKind.DAMAGED, timeout=20_000)
        assert victim["segment_id"] in player.state_of("a").reason
    finally:
        file.write_bytes(content)


def test_a_stopped_engine_is_said_and_its_return_is_enough(qtbot, player, faulty):
    _, segments, _ = faulty
    endpoint = player._endpoint
    player.set_endpoint(type(endpoint)(**{**_fields(endpoint), "url": "http://127.0.0.1:9"}))
    player.seek(segments[0]["start_wall_us"] + 1_000_000)
    qtbot.waitUntil(lambda: player.state_of("a").kind is LaneKind.FAILED, timeout=20_000)
    assert " " in player.state_of("a").reason
    player.set_endpoint(endpoint)
    qtbot.waitUntil(lambda: bool(player.shown), timeout=20_000)


def test_sound_is_that_of_the_moment(qtbot, faulty):
    engine, segments, _ = faulty
    at_us = segments[0]["start_wall_us"] + 1_500_000
    track = SoundTrack("a", read_endpoint(engine.folder.run), lambda: at_us)
    track.start()
    try:
        track.aim(at_us)
        qtbot.waitUntil(lambda: (track.decoded_until_us or 0) > at_us + 1_000_000, timeout=20_000)
        pcm = track.read(at_us, at_us + 1_000_000)
        assert len(pcm) == SOUND_BYTES_PER_S
        left = np.frombuffer(pcm, np.int16)[::2].astype(float)
        loudest = np.argmax(np.abs(np.fft.rfft(left))) * 48_000 / len(left)
        assert abs(loudest - 1_000) < 5
        assert not track.is_silent
    finally:
        track.stop()
        track.join(5)


@pytest.mark.qt_log_ignore("(?i)audio|pulse|pipewire|multimedia|alsa", extend=True)
def test_a_desk_without_a_loudspeaker_says_so_and_plays_on(qtbot, player, faulty):
    engine, segments, _ = faulty
    from PySide6.QtMultimedia import QMediaDevices

    if not QMediaDevices.defaultAudioOutput().isNull():
        pytest.skip("this machine has a loudspeaker")
    speaker = Speaker(player)
    said = []
    speaker.said.connect(said.append)
    try:
        speaker.set_endpoint(read_endpoint(engine.folder.run))
        speaker.listen("a")
        player.seek(segments[0]["start_wall_us"] + 500_000)
        player.play()
        qtbot.waitUntil(lambda: bool(said and said[-1]), timeout=20_000)
        assert "loudspeaker" in said[-1]
        assert player.is_running
    finally:
        speaker.stop()


def _fields(endpoint):
    return {name: getattr(endpoint, name) for name in endpoint.__struct_fields__}
