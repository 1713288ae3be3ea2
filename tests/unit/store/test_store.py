import os
import threading
import time

import duckdb
import pytest

from engine.base.clock import SystemClock
from engine.journal.payload import JournalledFact
from engine.store import schema
from engine.store.store import QueryTimeout, Store, StoreError
from nvr_app.contract.events import (
    CameraStateChanged,
    EngineStarted,
    GapEnded,
    MotionEnded,
    PathPoint,
    RunEnded,
    RunStarted,
    SegmentClosed,
    SegmentGone,
    SegmentOpened,
    SystemNoted,
    TrackEnded,
    TrackStarted,
)
from nvr_app.contract.geometry import Box
from tests.support.patience import BUSY

S = 1_000_000
NOW = SystemClock().wall_us()
FOREVER = 2**62


def numbered(*facts, producer="camera-a", first=1):
    return [
        (
            first + n,
            JournalledFact(site="s", node="n", producer=producer, number=first + n, fact=fact),
        )
        for n, fact in enumerate(facts)
    ]


def opened_fact(n=1, start=NOW):
    return SegmentOpened(
        wall_us=start, camera_id="a", segment_id=f"0011aabb-{n}", run_id="0011aabb", root="main",
        path=f"a/2026-01-01/00/{start // 1000:013d}-0011aabb-{n}.mp4", start_wall_us=start,
        codec="h264", width=640, height=360, has_audio=False,
    )  # fmt: skip


def closed_fact(n=1, start=NOW, adopted=False):
    return SegmentClosed(
        wall_us=start + 60 * S, camera_id="a", segment_id=f"0011aabb-{n}", root="main",
        path=f"a/2026-01-01/00/{start // 1000:013d}-0011aabb-{n}.mp4", start_wall_us=start,
        end_wall_us=start + 60 * S, size_bytes=1234, frames=900, keyframes=30, adopted=adopted,
    )  # fmt: skip


def track(event_id="e1", start=NOW):
    begun = TrackStarted(
        wall_us=start, camera_id="a", event_id=event_id, label="person", score=0.5,
        start_wall_us=start, frame_arrival_wall_us=start, box=Box(0.1, 0.2, 0.3, 0.4), model="m",
    )  # fmt: skip
    ended = TrackEnded(
        wall_us=start + 9 * S, camera_id="a", event_id=event_id, label="person", score=0.8,
        start_wall_us=start, end_wall_us=start + 8 * S, hits=20,
        path=(PathPoint(0, 0.1, 0.4), PathPoint(500, 0.2, 0.5)), best_box=Box(0.2, 0.2, 0.4, 0.6),
        best_wall_us=start + S, snapshot="clips/snapshots/a/x.jpg", model="m",
    )  # fmt: skip
    return begun, ended


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "events.duckdb")
    store.open()
    yield store
    store.close()


def test_a_segment_is_open_then_closed_then_gone(store):
    store.apply(numbered(opened_fact()))
    reader = store.reader()
    (row,) = reader.segments(0, FOREVER)
    assert (row.state, row.end_wall_us, row.run_id) == ("open", None, "0011aabb")
    store.apply(numbered(closed_fact(), first=2))
    (row,) = reader.segments(0, FOREVER, camera_id="a")
    assert (row.state, row.end_wall_us, row.size_bytes) == ("closed", NOW + 60 * S, 1234)
    gone = SegmentGone(wall_us=NOW, camera_id="a", segment_id="0011aabb-1", reason="missing")
    store.apply(numbered(gone, first=3))
    assert reader.segments(0, FOREVER) == []


@pytest.mark.parametrize("split", [True, False])
def test_start_and_end_make_one_row_in_one_batch_or_two(store, split):
    facts = [*track(), opened_fact(), closed_fact(), opened_fact(2, NOW + 60 * S)]
    batch = numbered(*facts)
    if split:
        for item in batch:
            store.apply([item])
    else:
        store.apply(batch)
    reader = store.reader()
    (event,) = reader.events(0, FOREVER)
    assert (event.label, event.score, event.end_wall_us) == ("person", 0.8, NOW + 8 * S)
    assert event.best_box == Box(0.2, 0.2, 0.4, 0.6)
    assert reader.event_path("e1") == [PathPoint(0, 0.1, 0.4), PathPoint(500, 0.2, 0.5)]
    assert [row.state for row in reader.segments(0, FOREVER)] == ["closed", "open"]
    assert reader.counts()["events"] == 1


def test_ends_without_a_known_start_are_kept(store):
    store.apply(numbered(track()[1], closed_fact(adopted=True)))
    reader = store.reader()
    assert reader.event("e1").end_wall_us == NOW + 8 * S
    assert [row.state for row in reader.segments(0, FOREVER)] == ["closed"]


def test_records_that_are_in_already_are_skipped(store):
    gap = GapEnded(
        wall_us=NOW, camera_id="a", start_wall_us=NOW, end_wall_us=NOW + S, reason="camera_lost"
    )
    batch = numbered(*track(), gap)
    store.apply(batch)
    store.apply(batch)
    store.apply(batch[1:])
    counts = store.reader().counts()
    assert (counts["events"], counts["gaps"]) == (1, 1)
    assert store.applied_seq == 3
    assert store.producers() == {"camera-a": 3}


