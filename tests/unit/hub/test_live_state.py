import msgspec
import pytest

from engine.base.registry import MetricsRegistry
from engine.hub.live_state import LiveState
from engine.hub.notice_board import NoticeBoard
from nvr_app.contract.config import CameraSettings, DetectionSettings
from nvr_app.contract.metrics import Level
from nvr_app.contract.notices import AnyNotice, CameraRemoved, CamerasChanged, ModelChanged
from nvr_app.contract.status import CameraStatus, ModelStatus, RingRef
from nvr_app.contract.wire import Sample

decode = msgspec.json.Decoder(AnyNotice).decode
RING = RingRef(name="r1", width=320, height=180, slots=4)


class Desk:
    """A state with one desk that listens."""

    def __init__(self, clock):
        board = NoticeBoard(lambda: None)
        self.registry = MetricsRegistry()
        self.state = LiveState(board, self.registry, clock)
        self.rings = []
        self.state.on_rings = lambda: self.rings.append(
            [(s.camera_id, s.ring.name) for s in self.state.watched()]
        )
        self._listener = board.listen(())

    def cameras(self, *cameras, detection=None):
        self.state.set_cameras(cameras, detection or DetectionSettings())

    def sample(self, *statuses, producer="camera-a", **more):
        self.state.take_sample(producer, Sample(cameras=statuses, **more))

    def heard(self):
        found = []
        while not self._listener.queue.empty():
            found.append(decode(self._listener.queue.get_nowait()))
        return found


@pytest.fixture
def desk(manual_clock):
    return Desk(manual_clock)


def camera(camera_id="a", **changes):
    return CameraSettings(id=camera_id, main="rtsp://cam/s", **changes)


def status(camera_id="a", **changes):
    values = {"status": "active", "recording": True, "received_fps": 25.0} | changes
    return CameraStatus(camera_id=camera_id, name=camera_id, location="", since_wall_us=5, **values)


def test_cameras_without_a_worker_yet_have_a_status_all_the_same(desk, manual_clock):
    desk.cameras(camera("b"), camera("a", enabled=False))
    first, second = desk.state.ordered_statuses()
    assert (first.camera_id, first.status, first.since_wall_us) == (
        "b", "connecting", manual_clock.wall,
    )  # fmt: skip
    assert (second.camera_id, second.status) == ("a", "stopped")
    assert "worker" in first.detail
    (notice,) = desk.heard()
    assert notice == CamerasChanged(cameras=(first, second))


def test_the_same_settings_again_are_no_news_and_keep_what_is_known(desk):
    desk.cameras(camera())
    desk.sample(status())
    desk.heard()
    desk.cameras(camera())
    assert desk.heard() == []
    assert desk.state.statuses["a"].status == "active"


@pytest.mark.parametrize("change", [{"name": "Door"}, {"location": "Yard"}, {"enabled": False}])
def test_a_renamed_or_switched_camera_is_told_anew(desk, change):
    desk.cameras(camera(), camera("b"))
    desk.sample(status(), status("b"))
    desk.heard()
    desk.cameras(camera(**change), camera("b"))
    (notice,) = desk.heard()
    assert [s.camera_id for s in notice.cameras] == ["a"]


def test_a_removed_camera_is_told_and_forgotten_with_its_series(desk):
    desk.cameras(camera(), camera("b"))
    desk.sample(status(), status("b"))
    for camera_id in ("a", "b"):
        desk.registry.level("surveillance_preview_fps", camera_id, value=1)
    desk.heard()
    desk.cameras(camera("b"))
    assert desk.heard() == [CameraRemoved(camera_id="a")]
    assert set(desk.state.statuses) == set(desk.state.producers) == {"b"}
    text = desk.registry.text()
    assert (b'camera_id="a"' in text, b'camera_id="b"' in text) == (False, True)


def test_a_late_sample_of_a_removed_camera_does_not_bring_it_back(desk):
    desk.cameras(camera("b"))
    desk.heard()
    desk.sample(status("a"))
    assert "a" not in desk.state.statuses
    assert desk.heard() == []
    desk.state.worker_lost("camera-a")
    assert desk.heard() == []


def test_late_measurements_of_a_removed_camera_begin_no_new_series(desk):
    desk.cameras(camera(), camera("b"))
    desk.cameras(camera("b"))
    desk.registry.level("surveillance_preview_fps", "a", value=1)
    desk.registry.level("surveillance_preview_fps", "b", value=1)
    desk.sample(status("a"), status("b"))
    text = desk.registry.text()
    assert (b'camera_id="a"' in text, b'camera_id="b"' in text) == (False, True)


def test_a_camera_that_was_switched_off_stays_stopped_when_its_worker_goes(desk):
    desk.cameras(camera())
    desk.sample(status())
    desk.cameras(camera(enabled=False))
    desk.sample(status())  # the last words of a worker that has not read the news yet
    desk.registry.level("surveillance_preview_fps", "a", value=5)
    desk.state.worker_lost("camera-a")
    assert b'surveillance_preview_fps{camera_id="a"} 0.0' in desk.registry.text()
    known = desk.state.statuses["a"]
    assert (known.status, known.recording) == ("stopped", False)
    assert "switched off" in known.detail
    desk.cameras(camera())
    assert desk.state.statuses["a"].status == "connecting"
    desk.sample(status())
    assert desk.state.statuses["a"].status == "active"


