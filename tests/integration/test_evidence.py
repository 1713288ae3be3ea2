"""Evidence on a real engine: marks, protections, exports in the chores worker, events as files."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nvr_app.contract.timebase import iso_utc
from nvr_app.evidence.verifier import verify_export


def post(engine, path, **body):
    status, answer = engine.ask(path, method="POST", body=json.dumps(body).encode(), timeout=30)
    return status, json.loads(answer)


def now_us():
    return time.time_ns() // 1000


@pytest.fixture
def recorder(engine, sim_cameras):
    """An engine with two cameras that has recorded some closed segments."""
    running = engine(sim_cameras(2, motion=False)).start()
    begun = now_us()
    running.until(lambda: closed(running) == {"a", "b"}, "a closed segment of each")
    return running, begun


def closed(engine):
    found = engine.json("/api/v1/recordings")["segments"]
    return {one["camera_id"] for one in found if one["state"] == "closed"}


def ended(engine, export_id):
    view = engine.json(f"/api/v1/exports/{export_id}")
    return view if view["state"] in {"done", "failed", "cancelled"} else None


def until_ended(engine, export_id):
    engine.until(lambda: ended(engine, export_id), "the export to end", 60)
    return ended(engine, export_id)


def test_export_of_what_was_recorded_and_is_being_recorded(recorder, tmp_path):
    engine, begun = recorder
    key = engine.json("/api/v1/exports/key")
    asked = {
        "camera_ids": ["a", "b"], "start": iso_utc(begun), "end": iso_utc(now_us()),
        "folder": str(tmp_path / "stick"), "reason": "theft",
    }  # fmt: skip
    status, forecast = post(engine, "/api/v1/exports/forecast", **asked)
    assert status == 200
    assert not forecast["fault"]
    assert forecast["size_bytes"] > 1_000
    assert [camera["camera_id"] for camera in forecast["cameras"]] == ["a", "b"]
    assert all(camera["recorded_s"] > 0 for camera in forecast["cameras"]), forecast
    status, view = post(engine, "/api/v1/exports", **asked)
    assert status == 202, view
    done = until_ended(engine, view["export_id"])
    assert done["state"] == "done", done
    assert done["done_bytes"] == done["total_bytes"] == done["size_bytes"] > 1_000
    verdict = verify_export(tmp_path / "stick" / done["place"].rpartition("/")[2],
                            expected_key_id=key["key_id"])  # fmt: skip
    assert verdict.is_intact
    manifest = verdict.manifest
    assert (manifest.site, manifest.node, manifest.reason) == ("works", "box1", "theft")
    assert manifest.journal.seq > 0
    assert len(manifest.journal.head) == 64
    checks = {s.check for file in manifest.files for s in file.sources}
    assert checks <= {"same", "open"}
    assert "open" in checks
    # the audit log has both
    _, report = engine.check()
    assert not report["journal"]["faults"]
    again, words = post(engine, f"/api/v1/exports/{view['export_id']}/resume")
    assert again == 409
    assert "complete" in words["error"]

    look_for_nothing(engine)
    fail_and_resume(engine, asked, tmp_path)
    encrypt(engine, asked, tmp_path)
    cancel(engine, asked | {"folder": str(tmp_path / "never")})
    survive_death(engine, asked | {"folder": str(tmp_path / "after")})
    export_by_command(engine, asked, tmp_path, key["key_id"])


def look_for_nothing(engine):
    status, words = post(
        engine, "/api/v1/exports", camera_ids=["a"], start="2020-01-01T00:00:00Z",
        end="2020-01-01T01:00:00Z",
    )  # fmt: skip
    assert status == 404
    assert "no footage from 2020-01-01T00:00:00.000Z" in words["error"]
    assert "the nearest begins 20" in words["error"]


def fail_and_resume(engine, asked, tmp_path):
    """Failed for want of its disk, resumed once it is there."""
    (tmp_path / "gone").write_text("a file where the disk should be")
    status, view = post(engine, "/api/v1/exports", **(asked | {"folder": str(tmp_path / "gone")}))
    assert status == 202
    failed = until_ended(engine, view["export_id"])
    assert failed["state"] == "failed"
    assert "resume" in failed["detail"]
    (tmp_path / "gone").unlink()
    status, _ = post(engine, f"/api/v1/exports/{view['export_id']}/resume")
    assert status == 202
    assert until_ended(engine, view["export_id"])["state"] == "done"


def encrypt(engine, asked, tmp_path):
    """With a password: one archive, and the password is nowhere."""
    _, view = post(engine, "/api/v1/exports", **asked, password="secret words")
    archive = until_ended(engine, view["export_id"])
    assert archive["state"] == "done", archive
    assert verify_export(tmp_path / "stick" / archive["place"].rpartition("/")[2],
                         password="secret words").is_intact  # fmt: skip
    journal = b"".join(p.read_bytes() for p in engine.folder.journal.rglob("*") if p.is_file())
    assert b"secret words" not in journal
    assert "secret words" not in engine.log()
    assert [e["state"] for e in engine.json("/api/v1/exports")["exports"]] == ["done"] * 3


def cancel(engine, asked):
    """What is cancelled leaves nothing, and can be asked for again."""
    worker = engine.children()["chores"]
    worker.suspend()
    _, view = post(engine, "/api/v1/exports", **asked)
    status, _ = post(engine, f"/api/v1/exports/{view['export_id']}/cancel")
    assert status == 202
    worker.resume()
    assert until_ended(engine, view["export_id"])["state"] == "cancelled"
    assert not list(Path(asked["folder"]).glob("*"))
    assert post(engine, f"/api/v1/exports/{view['export_id']}/cancel")[0] == 409
    assert post(engine, f"/api/v1/exports/{view['export_id']}/resume")[0] == 202
    assert until_ended(engine, view["export_id"])["state"] == "done"


def survive_death(engine, asked):
    """What was asked for before everything died is done afterwards."""
    engine.children()["chores"].suspend()
    _, plain = post(engine, "/api/v1/exports", **asked)
    _, secret = post(engine, "/api/v1/exports", **asked, password="secret words")
    engine.kill_everything()
    engine.start()
    assert until_ended(engine, plain["export_id"])["state"] == "done"
    failed = until_ended(engine, secret["export_id"])
    assert failed["state"] == "failed"
    assert "no longer has the password" in failed["detail"]
    path = f"/api/v1/exports/{secret['export_id']}/resume"
    assert post(engine, path)[0] == 409
    assert post(engine, path, password="secret words")[0] == 202
    assert until_ended(engine, secret["export_id"])["state"] == "done"


def export_by_command(engine, asked, tmp_path, key_id):
    """Through the engine, and once it is dead."""
    words = ["export", "--camera", "a", "--from", asked["start"], "--to", asked["end"]]
    through = nvr(engine, *words, "--out", tmp_path / "cli", "--json")
    assert through.returncode == 0, through.stderr
    assert verify_export(Path(json.loads(through.stdout)["place"])).is_intact
    engine.kill_everything()
    alone = nvr(engine, *words, "--out", tmp_path / "dead", "--json", "--burn-time")
    assert alone.returncode == 0, alone.stderr
    dead = verify_export(Path(json.loads(alone.stdout)["place"]), expected_key_id=key_id)
    assert dead.is_intact
    assert dead.manifest.burned_time
    assert len(dead.manifest.journal.head) == 64
    refused = nvr(engine, *words[:-1], "yesterday", "--out", tmp_path / "dead")
    assert refused.returncode == 1
    assert "--to: 'yesterday' is no time" in refused.stderr
    assert nvr(engine, "export", "--camera", "a").returncode == 1
    assert key_id in nvr(engine, "doctor").stdout


def nvr(engine, *words):
    return subprocess.run(
        [sys.executable, "-m", "nvr_app", "--data-dir", str(engine.folder.root), *map(str, words)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_marks_are_there_at_once_survive_a_restart_and_events_go_out_as_files(engine, sim_cameras):
    running = engine(sim_cameras(1)).start()
    at = now_us()
    status, mark = post(
        running, "/api/v1/bookmarks", start=iso_utc(at), title="  Blue van ", camera_ids=["a"]
    )
    assert status == 201, mark
    assert (mark["title"], mark["actor"]) == ("Blue van", "desk")
    assert mark["start_wall_us"] == mark["end_wall_us"]
    status, kept = post(
        running, "/api/v1/protections", start=iso_utc(at - 60_000_000), end=iso_utc(at),
        reason="police 24/117",
    )  # fmt: skip
    assert status == 201, kept
    assert running.json("/api/v1/bookmarks")["bookmarks"] == [mark]
    assert running.json("/api/v1/bookmarks?camera_id=b")["bookmarks"] == []
    assert running.json("/api/v1/protections?camera_id=a")["protections"] == [kept]
    running.stop()
    running.start()
    assert running.json("/api/v1/bookmarks")["bookmarks"] == [mark]
    status, _ = running.ask(f"/api/v1/bookmarks/{mark['bookmark_id']}", method="DELETE")
    assert status == 200
    assert running.json("/api/v1/bookmarks")["bookmarks"] == []
    path = f"/api/v1/protections/{kept['protection_id']}"
    assert running.ask(path, method="DELETE")[0] == 400
    assert running.ask(f"{path}?reason=case+closed", method="DELETE")[0] == 200
    assert running.ask(f"{path}?reason=again", method="DELETE")[0] == 400
    assert running.json("/api/v1/protections")["protections"] == []
    (ended_one,) = running.json("/api/v1/protections?all=true")["protections"]
    assert ended_one["lifted_wall_us"] > at
    # what contradicts itself is refused in words
    for path, body, words in (
        ("bookmarks", {"start": "soon", "title": "x"}, "is no time"),
        ("bookmarks", {"start": iso_utc(at), "title": " "}, "title must not be empty"),
        ("bookmarks", {"start": iso_utc(at), "title": "x", "camera_ids": ["z"]}, "'z'"),
        ("bookmarks", {"title": "x"}, "start"),
        ("protections", {"start": "2026-01-01", "end": "2025-01-01", "reason": "x"}, "before"),
        ("protections", {"start": "2026-01-01", "end": "2026-01-01", "reason": "x"}, "no time"),
        ("protections", {"start": "1", "end": "2", "reason": ""}, "reason must not be empty"),
        ("protections", {"start": "1", "end": "2", "reason": "x", "until": "3"}, "in the past"),
        ("exports", {"camera_ids": [], "start": "1", "end": "2"}, "names no camera"),
        ("exports", {"camera_ids": ["a"], "start": "1", "end": "1"}, "end must lie after"),
        ("exports", {"camera_ids": ["a"], "start": "1", "end": "2", "folder": "x"}, "whole path"),
        ("exports", {"camera_ids": ["a"], "start": "1", "end": "2",
                     "folder": str(running.folder.journal)}, "the recorder itself"),
        ("exports", {"camera_ids": ["a"], "start": "1", "end": "2", "password": "short"}, "8"),
        ("exports", {"camera_ids": ["a"], "start": "1", "end": "2",
                     "masks": [[0.5, 0, 0.2, 1]]}, "no region"),
        ("exports", {"camera_ids": ["a"], "start": "1", "end": "2", "colour": 1}, "colour"),
    ):  # fmt: skip
        status, answer = post(running, f"/api/v1/{path}", **body)
        assert status == 400, (path, body, answer)
        assert words in answer["error"], (path, body, answer)
    events_as_files(running)


def events_as_files(running):
    """CSV and JSON are what the pages say."""
    running.until(lambda: running.json("/api/v1/events?limit=1")["events"], "an event", 60)
    pages = running.json("/api/v1/events?limit=1000")["events"]
    status, body = running.ask("/api/v1/events.csv?kind=motion")
    assert status == 200
    rows = list(csv.DictReader(io.StringIO(body.decode())))
    assert {row["event_id"] for row in rows} >= {p["event_id"] for p in pages}
    assert rows[-1]["start"] == pages[-1]["start"]
    found = running.json("/api/v1/events.json?kind=motion")
    assert {p["event_id"] for p in pages} <= {one["event_id"] for one in found}
    assert running.json("/api/v1/events.json?camera_id=nobody") == []
    assert running.ask("/api/v1/events.csv?start=soon")[0] == 400
