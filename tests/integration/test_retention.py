"""Retention on a real engine: what is past its time goes, what is protected stays, it records."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from nvr_app.contract.config import StorageSettings
from nvr_app.contract.custody_facts import FootageProtected, ProtectionEnded
from nvr_app.contract.events import SegmentClosed, TrackEnded
from nvr_app.contract.geometry import Box
from nvr_app.contract.retention import RetentionPolicy, RetentionSettings
from tests.support.fact_teller import FactTeller

pytestmark = pytest.mark.timeout(180)

DAY_S = 86_400


def old_segment(one, number, *, days, camera="a", size=1000, below=None):
    """A file of the past and the fact that says so."""
    start = datetime.now(tz=UTC) - timedelta(days=days)
    start_us = int(start.timestamp()) * 1_000_000
    run = f"{number:08x}"
    path = f"{camera}/{start:%Y-%m-%d}/{start:%H}/{start_us // 1000:013d}-{run}-1.mp4"
    file = (below or one.folder.recordings) / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes(size))
    return file, SegmentClosed(
        wall_us=start_us, camera_id=camera, segment_id=f"{run}-1", root="main", path=path,
        start_wall_us=start_us, end_wall_us=start_us + 60_000_000, size_bytes=size, frames=1,
        keyframes=1, content_hash="0" * 64,
    )  # fmt: skip


def nvr(one, *words):
    done = subprocess.run(
        [sys.executable, "-m", "nvr_app", "--data-dir", str(one.folder.root), *words],
        capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done


def known(one, segment_ids):
    view = one.json("/api/v1/recordings?limit=5000")["segments"]
    return {s["segment_id"] for s in view} & set(segment_ids)


def test_what_is_past_its_time_goes_while_it_records(engine, sim_cameras):
    one = engine(
        sim_cameras(1),
        retention=RetentionSettings(raw_video=RetentionPolicy(retention_days=10)),
    ).start()
    one.until(lambda: one.recording() == 1, "the camera to record")
    one.until(lambda: one.pid_of("chores") is not None, "the chores worker")
    teller = FactTeller(one.folder.root)
    teller.start()
    made = [old_segment(one, n, days=days) for n, days in enumerate((30, 20, 11, 9, 15))]
    kept_us = made[4][1].start_wall_us
    for _, fact in made:
        teller.tell(fact)
    teller.tell(
        FootageProtected(
            wall_us=1, protection_id="p", start_wall_us=kept_us, end_wall_us=kept_us + 1,
            reason="court", actor="admin",
        )
    )  # fmt: skip
    ids = [fact.segment_id for _, fact in made]
    one.until(lambda: known(one, ids) == set(ids), "the index to know the past")

    dry = nvr(one, "retention", "run", "--dry-run", "--category", "raw_video", "--json")
    assert dry.returncode == 0, dry.stderr
    (report,) = json.loads(dry.stdout)
    assert (report["items"], report["size_bytes"], report["is_dry_run"]) == (3, 3000, True)
    assert [(s["camera_id"], s["why"]) for s in report["shares"]] == [("a", "past its time")]
    assert all(file.exists() for file, _ in made)

    done = nvr(one, "retention", "run")
    assert done.returncode == 0, done.stderr + done.stdout
    assert "3 items" in done.stdout
    assert [file.exists() for file, _ in made] == [False, False, False, True, True]
    assert not made[0][0].parent.parent.exists()  # its day is empty: the folder went too
    one.until(lambda: known(one, ids) == {ids[3], ids[4]}, "the index to follow")
    shown = nvr(one, "retention", "show")
    assert "3 items" in shown.stdout
    view = one.json("/api/v1/retention")
    assert view["garbage"] == 0
    last = {p["category"]: p["last"] for p in view["policies"]}
    assert (last["raw_video"]["items"], last["raw_video"]["failures"]) == (3, 0)
    assert next(p for p in view["policies"] if p["category"] == "raw_video")["next_run"]
    assert one.recording() == 1

    teller.tell(ProtectionEnded(wall_us=1, protection_id="p", reason="over", actor="admin"))
    one.until(lambda: nvr(one, "retention", "run", "--category", "raw_video").returncode == 0
              and not made[4][0].exists(), "the lifted footage to go")  # fmt: skip
    assert made[3][0].exists()
    metrics = one.ask("/metrics")[1].decode()
    assert 'surveillance_cleanup_deleted_items_total{category="raw_video"} 4.0' in metrics
    teller.close()
    one.stop()
    dry = nvr(one, "retention", "run", "--dry-run", "--json")
    by_category = {r["category"]: r for r in json.loads(dry.stdout)}
    assert by_category["raw_video"]["items"] == 0
    assert "no engine runs" in by_category["raw_video"]["detail"]
    assert nvr(one, "retention", "run").returncode == 1


def test_quotas_old_pictures_logs_and_leftovers(engine, sim_cameras):
    one = engine(
        sim_cameras(1, record=False, motion=False, quota_bytes=2500),
        retention=RetentionSettings(
            detection_metadata=RetentionPolicy(retention_days=5, action="anonymise"),
            system_logs=RetentionPolicy(retention_days=5),
        ),
    ).start()
    one.until(lambda: one.pid_of("chores") is not None, "the chores worker")
    teller = FactTeller(one.folder.root)
    teller.start()
    made = [old_segment(one, n, days=4 - n) for n in range(4)]
    for _, fact in made:
        teller.tell(fact)
    old_us = int((time.time() - 8 * DAY_S) * 1e6)
    day = datetime.fromtimestamp(old_us / 1e6, UTC)
    picture = one.folder.root / f"clips/snapshots/a/{day:%Y-%m-%d}/e1.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(bytes(500))
    teller.tell(
        TrackEnded(
            wall_us=old_us, camera_id="a", event_id="e1", label="person", score=0.9,
            start_wall_us=old_us, end_wall_us=old_us + 1, hits=3, path=(), best_box=Box(0, 0, 1, 1),
            best_wall_us=old_us, snapshot=picture.relative_to(one.folder.root).as_posix(),
            model="m",
        )
    )  # fmt: skip
    log = one.folder.logs / "engine.log.3"
    leftover = one.folder.config / ".nvr.toml.0a1b.tmp"
    for file in (log, leftover):
        file.write_bytes(bytes(10))
        stamp = time.time() - 6 * DAY_S
        os.utime(file, (stamp, stamp))
    ids = [fact.segment_id for _, fact in made]
    one.until(lambda: known(one, ids) == set(ids), "the index to know the past")
    one.until(lambda: one.json("/api/v1/events/e1").get("event"), "the event")
    done = nvr(one, "retention", "run", "--json")
    assert done.returncode == 0, done.stdout
    reports = {r["category"]: r for r in json.loads(done.stdout)}
    assert (reports["raw_video"]["items"], reports["raw_video"]["size_bytes"]) == (2, 2000)
    assert [file.exists() for file, _ in made] == [False, False, True, True]
    assert not picture.exists()
    assert not log.exists()
    assert not leftover.exists()
    assert (one.folder.logs / "engine.log").exists()
    one.until(lambda: one.json("/api/v1/events/e1")["event"]["snapshot"] == "", "to be anonymous")
    assert one.json("/api/v1/events/e1")["event"]["label"] == "person"
    again = json.loads(nvr(one, "retention", "run", "--json").stdout)
    assert sum(r["items"] for r in again) == 0
    teller.close()


def test_room_is_made_before_a_full_root_stops_the_recording(engine, sim_cameras, tmp_path):
    one = engine(
        sim_cameras(1),
        storage=(StorageSettings(name="main", path=str(tmp_path / "root"), quota_bytes=8_000_000),),
    )
    one.start()
    one.until(lambda: one.recording() == 1, "the camera to record")
    one.until(lambda: one.pid_of("chores") is not None, "the chores worker")
    teller = FactTeller(one.folder.root)
    teller.start()
    recordings = tmp_path / "root"

    def tell_old(number, days):
        file, fact = old_segment(one, number, days=days, size=1_500_000, below=recordings)
        teller.tell(fact)
        return file, fact

    made = [tell_old(number, 30 - number) for number in range(5)]
    oldest_us = made[0][1].start_wall_us
    protection = {"reason": "court", "start": oldest_us / 1e6, "end": oldest_us / 1e6 + 60}
    body = json.dumps({k: str(v) for k, v in protection.items()}).encode()
    status, answer = one.ask("/api/v1/protections", "POST", body=body, timeout=20)
    assert status == 201, answer
    one.until(lambda: not made[1][0].exists(), "room to be made", limit_s=90)
    assert made[0][0].exists()
    assert made[4][0].exists()
    one.until(
        lambda: any(run["is_emergency"] for run in one.json("/api/v1/retention")["recent"]),
        "the run to be told",
    )

    body = json.dumps({"reason": "all of it", "start": "1", "end": "4000000000"}).encode()
    assert one.ask("/api/v1/protections", "POST", body=body, timeout=20)[0] == 201
    protected = [file for file, _ in made if file.exists()]
    protected += [tell_old(number, 20 - number)[0] for number in range(10, 14)]
    one.until(lambda: one.json("/api/v1/retention")["faults"], "to be told of it", limit_s=90)
    (fault,) = one.json("/api/v1/retention")["faults"]
    assert "protected" in fault
    assert all(file.exists() for file in protected)
    teller.close()
