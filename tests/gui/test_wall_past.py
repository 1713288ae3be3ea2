"""Tiles that look back: nobody can take them for live, and they come back to the present."""

from __future__ import annotations

import time

import av
import numpy as np
import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QColor, QImage

from nvr_app.contract.frame_ring import FrameRingWriter, ring_name
from nvr_app.contract.status import CameraStatus
from nvr_app.contract.timebase import US_PER_S
from ui.live.media import Converter
from ui.live.ring_feed import Shot
from ui.theme.tokens import DARK
from ui.wall.tile_state import TileKind
from ui.wall.wall_widget import WallWidget
from ui.wall.words import TileWords

THEN_US = 1_763_978_531_400_000


def grey(level, wall_us=THEN_US, width=320, height=180):
    pixels = np.full((height * 3 // 2, width), 128, np.uint8)
    pixels[:height] = level
    frame = av.VideoFrame.from_ndarray(pixels, "yuv420p")
    return Shot(Converter().convert(frame, width, height), wall_us, 0, width, height)


@pytest.fixture
def ring():
    writer = FrameRingWriter(ring_name("test", "a"), 320, 180)
    yield writer
    writer.close()


def push(writer, level):
    pixels = np.frombuffer(writer.begin(), np.uint8)
    pixels[: 320 * 180], pixels[320 * 180 :] = level, 128
    now_us = time.time_ns() // 1000
    writer.publish(
        pts_us=0, wall_us=now_us, mono_ns=time.monotonic_ns(), motion=False, due_number=0
    )


@pytest.fixture
def wall(qtbot, tmp_path, ring):
    settings = QSettings(str(tmp_path / "desk.ini"), QSettings.Format.IniFormat)
    made = WallWidget(settings, snapshot_folder=tmp_path / "pictures")
    qtbot.addWidget(made, before_close_func=WallWidget.shutdown)
    made.resize(1282, 722)
    made.set_layout("4")
    made.set_cameras(
        [
            CameraStatus(
                camera_id=camera_id, name=camera_id, location="", status="active",
                since_wall_us=0, recording=True, ring=ring.ref if camera_id == "a" else None,
            )
            for camera_id in "ab"
        ]
    )  # fmt: skip
    with qtbot.waitExposed(made):
        made.show()
    return made


def scene_of(wall, camera_id):
    wall.grab()
    return wall.shown_scene(camera_id)


def wait_live(qtbot, wall, ring):
    def is_live():
        push(ring, 200)
        scene = wall.shown_scene("a")
        return scene is not None and scene.state.is_live

    qtbot.waitUntil(is_live, timeout=5_000)


def colour_in(wall, camera_id, dx, dy):
    rect = next(place.rect for place in wall.places() if place.camera_id == camera_id)
    return wall.grab().toImage().pixelColor(rect.x + dx, rect.y + dy)


def test_a_tile_that_looks_back_says_so_with_date_and_time_while_others_stay_live(
    qtbot, wall, ring
):
    wait_live(qtbot, wall, ring)
    wall.look_back("b", THEN_US)
    wall.show_past("b", grey(90))
    scene = scene_of(wall, "b")
    shown = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(THEN_US // US_PER_S))
    assert scene.past_mark == f"PLAYBACK {shown}"
    assert scene.strip.time == f"{shown[11:]}.400"
    assert scene.state.kind is TileKind.PAST
    assert not scene.state.is_live
    assert scene.is_lit
    assert colour_in(wall, "b", 3, 3).name() == DARK.warn
    assert scene_of(wall, "a").past_mark == ""
    assert wall.cameras_in_the_past == ("b",)


def test_no_live_picture_stays_on_a_tile_that_looks_back(qtbot, wall, ring):
    wait_live(qtbot, wall, ring)
    wall.look_back("a", THEN_US)
    assert wall.shown_shot("a") is None
    assert scene_of(wall, "a").words.headline == "Fetching the recording …"
    push(ring, 255)
    qtbot.wait(100)
    assert wall.shown_shot("a") is None  # the ring is left alone
    wall.show_past("a", grey(60))
    assert wall.shown_shot("a").wall_us == THEN_US


def test_a_gap_is_told_in_words_over_the_last_picture_veiled(wall):
    wall.look_back("b", THEN_US)
    wall.show_past("b", grey(235))
    bright = colour_in(wall, "b", 60, 170).lightness()
    wall.tell_past("b", THEN_US + US_PER_S, TileWords("No recording", ("10:02 to 10:07",)))
    scene = scene_of(wall, "b")
    assert scene.words.headline == "No recording"
    assert scene.strip.time == ""  # no picture of that moment: none is claimed
    assert not scene.is_lit
    assert colour_in(wall, "b", 60, 170).lightness() < bright / 2


def test_back_to_live_nothing_old_stays(qtbot, wall, ring):
    wall.look_back("a", THEN_US)
    wall.show_past("a", grey(60))
    wall.return_to_live("a")
    assert wall.shown_shot("a") is None
    wait_live(qtbot, wall, ring)
    assert scene_of(wall, "a").past_mark == ""
    wall.show_past("a", grey(10))  # a late picture of the past
    assert scene_of(wall, "a").state.is_live


def test_the_main_stream_is_asked_for_only_in_the_present(wall, qtbot):
    wanted, released = [], []
    wall.main_stream_wanted.connect(wanted.append)
    wall.main_stream_released.connect(released.append)
    wall.look_back("a", THEN_US)
    wall.maximise("a")
    assert wanted == []
    wall.return_to_live("a")
    assert wanted == ["a"]
    wall.look_back("a", THEN_US)
    assert released == ["a"]


def test_a_picture_of_the_past_is_kept_in_full_size_under_its_own_time(wall, tmp_path):
    wall.look_back("a", THEN_US)
    wall.show_past("a", grey(235, THEN_US, 640, 360))
    image = QImage(wall.save_snapshot("a"))
    assert (image.width(), image.height()) == (640, 360)
    assert image.pixelColor(5, 5) == QColor(255, 255, 255)
    (kept,) = (tmp_path / "pictures").iterdir()
    assert time.strftime("%Y%m%dT%H%M%S.400", time.localtime(THEN_US // US_PER_S)) in kept.name


def test_a_lost_engine_is_told_in_the_past_too(wall):
    wall.look_back("b", THEN_US)
    wall.show_past("b", grey(90))
    wall.set_connection("the engine closed the line")
    assert scene_of(wall, "b").words.lines == ("the engine closed the line",)
    wall.set_connection(None)
    assert scene_of(wall, "b").words.headline == ""
