"""The nightly work on records, on a real journal and database: counted, signed, let go, rebuilt."""

import os
import threading

import msgspec
import pytest

import engine.journal.journal as journal_module
from engine.base.clock import SystemClock
from engine.hub.record_keeper import is_due
from engine.journal.journal import Entry, Journal
from engine.journal.parts import find_parts
from engine.journal.reader import read_records
from engine.journal.verify import verify_journal
from engine.store.checkpoint import find_checkpoints
from engine.store.day_counts import DAY_US, choose_days_to_count, day_of, start_of
from nvr_app.contract.events import MotionEnded, SegmentClosed, SystemNoted
from tests.support.history import history
from tests.support.record_threads import RecordThreads, table_rows

NOW = SystemClock().wall_us()
MINUTE_US = 60_000_000


@pytest.fixture
def make_engine(tmp_path):
    made = []

    def make(**more):
        made.append(RecordThreads(tmp_path, **more))
        return made[-1]

    yield make
    for engine in made:
        engine.stop()


def closed(start, end):
    return SegmentClosed(
        wall_us=end, camera_id="a", segment_id=f"r-{start}", root="main", path=f"a/{start}.mp4",
        start_wall_us=start, end_wall_us=end, size_bytes=100, frames=1, keyframes=1,
    )  # fmt: skip


def motion(start):
    return MotionEnded(
        wall_us=start, camera_id="a", event_id=f"m{start}", start_wall_us=start, end_wall_us=start,
        peak=0.1,
    )  # fmt: skip


def test_a_day_is_counted_once_and_shares_what_reaches_over_midnight(make_engine):
    engine = make_engine()
    midnight = start_of(day_of(NOW)) - DAY_US
    engine.take(
        [closed(midnight - 40_000_000, midnight + 20_000_000),
         closed(midnight + 20_000_000, midnight + 80_000_000),
         motion(midnight - 1), motion(midnight), motion(midnight + 5)]
    )  # fmt: skip
    assert engine.keeper.count_days() == 2
    engine.settle()
    rows = engine.index.store.reader().records.counted_days("2000-01-01", "2999-01-01")
    before, day = rows[-2:]
    assert (before.recorded_s, before.size_bytes, before.events) == (40.0, 100, {"motion": 1})
    assert (day.recorded_s, day.size_bytes, day.events) == (80.0, 100, {"motion": 2})
    assert day.day == day_of(midnight)
    engine.take([motion(midnight + 9)])
    assert engine.keeper.count_days() == 0


def test_nights_of_work_and_a_lost_database_change_no_answer(make_engine, monkeypatch):
    monkeypatch.setattr(journal_module, "SEAL_BYTES", 3_000)
    keep = dict.fromkeys(("media", "events", "system"), 5 * DAY_US)
    engine, facts = make_engine(keep_us=keep), history()
    for start in range(0, len(facts), 60):
        engine.take(facts[start : start + 60])
        for path in engine.journal_dir.glob("*.payload.zst"):
            os.utime(path, (0, 0))
        engine.work()
    assert len(find_checkpoints(engine.journal_dir)) == 3
    engine.stop()
    before = table_rows(engine.database)
    report = verify_journal(engine.journal_dir)
    assert report.faults == ()
    assert report.dropped_payloads > 50
    (engine.folder / "events.duckdb").unlink()
    again = make_engine()
    again.settle()
    again.stop()
    assert table_rows(engine.database) == before


def test_nothing_goes_before_two_sound_checkpoints_hold_it(make_engine, monkeypatch):
    monkeypatch.setattr(journal_module, "SEAL_BYTES", 3_000)
    engine = make_engine()
    facts = history()
    for start in range(0, len(facts), 60):
        engine.take(facts[start : start + 60])
    for path in engine.journal_dir.glob("*.payload.zst"):
        os.utime(path, (0, 0))
    keep = {"media": DAY_US}
    engine.keeper.sign()
    engine.settle()
    assert engine.keeper.drop_payloads(keep) == 0
    engine.take([motion(NOW)])
    engine.keeper.sign()
    path = find_checkpoints(engine.journal_dir)[0] / "segments.parquet"
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    assert engine.keeper.drop_payloads(keep) == 0
    assert "segments.parquet" in engine.keeper.fault
    path.write_bytes(data)
    assert engine.keeper.drop_payloads(keep) > 20


def test_a_missing_key_is_said_once_and_loses_nothing(make_engine):
    from nvr_app.errors import UserError

    def no_key():
        raise UserError("the key of secrets.enc is missing")

    engine = make_engine(seed=no_key)
    engine.take([motion(NOW)])
    assert not engine.keeper.work()
    assert not engine.keeper.work()
    engine.settle()
    notes = [r for r in read_records(engine.journal_dir) if r.kind == "system_noted"]
    assert len(notes) == 1
    assert b"secrets.enc is missing" in notes[0].payload


def test_facts_of_several_threads_keep_their_order(make_engine):
    engine = make_engine()

    def tell():
        for _ in range(50):
            engine.journal.note(SystemNoted(wall_us=NOW, source="x", severity="info", text="t"))

    threads = [threading.Thread(target=tell) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.settle()
    assert sum(r.kind == "system_noted" for r in read_records(engine.journal_dir)) == 400


@pytest.mark.parametrize(
    ("minutes_after_midnight", "last", "due"),
    [
        (21, -1, True),
        (19, -23 * 60, False),
        (19, -1_000_000, True),
        (21, 20, False),
        (23 * 60, 21, False),
        (24 * 60 + 20, 21, True),
    ],
)
def test_a_night_is_worked_once(minutes_after_midnight, last, due):
    midnight = start_of("2026-03-01")
    now_us = midnight + minutes_after_midnight * MINUTE_US
    assert is_due(now_us, midnight + last * MINUTE_US) is due


def test_days_to_count_have_ended_a_while_ago():
    midnight = start_of("2026-03-01")
    assert choose_days_to_count(midnight + 5, back=2, settle_us=10) == ["2026-02-26", "2026-02-27"]
    assert choose_days_to_count(midnight + 10, back=2, settle_us=10) == ["2026-02-27", "2026-02-28"]


def test_damaged_and_newer_payloads_stop_neither_journal_nor_index(make_engine):
    engine = make_engine()
    engine.take([motion(NOW), motion(NOW + 1)])
    engine.stop()
    path = find_parts(engine.journal_dir)[-1].payload_path("events")
    data = bytearray(path.read_bytes())
    data[40:60] = bytes(20)
    path.write_bytes(bytes(data))
    journal = Journal(engine.journal_dir, SystemClock())
    journal.open()
    newer = msgspec.msgpack.encode(
        {"site": "s", "node": "n", "producer": "p", "number": 3, "fact": {"kind": "of_tomorrow"}}
    )
    journal.append([Entry("of_tomorrow", "events", NOW, newer)])
    journal.close()
    engine.database.unlink()
    again = make_engine()
    assert again.number == 3, "the number of a newer program's fact is not given again"
    again.take([motion(NOW + 2)])
    again.stop()
    assert len(table_rows(again.database)["events"]) == 2
    (fault,) = verify_journal(again.journal_dir).faults
    assert "does not fit its hash" in fault
