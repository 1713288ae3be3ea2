"""The words of the status bar, and that none of them widens the window."""

from __future__ import annotations

import pytest

from nvr_app.contract.api import SystemStatus
from nvr_app.contract.status import CameraStatus, ModelStatus
from ui.shell.status_bar import StatusBar
from ui.shell.words import bytes_text, uptime_text

READY = ModelStatus(state="ready", detail="yolox on the CPU", inference_ms_p50=14.2)


def camera(camera_id, *, recording=True, status="active"):
    return CameraStatus(
        camera_id=camera_id, name=camera_id.upper(), location="", status=status,
        since_wall_us=0, recording=recording,
    )  # fmt: skip


def system(free=0.26):
    return SystemStatus(
        site="s", node="n", version="1", instance_id="i", uptime_s=22_320, cameras=2, recording=2,
        disk_total_bytes=1_000_000_000_000, disk_free_bytes=int(free * 1e12), cpu_percent=61.4,
        roots=(), processes=(), model=READY,
    )  # fmt: skip


@pytest.fixture
def bar(qtbot, theme):
    made = StatusBar()
    qtbot.addWidget(made)
    made.show()
    return made


def told(label):
    return label.text(), label.property("tone")


def test_all_recorded_is_plain(bar):
    bar.set_cameras([camera("a"), camera("b")])
    assert told(bar._recording) == ("Recording 2 of 2", "text")
    assert bar._recording.toolTip() == ""


def test_one_missing_is_critical_and_named(bar):
    bar.set_cameras([camera("a"), camera("b", recording=False, status="lost")])
    assert told(bar._recording) == ("Recording 1 of 2", "critical")
    assert bar._recording.toolTip() == "Not recording: B"


def test_a_camera_paused_by_somebody_is_no_alarm(bar):
    bar.set_cameras([camera("a"), camera("b", recording=False, status="paused")])
    assert told(bar._recording) == ("Recording 1 of 2", "text")


def test_the_colour_is_the_themes(bar, theme):
    bar.set_cameras([camera("a", recording=False)])
    assert bar._recording.palette().windowText().color().name() == theme.critical


def test_out_of_reach_nothing_old_is_claimed(bar):
    bar.set_cameras([camera("a")])
    bar.set_system(system())
    bar.set_connection("The engine closed the line; next try in 0.5 s")
    assert told(bar._recording) == ("Engine not reachable", "critical")
    assert bar._detector.text() == "The engine closed the line; next try in 0.5 s"
    bar.set_cameras([camera("a")])
    bar.set_system(system())
    bar.set_detector(READY, 5)
    assert told(bar._recording) == ("Engine not reachable", "critical")
    assert bar._disk.text() == bar._engine.text() == bar._cpu.text() == ""
    bar.set_connection("")
    bar.set_cameras([camera("a")])
    bar.set_detector(READY, 38.4)
    assert told(bar._recording) == ("Recording 1 of 1", "text")
    assert bar._detector.text() == "AI 38 fps, 14 ms"


def test_room_uptime_and_load_are_figures_for_people(bar):
    bar.set_system(system())
    assert told(bar._disk) == ("Disk 26 % free", "")
    assert bar._disk.toolTip() == "260 GB free of 1.0 TB"
    assert bar._engine.text() == "Engine up 6 h 12 min"
    assert bar._cpu.text() == "CPU 61 %"


def test_little_room_is_critical(bar):
    bar.set_system(system(free=0.049))
    assert told(bar._disk) == ("Disk 5 % free", "critical")


@pytest.mark.parametrize(
    ("state", "text", "tone"),
    [
        ("missing", "No detection model installed", "warn"),
        ("broken", "The detection model is broken", "warn"),
        ("disabled", "Detection is switched off", ""),
        ("loading", "Detector is starting", ""),
    ],
)
def test_why_nothing_is_recognised(bar, state, text, tone):
    bar.set_detector(ModelStatus(state=state, detail="a reason"), 0)
    assert told(bar._detector) == (text, tone)
    bar.repaint()
    assert bar._detector.toolTip() == "a reason"


def test_a_long_sentence_is_cut_and_its_whole_text_the_tool_tip(bar, qtbot):
    sentence = "no room at the end " * 40
    bar.resize(900, bar.height())
    bar.set_connection(sentence)
    bar.show_message(sentence)
    assert bar.minimumSizeHint().width() < 400
    qtbot.waitUntil(lambda: bar._message.toolTip() == sentence)
    assert bar._detector.toolTip() == sentence
    bar.set_connection("short")
    bar.show_message("short")
    qtbot.waitUntil(lambda: bar._message.toolTip() == "")
    assert bar._detector.toolTip() == ""


def test_a_real_engine_fills_it(window, qtbot):
    bar = window.status_bar
    qtbot.waitUntil(lambda: bar._recording.text() == "Recording 2 of 2")
    qtbot.waitUntil(lambda: bar._engine.text().startswith("Engine up "))
    assert bar._disk.text().startswith("Disk ")
    assert bar._detector.text() == "Detection is switched off"


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1_500, "1.5 kB"), (81_400_000_000, "81 GB"), (2e18, "2000 PB")],
)
def test_sizes(size, text):
    assert bytes_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(40, "40 s"), (725, "12 min"), (22_320, "6 h 12 min"), (3_564_000, "41 d 6 h")],
)
def test_times(seconds, text):
    assert uptime_text(seconds) == text
