"""The player on a real engine's footage: the right picture of every moment, in every direction."""

import time
from itertools import pairwise

import pytest

from nvr_app.contract.endpoint import read_endpoint
from ui.playback.goal import LaneKind
from ui.playback.player import Player

LOOP_US = 4_000_000
FRAME_US = 33_333


@pytest.fixture(scope="module")
def footage(engine):
    """(first, last) wall µs of ten seconds that both cameras recorded."""

    def recorded():
        spans = []
        for camera_id in ("a", "b"):
            listed = engine.json(f"/api/v1/recordings?camera_id={camera_id}")["segments"]
            closed = [one for one in listed if one["state"] == "closed"]
            if len(closed) < 2:
                return None
            spans.append((closed[0]["start_wall_us"], closed[-1]["end_wall_us"]))
        start_us, end_us = max(s[0] for s in spans), min(s[1] for s in spans)
        return (start_us, end_us) if end_us - start_us > 7_000_000 else None

    engine.until(recorded, "seven seconds of footage in two segments")
    return recorded()


@pytest.fixture
def player(qtbot, engine):
    made = Player()
    made.set_endpoint(read_endpoint(engine.folder.run))
    yield made
    made.stop()
    made.deleteLater()


class Watcher:
    """What the player showed: (camera, picture, position when it was shown)."""

    def __init__(self, player):
        self.shown = []
        player.frame.connect(
            lambda camera_id, picture: self.shown.append((camera_id, picture, player.position_us))
        )

    def of(self, camera_id):
        return [picture for name, picture, _ in self.shown if name == camera_id]

    def last(self, camera_id):
        pictures = self.of(camera_id)
        return pictures[-1] if pictures else None


def clip_index(picture):
    """Which frame of the clip it is (of 256 / 3 different ones), read from its grey gradient."""
    image = picture.bitmap.image
    grey = [image.pixelColor(x, image.height() // 2).red() for x in range(image.width())]
    # The gradient jumps from white to black where x + 3 n is a multiple of 256.
    jump = min(range(1, len(grey)), key=lambda x: grey[x] - grey[x - 1])
    return (-jump * image.width() / image.width()) % 256 / 3


def expected_index(picture):
    """The simulated camera shows the clip's moment = wall time modulo its length."""
    return (picture.wall_us % LOOP_US) / FRAME_US % (256 / 3)


def difference(picture):
    apart = abs(clip_index(picture) - expected_index(picture))
    return min(apart, 256 / 3 - apart)


def test_a_moment_is_shown_to_the_picture_on_every_camera(qtbot, player, footage):
    watcher = Watcher(player)
    player.set_cameras(["a", "b"])
    start_us, end_us = footage
    for share in (0.9, 0.1, 0.52, 0.5, 0.515):
        wanted_us = int(start_us + share * (end_us - start_us))
        watcher.shown.clear()
        player.seek(wanted_us)
        qtbot.waitUntil(lambda: bool(watcher.of("a") and watcher.of("b")), timeout=20_000)
        for camera_id in ("a", "b"):
            picture = watcher.last(camera_id)
            assert picture.wall_us <= wanted_us < picture.until_us + 2_000
            assert difference(picture) < 2
        assert player.position_us == wanted_us


def test_it_plays_on_over_the_seam_of_two_segments_in_order_and_together(qtbot, player, footage):
    watcher = Watcher(player)
    player.set_cameras(["a", "b"])
    start_us, _ = footage
    player.seek(start_us + 2_500_000)
    player.play()
    qtbot.waitUntil(lambda: player.position_us > start_us + 6_500_000, timeout=30_000)
    player.pause()
    for camera_id in ("a", "b"):
        walls = [picture.wall_us for picture in watcher.of(camera_id)]
        assert walls == sorted(walls)
        assert len(walls) > 60  # of 120; a busy machine leaves some out
        assert all(difference(picture) < 2 for picture in watcher.of(camera_id)[::10])
    assert player.state_of("a").kind is LaneKind.PLAYING
    assert not player.is_running


def test_steps_go_by_single_pictures_both_ways(qtbot, player, footage):
    watcher = Watcher(player)
    player.set_cameras(["a"])
    at_us = footage[0] + 3_020_000
    player.seek(at_us)
    qtbot.waitUntil(lambda: bool(watcher.of("a")), timeout=20_000)
    walls = [watcher.last("a").wall_us]
    for step in (1, 1, 1, -1, -1, -1, -1, 1):
        player.step(step)
        qtbot.waitUntil(lambda: watcher.last("a").wall_us != walls[-1], timeout=20_000)
        walls.append(watcher.last("a").wall_us)
    steps = [round((b - a) / FRAME_US, 1) for a, b in pairwise(walls)]
    assert steps == [1, 1, 1, -1, -1, -1, -1, 1]


def test_backwards_pictures_come_in_falling_order_over_the_seam(qtbot, player, footage):
    watcher = Watcher(player)
    player.set_cameras(["a", "b"])
    start_us, _ = footage
    player.seek(start_us + 6_000_000)
    player.set_rate(-2)
    player.play()
    qtbot.waitUntil(lambda: player.position_us < start_us + 1_500_000, timeout=30_000)
    player.pause()
    for camera_id in ("a", "b"):
        walls = [picture.wall_us for picture in watcher.of(camera_id)]
        assert walls[1:] == sorted(walls[1:], reverse=True)
        assert len(walls) > 25
        assert difference(watcher.last(camera_id)) < 2


def test_pictures_come_no_larger_than_their_tile(qtbot, player, footage):
    watcher = Watcher(player)
    player.set_cameras(["a"])
    player.set_size("a", 161, 161)
    player.seek(footage[0] + 1_000_000)
    qtbot.waitUntil(lambda: bool(watcher.of("a")), timeout=20_000)
    image = watcher.last("a").bitmap.image
    assert (image.width(), image.height()) == (160, 90)
    assert (watcher.last("a").picture_width, watcher.last("a").picture_height) == (320, 180)


def test_before_the_first_footage_there_is_a_gap_and_playback_goes_on_behind_it(
    qtbot, player, engine, footage
):
    watcher = Watcher(player)
    first_us = min(
        s["start_wall_us"] for s in engine.json("/api/v1/recordings?camera_id=a")["segments"]
    )
    player.set_cameras(["a"])
    player.seek(first_us - 3_600_000_000)
    qtbot.waitUntil(lambda: player.state_of("a").kind is LaneKind.GAP, timeout=20_000)
    assert player.state_of("a").end_us == first_us
    assert watcher.last("a") is None
    player.play()
    qtbot.waitUntil(lambda: watcher.last("a") is not None, timeout=20_000)
    assert watcher.of("a")[0].wall_us - first_us < 1_000_000


def test_playback_reaches_what_is_being_recorded_and_follows_it(qtbot, player, footage):
    watcher = Watcher(player)
    player.set_cameras(["a", "b"])
    player.seek(time.time_ns() // 1_000 - 3_000_000)
    player.set_rate(4)
    with qtbot.waitSignal(player.edge_reached, timeout=30_000):
        player.play()
    assert player.rate == 1
    count = len(watcher.shown)
    reached_us = player.position_us
    qtbot.waitUntil(
        lambda: player.position_us > reached_us + 3_000_000 and len(watcher.shown) > count + 60,
        timeout=40_000,
    )
    assert abs(time.time_ns() // 1_000 - player.position_us) < 15_000_000
