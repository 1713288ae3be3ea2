"""The wall as a person meets it: real rings, real keys and mouse, real H.264."""

from __future__ import annotations

import json
import os
import sys
import time
from fractions import Fraction

import av
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication

from nvr_app.contract.frame_ring import FrameRingWriter, ring_name
from nvr_app.contract.geometry import Box
from nvr_app.contract.live import MediaHeader, MediaPacket
from nvr_app.contract.notices import TracksMoved, TrackView
from nvr_app.contract.status import CameraStatus
from ui.theme.tokens import DARK
from ui.wall.moment import Moment, read_moment
from ui.wall.tile_state import TileKind
from ui.wall.wall_widget import WallWidget

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_level_fail("WARNING")]


class Rig:
    """Cameras with real rings, and a wall that shows them."""

    def __init__(self, qtbot, folder):
        self.qtbot = qtbot
        self.folder = folder
        self.writers = {}
        self.ahead_s = 0.0
        self.messages = []

    def settings(self):
        return QSettings(str(self.folder / "desk.ini"), QSettings.Format.IniFormat)

    def clock(self):
        now = read_moment()
        return Moment(now.mono_ns + int(self.ahead_s * 1e9), now.wall_us + int(self.ahead_s * 1e6))

    def wall(self, cameras="abcd", layout="4", *, show=True):
        wall = WallWidget(
            self.settings(), clock=self.clock, snapshot_folder=self.folder / "pictures" / "NVR"
        )
        self.qtbot.addWidget(wall, before_close_func=WallWidget.shutdown)
        wall.message.connect(self.messages.append)
        wall.resize(642, 362)
        wall.set_layout(layout)
        wall.set_cameras([self.camera(camera_id) for camera_id in cameras])
        if show:
            with self.qtbot.waitExposed(wall):
                wall.show()
            wall.setFocus()
        return wall

    def ring(self, camera_id, width=320, height=180):
        if camera_id in self.writers:
            self.writers[camera_id].close()
        writer = FrameRingWriter(ring_name("test", camera_id), width, height)
        self.writers[camera_id] = writer
        return writer

    def camera(self, camera_id, status="active", **more):
        if camera_id not in self.writers:
            self.ring(camera_id)
        facts = {"recording": True, "ring": self.writers[camera_id].ref} | more
        return CameraStatus(
            camera_id=camera_id,
            name=f"Camera {camera_id}",
            location="",
            status=status,
            since_wall_us=time.time_ns() // 1000 - 42_000_000,
            **facts,
        )

    def push(self, camera_id, luma=200):
        writer = self.writers[camera_id]
        size = writer.ref.width * writer.ref.height
        pixels = np.frombuffer(writer.begin(), np.uint8)
        pixels[:size], pixels[size:] = luma, 128
        now = self.clock()
        writer.publish(
            pts_us=0, wall_us=now.wall_us, mono_ns=now.mono_ns, motion=False, due_number=0
        )

    def show_live(self, wall, *camera_ids, luma=200):
        """Push pictures until all of them are painted live."""

        def is_live():
            for camera_id in camera_ids:
                self.push(camera_id, luma)
            scenes = [wall.shown_scene(camera_id) for camera_id in camera_ids]
            return all(scene is not None and scene.state.is_live for scene in scenes)

        self.qtbot.waitUntil(is_live)

    def wait_kind(self, wall, camera_id, kind):
        def has_it():
            scene = wall.shown_scene(camera_id)
            return scene is not None and scene.state.kind is kind

        self.qtbot.waitUntil(has_it)

    def close(self):
        for writer in self.writers.values():
            writer.close()


@pytest.fixture
def rig(qtbot, tmp_path):
    made = Rig(qtbot, tmp_path)
    yield made
    made.close()


def shown(wall):
    return [place.camera_id for place in wall.places()]