def test_every_kind_of_fact_finds_its_table(store):
    store.apply(
        numbered(
            RunStarted(wall_us=NOW, camera_id="a", run_id="r", codec="h264", width=1, height=1,
                       anchor_wall_us=NOW),
            RunEnded(wall_us=NOW, camera_id="a", run_id="r", reason="lost"),
            CameraStateChanged(wall_us=NOW, camera_id="a", state="lost", detail="cable"),
            MotionEnded(wall_us=NOW, camera_id="a", event_id="m", start_wall_us=NOW,
                        end_wall_us=NOW + S, peak=0.2),
            SystemNoted(wall_us=NOW, source="x", severity="info", text="t"),
            EngineStarted(wall_us=NOW, instance_id="i", version="1"),
        )
    )  # fmt: skip
    counts = store.reader().counts()
    assert counts == {"events": 1, "segments": 0, "gaps": 0, "runs": 1, "camera_states": 1,
                      "system_notes": 2}  # fmt: skip
    (state,) = store.reader().camera_states(0, FOREVER)
    assert (state.state, state.detail) == ("lost", "cable")


def test_events_are_paged_newest_first_without_loss_or_double(store):
    facts = [track(f"e{n:03d}", NOW + (n // 3) * S)[1] for n in range(50)]
    store.apply(numbered(*facts))
    reader, seen, before = store.reader(), [], None
    while True:
        page = reader.events(0, FOREVER, limit=7, before=before)
        seen += [row.event_id for row in page]
        if len(page) < 7:
            break
        before = page[-1].start_wall_us, page[-1].event_id
    assert len(seen) == len(set(seen)) == 50
    assert seen == sorted(seen, reverse=True)
    assert reader.events(NOW + S, NOW + 2 * S, camera_id="a", kind="track", label="person")
    assert reader.events(NOW + S, NOW + 2 * S, camera_id="b") == []


def test_what_was_applied_survives_a_reopening_and_a_lost_process(tmp_path):
    path = tmp_path / "events.duckdb"
    store = Store(path)
    assert store.open().applied_seq == 0
    store.apply(numbered(*track()))
    store.close()
    assert path.with_name("events.duckdb.clean").exists()
    store = Store(path)
    assert store.open().applied_seq == 2
    assert not path.with_name("events.duckdb.clean").exists()
    store.apply(numbered(closed_fact(), first=3))
    pid = os.fork() if hasattr(os, "fork") else None
    if pid == 0:
        os._exit(0)  # a child that dies changes nothing of the file
    if pid:
        os.waitpid(pid, 0)
    store.close()


def test_a_damaged_file_is_set_aside_and_a_new_one_begun(tmp_path):
    path = tmp_path / "events.duckdb"
    store = Store(path)
    store.open()
    store.apply(numbered(*track()))
    store.close()
    path.with_name("events.duckdb.clean").unlink()
    data = bytearray(path.read_bytes())
    data[4096:20000] = os.urandom(20000 - 4096)
    path.write_bytes(bytes(data))
    store = Store(path)
    opening = store.open()
    assert opening.applied_seq == 0
    assert opening.quarantined is not None
    assert opening.quarantined.read_bytes() == bytes(data)
    store.apply(numbered(*track()))
    assert store.reader().counts()["events"] == 1
    store.close()


def test_a_long_query_is_ended(store):
    reader = store.reader()
    started = time.monotonic()
    with pytest.raises(QueryTimeout, match="longer than 2 s"):
        reader._ask("SELECT count(*) FROM range(10000000000) a, range(1000) b", [])
    assert time.monotonic() - started < 2 * BUSY
    assert reader.counts()["events"] == 0


def test_readers_in_threads_see_what_is_committed(store):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(store.reader().counts()["events"]))
        for _ in range(4)
    ]
    store.apply(numbered(*track()))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1, 1, 1, 1]


def test_nothing_outside_the_database_can_be_read(store, tmp_path):
    (tmp_path / "secret.csv").write_text("a\n1\n")
    reader = store.reader()
    with pytest.raises(StoreError):
        reader._ask(f"SELECT * FROM read_csv('{tmp_path / 'secret.csv'}')", [])
    with pytest.raises(StoreError):
        reader._ask("SET enable_external_access = true", [])


def test_every_migration_has_a_way_back(tmp_path):
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        newest = schema.migrate(connection, tmp_path / "x.duckdb")
        assert schema.schema_version(connection) == newest
        schema.downgrade(connection, 0)
        assert schema.schema_version(connection) == 0
        assert schema.migrate(connection, tmp_path / "x.duckdb") == newest


def test_a_database_of_a_newer_program_is_refused(tmp_path):
    path = tmp_path / "events.duckdb"
    store = Store(path)
    store.open()
    store.close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO schema_version VALUES (9999)")
    with pytest.raises(StoreError, match="update the program"):
        Store(path).open()


def test_a_store_is_opened_anew_while_readers_of_the_last_opening_live(tmp_path):
    store = Store(tmp_path / "x.duckdb", export_dir=tmp_path / "checkpoints")
    store.open()
    store.apply(numbered(closed_fact()))
    old, failed = store.reader(), []

    def ask_long():
        try:
            old._ask("SELECT count(*) FROM range(100000000) a, range(1000) b", [])
        except StoreError as error:
            failed.append(error)

    asking = threading.Thread(target=ask_long)
    asking.start()
    while not store._watch._running:
        time.sleep(0.01)
    store.close()
    store.open()
    assert len(store.reader().segments(0, FOREVER)) == 1
    asking.join(60)
    assert len(failed) == 1
    with pytest.raises(StoreError):
        old.segments(0, FOREVER)
    store.close()
