"""Full and failing disks below journal and database: what was told before is there afterwards."""

import errno
import os
import time

import pytest

from engine.journal.reader import read_records
from engine.journal.verify import verify_journal
from engine.store.checkpoint import checkpoints_folder, find_checkpoints
from engine.store.errors import StoreError
from engine.store.repair import rebuild_database
from nvr_app.contract.events import TrackEnded
from nvr_app.contract.geometry import Box
from tests.support.history import history
from tests.support.record_threads import RecordThreads, table_rows
from tests.support.small_disk import fill, mounted

S = 1_000_000
PATIENCE_S = 60


def until(condition, what):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def tracks(first, count):
    """Facts with some weight."""
    return [
        TrackEnded(
            wall_us=n * S, camera_id="a", event_id=f"e{n}", label="person", score=0.5,
            start_wall_us=n * S, end_wall_us=n * S + S, hits=3, path=(), best_box=Box(0, 0, 1, 1),
            best_wall_us=n * S, snapshot=f"clips/{os.urandom(400).hex()}.jpg", model="m",
        )
        for n in range(first, first + count)
    ]  # fmt: skip


@pytest.fixture
def make(tmp_path):
    made = []

    def start(folder=tmp_path / "data", database=None):
        folder.mkdir(exist_ok=True)
        made.append(RecordThreads(folder, database))
        return made[-1]

    yield start
    for threads in made:
        threads.stop()


@pytest.fixture
def disk(tmp_path):
    with mounted(tmp_path / "disk", "size=12m") as disk:
        yield disk


def test_a_full_disk_of_the_database_holds_nobody_up_and_is_made_good(disk, make, tmp_path):
    threads = make(database=disk / "events.duckdb")
    threads.take(history()[:100])
    ballast = fill(disk)
    assert threads.submit(tracks(0, 4_000)).wait(PATIENCE_S), "the journal must not wait"
    until(lambda: threads.index.fault, "the index to say so")
    assert "journal" in threads.index.fault
    before = threads.index.store.applied_seq
    assert threads.submit(tracks(4_000, 100)).wait(PATIENCE_S)
    assert threads.index.store.applied_seq == before
    ballast.unlink()
    threads.settle()
    threads.stop()
    rows = table_rows(threads.database)
    assert len(rows["events"]) >= 4_100
    rebuilt = tmp_path / "again.duckdb"
    rebuild_database(threads.journal_dir, rebuilt, tmp_path / "keys")
    assert table_rows(rebuilt) == rows


def test_a_database_that_could_not_close_on_a_full_disk_opens_again(disk, make):
    threads = make(database=disk / "events.duckdb")
    threads.take(history()[:100])
    ballast = fill(disk)
    threads.submit(tracks(0, 3_000)).wait(PATIENCE_S)
    until(lambda: threads.index.fault, "the index to say so")
    threads.stop()
    ballast.unlink()
    again = make(database=disk / "events.duckdb")
    again.settle()
    again.stop()
    assert len(table_rows(again.database)["events"]) >= 3_000
    assert list(disk.glob("*.bad-*")) == []


def test_a_full_disk_of_the_journal_loses_nothing_that_was_told(disk, make, tmp_path):
    threads = make(disk, tmp_path / "events.duckdb")
    threads.take(history()[:100])
    ballast = fill(disk)
    waiting = threads.submit(tracks(0, 3_000))
    until(lambda: threads.journal.fault, "the journal to say so")
    assert "free space" in threads.journal.fault
    assert not waiting.is_set()
    assert verify_journal(threads.journal_dir).faults == ()
    told = sum(1 for _ in read_records(threads.journal_dir))
    assert told >= 100
    ballast.unlink()
    assert waiting.wait(PATIENCE_S), "what waited must be taken"
    threads.settle()
    threads.stop()
    report = verify_journal(threads.journal_dir)
    assert (report.faults, report.records) == ((), told + 3_000)


def test_a_checkpoint_that_does_not_fit_is_none_and_the_head_is_signed_alone(disk, make, tmp_path):
    threads = make(disk, tmp_path / "events.duckdb")
    threads.take(history())
    threads.work()
    (first,) = find_checkpoints(threads.journal_dir)
    threads.take(tracks(0, 3_000))
    ballast = fill(disk)
    os.truncate(ballast, ballast.stat().st_size - 300_000)  # the journal has room, Parquet has not
    assert not threads.keeper.work()
    assert "checkpoint" in threads.keeper.fault
    threads.settle()
    assert find_checkpoints(threads.journal_dir) == [first]
    assert [path.name for path in checkpoints_folder(threads.journal_dir).iterdir()] == [first.name]
    kinds = [record.kind for record in read_records(threads.journal_dir)]
    assert kinds.count("journal_signed") == 2
    ballast.unlink()
    threads.work()
    assert len(find_checkpoints(threads.journal_dir)) == 2
    assert threads.keeper.fault == ""


def test_a_rebuild_that_does_not_fit_leaves_the_old_database(disk, make, tmp_path):
    threads = make(database=disk / "events.duckdb")
    threads.take(history() + tracks(0, 2_000))
    threads.stop()
    rows = table_rows(threads.database)
    fill(disk)
    with pytest.raises(StoreError):
        rebuild_database(threads.journal_dir, threads.database, tmp_path / "keys")
    assert table_rows(threads.database) == rows


def test_a_sync_that_fails_takes_the_group_back_and_writes_it_again(make, monkeypatch):
    """After EIO the kernel may call lost pages clean: only writing them anew saves them."""
    threads = make()
    threads.take(history()[:50])
    real, failures = os.fsync, [0]

    def failing(descriptor):
        if failures[0] < 3:
            failures[0] += 1
            raise OSError(errno.EIO, "Input/output error")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    assert threads.submit(tracks(0, 50)).wait(PATIENCE_S)
    assert failures[0] == 3
    threads.settle()
    threads.stop()
    report = verify_journal(threads.journal_dir)
    assert (report.faults, report.records) == ((), 100)
    assert len(table_rows(threads.database)["events"]) >= 50