def test_a_lost_worker_takes_its_cameras_with_it_and_no_other(desk, manual_clock):
    desk.cameras(camera(), camera("b"))
    desk.sample(status(ring=RING, motion=True, preview_fps=5.0), producer="camera-a")
    desk.sample(status("b"), producer="camera-b")
    desk.registry.level("surveillance_fps_per_camera", "a", "", value=25)
    desk.registry.level("surveillance_fps_per_camera", "b", "", value=25)
    desk.heard()
    manual_clock.advance(3)
    desk.state.worker_lost("camera-a")
    (notice,) = desk.heard()
    (lost,) = notice.cameras
    assert (lost.camera_id, lost.status, lost.recording) == ("a", "lost", False)
    assert (lost.received_fps, lost.preview_fps, lost.motion, lost.ring) == (0, 0, False, None)
    assert lost.since_wall_us == manual_clock.wall
    assert desk.state.statuses["b"].status == "active"
    text = desk.registry.text().decode()
    assert 'surveillance_fps_per_camera{camera_id="a",location=""} 0.0' in text
    assert 'surveillance_fps_per_camera{camera_id="b",location=""} 25.0' in text


def test_a_worker_that_is_back_is_believed_at_once(desk):
    desk.cameras(camera())
    desk.sample(status())
    desk.state.worker_lost("camera-a")
    desk.sample(status(), producer="camera-a")
    assert desk.state.statuses["a"].status == "active"


def test_a_former_worker_that_goes_does_not_mark_a_camera_that_has_moved(desk):
    desk.cameras(camera())
    desk.sample(status(), producer="cameras-01")
    desk.sample(status(), producer="cameras-02")
    desk.heard()
    desk.state.worker_lost("cameras-01")
    assert desk.heard() == []
    assert desk.state.statuses["a"].status == "active"


def test_the_rate_of_analysis_comes_from_the_vision_worker_and_stays(desk):
    desk.cameras(camera())
    desk.sample(status())
    desk.state.take_sample(
        "vision-1", Sample(measurements=(Level("surveillance_analysed_fps", ("a",), 4.5),))
    )
    desk.sample(status(received_fps=24.0))
    known = desk.state.statuses["a"]
    assert (known.analysed_fps, known.received_fps) == (4.5, 24.0)
    assert desk.state.producers["a"] == "camera-a"


def test_rings_are_announced_when_they_change_and_only_then(desk):
    desk.cameras(camera(), camera("b", detect=False))
    desk.sample(status(ring=RING), status("b", ring=RING))
    desk.sample(status(ring=RING), status("b", ring=RING))
    assert [rings for rings in desk.rings if rings] == [[("a", "r1")]]
    del desk.rings[:]
    desk.sample(status(ring=msgspec.structs.replace(RING, name="r2")))
    assert desk.rings == [[("a", "r2")]]
    desk.state.worker_lost("camera-a")
    assert desk.rings[-1] == []


@pytest.mark.parametrize(
    ("cameras", "enabled", "state"),
    [
        ((camera(),), True, "loading"),
        ((camera(),), False, "disabled"),
        ((camera(detect=False),), True, "disabled"),
        ((camera(enabled=False),), True, "disabled"),
        ((), True, "disabled"),
    ],
)
def test_without_a_camera_to_watch_the_detector_is_off(desk, cameras, enabled, state):
    desk.cameras(*cameras, detection=DetectionSettings(enabled=enabled))
    assert desk.state.model.state == state


def test_the_detector_is_news_once_and_broken_when_its_worker_goes(desk):
    desk.cameras(camera())
    ready = ModelStatus(state="ready", detail="", name="nano")
    desk.heard()
    desk.sample(model=ready)
    desk.sample(model=ready)
    assert desk.heard() == [ModelChanged(model=ready)]
    desk.state.vision_lost()
    (notice,) = desk.heard()
    assert (notice.model.state, notice.model.name) == ("broken", "nano")


def test_a_detector_that_is_switched_off_is_not_broken(desk):
    desk.cameras(camera(), detection=DetectionSettings(enabled=False))
    desk.state.vision_lost()
    assert desk.state.model.state == "disabled"


def row(name="camera-a", restarts=0, state="running"):
    return {
        "name": name, "role": "camera", "state": state, "pid": 1, "restarts": restarts,
        "uptime_s": 1.0, "memory_bytes": 100,
    }  # fmt: skip


def test_restarts_are_counted_from_the_first_look_and_series_of_gone_processes_leave(desk):
    def restarts():
        return [
            line.rpartition(" ")[2]
            for line in desk.registry.text().decode().splitlines()
            if line.startswith('surveillance_process_restarts_total{process="camera-a"}')
        ]

    desk.state.take_processes([row(restarts=7)])
    assert restarts() in ([], ["0.0"])
    desk.state.take_processes([row(restarts=9)])
    assert restarts() == ["2.0"]
    desk.state.take_processes([row(restarts=0)])  # a supervisor that began anew
    assert restarts() == ["2.0"]
    desk.state.take_processes([row("hub")])
    assert restarts() == []
    assert b'process="camera-a"' not in desk.registry.text()


def test_a_desk_that_joins_is_told_everything_in_the_order_of_the_settings(desk):
    desk.cameras(camera("z"), camera("a"))
    cameras, model = desk.state.welcome()
    assert [s.camera_id for s in cameras.cameras] == ["z", "a"]
    assert model == ModelChanged(model=desk.state.model)
