"""Start, stop, second start, death of any process: recording goes on and everything is proven."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.support.patience import BUSY, PATIENCE_S

BACK_S = 10 * BUSY
CHILD_TITLES = {"hub", "camera-a", "camera-b", "chores"}


def all_record(engine, count=2):
    engine.until(lambda: engine.recording() == count, f"{count} cameras to record")


def test_it_records_proves_it_and_stops_in_order(engine, sim_cameras, no_leftovers):
    one = engine(sim_cameras()).start()
    all_record(one)
    one.until(lambda: set(one.children()) == CHILD_TITLES, "its children")
    one.until(lambda: len(one.json("/api/v1/recordings")["segments"]) > 2, "a cut segment")
    pids = [process.pid for process in one.children().values()]
    assert one.stop() < 30
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert not list(one.folder.run.glob("*.json"))
    code, report = one.check("--hash")
    assert (code, report["is_sound"]) == (0, True)
    assert report["hashed"] == report["segments"] > 2
    assert report["open_segments"] == []


def test_a_second_engine_on_the_folder_is_refused_by_a_sentence(engine, sim_cameras):
    one = engine(sim_cameras(1)).start()
    done = subprocess.run(
        [sys.executable, "-m", "nvr_app", "--data-dir", str(one.folder.root), "engine"],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"(process {one.process.pid}, since 20" in done.stderr
    assert "Traceback" not in done.stderr
    assert one.ask("/health")[0] == 200


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("victim", ["camera-a", "hub"])
def test_a_killed_process_is_back_and_nothing_is_unexplained(engine, sim_cameras, victim):
    one = engine(sim_cameras()).start()
    all_record(one)
    time.sleep(2)
    before = one.children()
    grown = one.recorded_bytes("b")
    before[victim].kill()
    one.until(lambda: one.pid_of(victim) not in {None, before[victim].pid}, "its heir", BACK_S)
    one.until(lambda: one.recording() == 2, "both cameras to record again", BACK_S)
    assert all(one.pid_of(name) == before[name].pid for name in CHILD_TITLES - {victim})
    # The heir may be there before the next fragment of the other camera is due.
    one.until(lambda: one.recorded_bytes("b") > grown, "the other camera's fragment")
    time.sleep(2)
    one.stop()
    code, report = one.check("--hash")
    assert (code, report["is_sound"]) == (0, True), report
    assert f"{victim} died" in one.log()


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_children_of_a_killed_supervisor_close_their_segments_and_end(engine, sim_cameras):
    one = engine(sim_cameras()).start()
    all_record(one)
    time.sleep(2)
    children = list(one.children().values())
    one.process.kill()
    one.process.wait(PATIENCE_S)
    gone, alive = psutil.wait_procs(children, timeout=PATIENCE_S)
    assert alive == []
    assert len(gone) == len(CHILD_TITLES)
    one.start()
    one.until(lambda: one.recording() == 2, "both cameras to record again", BACK_S)
    one.stop()
    code, report = one.check("--hash")
    assert (code, report["is_sound"]) == (0, True), report


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_everything_killed_at_once_loses_less_than_a_second(engine, sim_cameras, no_leftovers):
    one = engine(sim_cameras()).start()
    for _ in range(2):
        all_record(one)
        begun_us = time.time_ns() // 1_000
        time.sleep(3.3)
        killed_us = time.time_ns() // 1_000
        one.kill_everything()
        one.start()
        all_record(one)

    def ends_us():
        """Where each camera's footage of the killed run ends; the index hears of it last."""
        killed = [
            segment
            for segment in one.json("/api/v1/recordings")["segments"]
            if segment["start_wall_us"] < killed_us
        ]
        if not all(segment["end_wall_us"] for segment in killed):
            return {}
        return {
            segment["camera_id"]: segment["end_wall_us"]
            for segment in killed
            if segment["end_wall_us"] > begun_us
        }

    one.until(lambda: set(ends_us()) == {"a", "b"}, "adoption")
    assert min(ends_us().values()) > killed_us - 1_000_000
    one.stop()
    code, report = one.check("--hash")
    assert (code, report["is_sound"]) == (0, True), report


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_frozen_hub_is_replaced_and_health_answers_meanwhile(engine, sim_cameras):
    one = engine(sim_cameras(1)).start()
    all_record(one, 1)
    hub = one.children()["hub"]
    supervisor = json.loads((one.folder.run / "supervisor.json").read_text())
    hub.send_signal(signal.SIGSTOP)
    import urllib.request

    started = time.monotonic()
    url = f"http://127.0.0.1:{supervisor['health_port']}/health"
    with urllib.request.urlopen(url, timeout=1 * BUSY) as answer:
        assert json.load(answer)["status"] == "alive"
    assert time.monotonic() - started < 1 * BUSY
    grown = one.recorded_bytes("a")
    one.until(lambda: not psutil.pid_exists(hub.pid), "the frozen hub to be ended")
    one.until(lambda: one.recording() == 1, "the new hub to answer")
    assert one.recorded_bytes("a") > grown


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_frozen_camera_worker_is_no_recording_camera(engine, sim_cameras):
    """Its channel stays open and the supervisor still waits for a heartbeat: the hub tells."""
    one = engine(sim_cameras()).start()
    all_record(one)
    frozen = one.children()["camera-a"]
    frozen.send_signal(signal.SIGSTOP)
    try:
        one.until(lambda: not one.statuses()["a"]["recording"], "the silence to be told")
        told = one.statuses()["a"]
    finally:
        frozen.send_signal(signal.SIGCONT)
    assert told["status"] == "lost"
    assert "has said nothing for" in told["detail"]
    assert one.statuses()["b"]["recording"]
    all_record(one)
    assert "Worker camera-a has said nothing for" in one.log()