def centre(wall, camera_id):
    return next(
        QPoint(rect.x + rect.width // 2, rect.y + rect.height // 2)
        for place_id, rect in wall.places()
        if place_id == camera_id
    )


def colour_at(wall, point):
    return wall.grab().toImage().pixelColor(point)


def wheel(wall, point, notches):
    where = QPointF(point)
    QApplication.sendEvent(
        wall,
        QWheelEvent(
            where,
            wall.mapToGlobal(where),
            QPoint(),
            QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        ),
    )


def drag(qtbot, wall, start, end):
    qtbot.mousePress(wall, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(wall, pos=(start + end) / 2)
    qtbot.mouseMove(wall, pos=end)
    qtbot.mouseRelease(wall, Qt.MouseButton.LeftButton, pos=end)


def test_pictures_reach_the_screen_as_they_change(rig):
    wall = rig.wall()
    rig.show_live(wall, "a", "d", luma=235)
    assert colour_at(wall, centre(wall, "a")) == QColor(255, 255, 255)
    rig.show_live(wall, "a", luma=16)
    rig.qtbot.waitUntil(lambda: colour_at(wall, centre(wall, "a")) == QColor(0, 0, 0))
    assert colour_at(wall, centre(wall, "d")) == QColor(255, 255, 255)


def test_a_picture_is_converted_to_exactly_the_pixels_of_its_tile(rig):
    wall = rig.wall()
    rig.show_live(wall, "a")
    image = wall.shown_shot("a").bitmap.image
    assert (image.width(), image.height()) == (320, 180)
    wall.set_layout("1")
    rig.show_live(wall, "a")
    rig.qtbot.waitUntil(lambda: wall.shown_shot("a").bitmap.image.height() > 340)


def test_another_aspect_gets_black_bars_and_is_not_cropped(rig):
    rig.ring("a", 240, 240)
    wall = rig.wall()
    rig.show_live(wall, "a", luma=235)
    picture = wall.shown_scene("a").picture_rect
    assert (picture.width(), picture.height()) == (180, 180)
    assert colour_at(wall, QPoint(30, 90)) == QColor(DARK.wall)
    assert colour_at(wall, QPoint(160, 90)) == QColor(255, 255, 255)


def test_the_gap_between_tiles_is_black(rig):
    wall = rig.wall()
    rig.show_live(wall, "a", "b", luma=235)
    assert colour_at(wall, QPoint(320, 90)) == QColor(DARK.wall)
    assert colour_at(wall, QPoint(321, 90)) == QColor(DARK.wall)


def test_a_tile_is_grey_two_seconds_after_its_last_picture(rig):
    wall = rig.wall()
    rig.show_live(wall, "a", luma=235)
    rig.ahead_s = 1.8
    rig.wait_kind(wall, "a", TileKind.STALLED)
    scene = wall.shown_scene("a")
    assert scene.words.headline == "No picture"
    assert scene.strip.time == ""
    assert colour_at(wall, QPoint(10, 10)).lightness() < 70


def test_an_old_picture_in_a_ring_is_never_live(rig):
    rig.ring("a")
    rig.push("a")
    rig.ahead_s = 5
    wall = rig.wall()
    rig.wait_kind(wall, "a", TileKind.STALLED)


def test_a_lost_camera_says_so_and_is_live_again_on_its_new_ring(rig):
    wall = rig.wall()
    rig.show_live(wall, "a")
    next_try = time.time_ns() // 1000 + 60_000_000
    rig.ring("a", 64, 36)  # the writer closed the old one
    lost = rig.camera("a", "lost", ring=None, recording=False, next_try_wall_us=next_try)
    wall.update_cameras([lost])
    rig.wait_kind(wall, "a", TileKind.LOST)
    scene = wall.shown_scene("a")
    assert scene.words.headline.startswith("Lost for 0:4")
    assert any(line.startswith("no picture since") for line in scene.words.lines)
    assert any(line.startswith("next try in") for line in scene.words.lines)
    assert scene.strip.alarm == "not recording"
    assert not scene.strip.is_recording
    wall.update_cameras([rig.camera("a")])
    rig.push("a")
    rig.qtbot.waitUntil(lambda: wall.shown_shot("a").picture_width == 64)
    rig.show_live(wall, "a")


def test_a_ring_that_vanished_does_no_harm(rig):
    camera = rig.camera("a")
    rig.writers["a"].close()
    wall = rig.wall("b")
    wall.set_cameras([camera, rig.camera("b")])
    rig.show_live(wall, "b")
    rig.wait_kind(wall, "a", TileKind.WAITING)


def test_a_desk_survives_as_many_paintings_as_it_takes(rig):
    wall = rig.wall()
    rig.show_live(wall, "a")
    before = sys.getrefcount(None)
    for _ in range(100):
        wall.repaint()
    # Under some pairs of Python and PySide6 painting costs references; they must not run out.
    assert sys.getrefcount(None) > min(before, 1 << 40) - 100


def test_without_the_engine_no_tile_claims_to_be_live(rig):
    wall = rig.wall()
    rig.show_live(wall, "a", "b")
    wall.set_connection("The engine does not answer.")
    for camera_id in "abcd":
        rig.push(camera_id)
        rig.wait_kind(wall, camera_id, TileKind.UNREACHABLE)
    assert wall.shown_scene("a").words.lines[0] == "The engine does not answer."
    assert wall.shown_scene("a").strip.time == ""
    wall.set_connection(None)
    rig.show_live(wall, "a", "b")


def test_a_low_rate_is_told(rig):
    wall = rig.wall()
    wall.update_cameras([rig.camera("a", received_fps=14.1, nominal_fps=30.0)])
    rig.show_live(wall, "a")
    assert wall.shown_scene("a").badge == "14 of 30 fps"


def test_boxes_come_fade_and_go(rig):
    wall = rig.wall()
    rig.show_live(wall, "a", luma=16)
    track = TrackView(track_id="1", label="person", score=0.913, box=Box(0.25, 0.5, 0.75, 0.9))
    wall.set_tracks(TracksMoved(camera_id="a", frame_wall_us=0, tracks=(track,)))
    on_left_edge = QPoint(80, 130)
    assert colour_at(wall, on_left_edge) == QColor(DARK.event)
    rig.ahead_s = 1.25
    faded = colour_at(wall, on_left_edge)
    assert 0 < faded.lightness() < QColor(DARK.event).lightness()
    rig.ahead_s = 1.5
    assert colour_at(wall, on_left_edge).lightness() == 0
    wall.set_tracks(TracksMoved(camera_id="a", frame_wall_us=0, tracks=(track,)))
    assert colour_at(wall, on_left_edge) == QColor(DARK.event)
    wall.set_tracks(TracksMoved(camera_id="a", frame_wall_us=0, tracks=()))
    assert colour_at(wall, on_left_edge).lightness() == 0
    wall.set_tracks(TracksMoved(camera_id="stranger", frame_wall_us=0, tracks=(track,)))


def test_clicking_selects_and_outlines(rig):
    wall = rig.wall()
    with rig.qtbot.waitSignal(wall.selected) as caught:
        rig.qtbot.mouseClick(wall, Qt.MouseButton.LeftButton, pos=centre(wall, "c"))
    assert caught.args == ["c"]
    rect = wall.places()[2].rect
    corner = QPoint(rect.x, rect.y)
    assert colour_at(wall, corner) == QColor(DARK.accent)
    assert colour_at(wall, corner + QPoint(1, 1)) == QColor(DARK.accent)
    assert colour_at(wall, corner + QPoint(2, 2)) != QColor(DARK.accent)


def test_arrow_keys_move_the_selection(rig):
    wall = rig.wall()
    went = []
    wall.selected.connect(went.append)
    keys = (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Up)
    for key in keys:
        rig.qtbot.keyClick(wall, key)
    assert went == ["a", "b", "d", "c", "a"]


def test_dragging_swaps_two_cameras_and_is_remembered(rig):
    wall = rig.wall()
    drag(rig.qtbot, wall, centre(wall, "a"), centre(wall, "d"))
    assert shown(wall) == ["d", "b", "c", "a"]
    assert json.loads(rig.settings().value("wall/order/4")) == ["d", "b", "c", "a"]
    assert shown(rig.wall(show=False)) == ["d", "b", "c", "a"]


def test_a_drop_beside_the_tiles_changes_nothing(rig):
    wall = rig.wall()
    drag(rig.qtbot, wall, centre(wall, "a"), QPoint(320, 180))
    assert shown(wall) == ["a", "b", "c", "d"]


def test_layouts_change_once_told_and_strangers_are_refused(rig):
    wall = rig.wall(layout="4")
    with rig.qtbot.waitSignal(wall.layout_changed) as caught:
        wall.set_layout("3x3")
    assert caught.args == ["3x3"]
    assert len(wall.places()) == 8
    with rig.qtbot.assertNotEmitted(wall.layout_changed):
        wall.set_layout("3x3")
    with pytest.raises(ValueError, match="choose one of"):
        wall.set_layout("5")
    assert rig.wall(layout=wall.layout_name, show=False).layout_name == "3x3"


def test_further_cameras_stand_on_the_next_page(rig):
    wall = rig.wall("abcdef")
    rig.qtbot.keyClick(wall, Qt.Key.Key_PageDown)
    assert shown(wall) == ["e", "f", None, None]
    assert rig.messages == ["Page 2 of 2"]
    wall.select("b")
    assert shown(wall) == ["a", "b", "c", "d"]


def test_a_removed_camera_leaves_even_when_maximised(rig):
    wall = rig.wall()
    rig.show_live(wall, "b")
    wall.maximise("b")
    with rig.qtbot.waitSignal(wall.main_stream_released) as caught:
        wall.remove_camera("b")
    assert caught.args == ["b"]
    assert shown(wall) == ["a", "c", "d", None]
    wall.remove_camera("b")
    rig.show_live(wall, "a")


def test_cameras_not_in_the_full_list_leave_and_new_ones_join(rig):
    wall = rig.wall()
    wall.set_cameras([rig.camera("a"), rig.camera("e")])
    assert shown(wall) == ["a", "e", None, None]
    wall.update_cameras([rig.camera("f")])
    assert shown(wall) == ["a", "e", "f", None]


def test_the_wheel_zooms_at_the_pointer_drag_pans_and_back_to_one_resets(rig):
    wall = rig.wall("a", layout="1")
    rig.show_live(wall, "a")
    wheel(wall, QPoint(100, 100), 3)
    assert wall.grab() is not None
    zoomed_in = wall.shown_scene("a").view
    assert zoomed_in.zoom == pytest.approx(1.25**3)
    drag(rig.qtbot, wall, QPoint(300, 200), QPoint(260, 200))
    wall.grab()
    assert wall.shown_scene("a").view.left > zoomed_in.left
    assert shown(wall) == ["a"]
    wheel(wall, QPoint(100, 100), -3)
    wall.grab()
    assert not wall.shown_scene("a").view.is_zoomed


def test_escape_leaves_the_zoom_then_the_maximised_tile(rig):
    wall = rig.wall()
    rig.show_live(wall, "a")
    wall.maximise("a")
    wheel(wall, QPoint(100, 100), 2)
    rig.qtbot.keyClick(wall, Qt.Key.Key_Escape)
    assert wall.maximised_camera == "a"
    rig.qtbot.keyClick(wall, Qt.Key.Key_Escape)
    assert wall.maximised_camera == ""


def main_stream(count=6, size=(640, 360), luma=16):
    """A header and packets of real H.264, as the engine relays them."""
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = *size, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 30), Fraction(30)
    context.options = {"preset": "ultrafast", "tune": "zerolatency", "g": "30"}
    media = [
        MediaHeader(
            camera_id="a",
            role="main",
            codec="h264",
            width=size[0],
            height=size[1],
            extradata=b"",
        )
    ]
    for index in range(count):
        planes = np.full((size[1] * 3 // 2, size[0]), 128, np.uint8)
        planes[: size[1]] = luma
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = index
        media += [
            MediaPacket(
                pts_us=packet.pts * 33_333,
                wall_us=time.time_ns() // 1000,
                is_keyframe=packet.is_keyframe,
                data=bytes(packet),
                buffered=index < count - 2,
            )
            for packet in context.encode(frame)
        ]
    return media


def test_maximising_shows_the_main_stream_and_escape_goes_back(rig):
    wall = rig.wall()
    rig.show_live(wall, "a", luma=235)
    with rig.qtbot.waitSignal(wall.main_stream_wanted) as wanted:
        rig.qtbot.mouseDClick(wall, Qt.MouseButton.LeftButton, pos=centre(wall, "a"))
    assert wanted.args == ["a"]
    assert shown(wall) == ["a"]
    # Until the first decoded picture the substream stays, enlarged.
    rig.show_live(wall, "a", luma=235)
    assert wall.shown_shot("a").picture_width == 320
    assert colour_at(wall, centre(wall, "a")) == QColor(255, 255, 255)
    for media in main_stream():
        wall.feed_media("a", media)
        wall.feed_media("b", media)
    rig.qtbot.waitUntil(lambda: wall.shown_shot("a").picture_width == 640)
    assert colour_at(wall, centre(wall, "a")).lightness() < 4
    with rig.qtbot.waitSignal(wall.main_stream_released) as released:
        rig.qtbot.keyClick(wall, Qt.Key.Key_Escape)
    assert released.args == ["a"]
    rig.show_live(wall, "a", "b", luma=235)
    rig.qtbot.waitUntil(lambda: wall.shown_shot("a").picture_width == 320)


def test_a_main_stream_that_stalls_gives_way_to_the_substream(rig):
    wall = rig.wall()
    wall.select("a")
    rig.qtbot.keyClick(wall, Qt.Key.Key_Return)
    for media in main_stream():
        wall.feed_media("a", media)
    rig.qtbot.waitUntil(
        lambda: wall.shown_shot("a") is not None and wall.shown_shot("a").picture_width == 640
    )
    rig.ahead_s = 3
    rig.push("a")
    rig.qtbot.waitUntil(lambda: wall.shown_shot("a").picture_width == 320)


def test_a_hidden_wall_wants_no_main_stream(rig):
    wall = rig.wall()
    wall.maximise("a")
    with rig.qtbot.waitSignal(wall.main_stream_released):
        wall.hide()
    with rig.qtbot.waitSignal(wall.main_stream_wanted):
        wall.show()


def test_the_main_stream_is_wanted_again_after_the_engine_was_away(rig):
    wall = rig.wall()
    wall.maximise("a")
    with rig.qtbot.waitSignal(wall.main_stream_released):
        wall.set_connection("gone")
    with rig.qtbot.waitSignal(wall.main_stream_wanted):
        wall.set_connection(None)


def test_a_snapshot_has_every_pixel_decoded_and_overwrites_nothing(rig):
    wall = rig.wall()
    rig.show_live(wall, "a", luma=235)
    wall.select("a")
    with rig.qtbot.waitSignal(wall.snapshot_saved) as caught:
        rig.qtbot.keyClick(wall, Qt.Key.Key_S, Qt.KeyboardModifier.AltModifier)
    folder = rig.folder / "pictures" / "NVR"
    (first,) = folder.iterdir()
    assert caught.args == [str(first)]
    assert first.name[:2] == "a_"
    assert time.strptime(first.name[2:17], "%Y%m%dT%H%M%S")
    image = QImage(str(first))
    assert (image.width(), image.height()) == (320, 180)
    assert image.pixelColor(160, 90) == QColor(255, 255, 255)
    assert image.text("Camera") == "Camera a"
    second = wall.save_snapshot("a")  # the same picture, still
    assert sorted(str(path) for path in folder.iterdir()) == sorted([str(first), second])


def test_a_snapshot_of_a_maximised_tile_is_the_main_streams(rig):
    wall = rig.wall()
    wall.maximise("a")
    for media in main_stream():
        wall.feed_media("a", media)
    rig.qtbot.waitUntil(lambda: wall.shown_shot("a") is not None)
    image = QImage(wall.save_snapshot("a"))
    assert (image.width(), image.height()) == (640, 360)


def test_no_snapshot_of_what_is_not_live(rig):
    wall = rig.wall()
    assert wall.save_snapshot("b") == ""
    assert wall.save_snapshot("stranger") == ""
    assert rig.messages == [
        "No snapshot of Camera b: it has no picture now.",
        "There is no camera to take a snapshot of.",
    ]


def test_a_failing_disk_is_told_in_a_sentence(rig, caplog):
    (rig.folder / "pictures").write_text("a file where the folder should be")
    wall = rig.wall()
    rig.show_live(wall, "a")
    assert wall.save_snapshot("a") == ""
    assert rig.messages[0].startswith("The snapshot of Camera a was not written to ")
    assert os.strerror(20) in rig.messages[0]  # ENOTDIR
    assert "snapshot not written" in caplog.text