def test_cameras_come_and_go_while_it_runs(engine, sim_cameras):
    cameras = sim_cameras(3)
    one = engine(cameras[:1]).start()
    all_record(one, 1)
    first = one.children()["camera-a"].pid
    one.save(cameras)
    assert one.ask("/api/v1/settings/reload", "POST")[0] == 202
    all_record(one, 3)
    assert one.children()["camera-a"].pid == first
    one.save(cameras[1:])
    one.ask("/api/v1/settings/reload", "POST")
    one.until(lambda: set(one.statuses()) == {"b", "c"}, "camera a to leave")
    one.until(lambda: "camera-a" not in one.children(), "its worker to leave")
    assert b'camera_id="a"' not in one.ask("/metrics")[1]


def test_a_pause_is_a_wanted_gap(engine, sim_cameras):
    one = engine(sim_cameras(1)).start()
    all_record(one, 1)
    time.sleep(1.5)
    asked_us = time.time_ns() // 1_000
    assert one.ask("/api/v1/cameras/a/pause", "POST")[0] == 200
    one.until(lambda: one.statuses()["a"]["status"] == "paused", "the pause")
    time.sleep(2.5)
    one.ask("/api/v1/cameras/a/resume", "POST")
    all_record(one, 1)
    back_us = time.time_ns() // 1_000
    one.until(lambda: one.json("/api/v1/recordings")["gaps"], "the gap record")
    (gap,) = one.json("/api/v1/recordings")["gaps"]
    assert gap["reason"] == "paused"
    length_us = gap["end_wall_us"] - gap["start_wall_us"]
    assert 1_500_000 < length_us < back_us - asked_us + 1_000_000
    one.stop()
    assert one.check()[0] == 0


def test_shutdown_over_the_api_is_an_orderly_stop(engine, sim_cameras):
    one = engine(sim_cameras(1)).start()
    all_record(one, 1)
    assert one.ask("/shutdown", "POST")[0] == 202
    assert one.process.wait(PATIENCE_S) == 0
    code, report = one.check("--hash")
    assert (code, report["open_segments"]) == (0, [])


def test_a_deleted_and_a_foreign_file_are_named_and_repaired(engine, sim_cameras, clip):
    one = engine(sim_cameras(1)).start()
    one.until(lambda: len(one.json("/api/v1/recordings")["segments"]) > 2, "segments")
    one.stop()
    files = sorted(one.folder.recordings.rglob("*.mp4"))
    files[0].unlink()
    changed = bytearray(files[1].read_bytes())
    changed[len(changed) // 2] ^= 1
    files[1].write_bytes(bytes(changed))
    orphan = files[1].with_name("1700000000000-0123abcd-1.mp4")
    orphan.write_bytes(clip.read_bytes())
    code, report = one.check("--hash")
    assert code == 1
    assert [item["path"] for item in report["missing"]] == [
        files[0].relative_to(one.folder.recordings).as_posix()
    ]
    assert [item["path"] for item in report["wrong_content"]] == [
        files[1].relative_to(one.folder.recordings).as_posix()
    ]
    assert [item["path"] for item in report["orphans"]] == [
        orphan.relative_to(one.folder.recordings).as_posix()
    ]
    code, report = one.check("--repair")
    assert (report["missing"], report["orphans"]) == ([], [])
    assert report["repaired"] == 2


def test_the_rebuilt_database_gives_the_same_answers(engine, sim_cameras):
    import duckdb

    one = engine(sim_cameras(2)).start()
    one.until(lambda: len(one.json("/api/v1/recordings")["segments"]) > 4, "segments")
    one.stop()
    database = one.folder.database

    def content():
        with duckdb.connect(str(database), read_only=True) as connection:
            return {
                table: sorted(connection.execute(f"FROM {table}").fetchall(), key=repr)
                for table in ("segments", "runs", "gaps", "events", "camera_states", "system_notes",
                              "producers", "meta")
            }  # fmt: skip

    before = content()
    assert len(before["segments"]) > 4
    database.unlink()
    code, report = one.check("--rebuild")
    assert code == 0
    assert report["rebuilt"]["records"] > 0
    assert content() == before
