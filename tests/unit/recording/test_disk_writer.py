"""The disk side of recording on real file systems that are slow, full or silent."""

import hashlib
import threading
import time

import pytest

from engine.base.clock import SystemClock
from engine.base.measures import Measures
from engine.base.spool import Spool
from engine.recording.disk_writer import DiskLimits, DiskWriter, WorkerDisks
from engine.recording.root_board import RootBoard
from engine.recording.root_start import RootStart
from engine.recording.root_usage import UsageBook
from engine.recording.segment_file import SegmentEnd, SegmentFile
from engine.recording.segment_path import SegmentName
from engine.recording.storage_root import prepare_roots, root_of
from nvr_app.contract.events import SegmentClosed, SegmentOpened
from tests.support.disks import image_disk, memory_disk, needs_root
from tests.support.patience import PATIENCE_S

MIB = 1024**2
START_US = 1_795_000_000_000_000
CHUNK = bytes(range(256)) * 256  # 64 KiB


class Site:
    """One camera's writer on the given folders; what it posts is read back from its spool."""

    def __init__(self, tmp_path, *folders, buffer_bytes=64 * MIB):
        clock = SystemClock()
        starts = [RootStart(name=f.name, path=str(f), identity="") for f in folders]
        roots = prepare_roots(starts, tmp_path / "roots.json")
        usage = UsageBook(tmp_path, clock)
        self.board = RootBoard(map(root_of, roots), clock, usage.usages)
        self.spool = Spool(tmp_path / "test.spool")
        self.spool.start()
        self.books = []
        self.owed = []
        self.disk = DiskWriter(
            "cam", WorkerDisks(self.board, usage),
            DiskLimits(buffer_bytes=buffer_bytes, sync_s=0.2),
            self.spool, self.books.append, clock, Measures(), self.owed.append,
        )  # fmt: skip
        self.board.start()
        self.disk.start()

    def open(self, number=1):
        name = SegmentName("cam", START_US, "0123abcd", number)

        def opened(root):
            return SegmentOpened(
                wall_us=START_US, camera_id="cam", segment_id=name.segment_id, run_id="0123abcd",
                root=root.name, path=name.path(), start_wall_us=START_US, codec="h264",
                width=1, height=1, has_audio=False,
            )  # fmt: skip

        segment = SegmentFile(opened=opened, path=name.path())
        self.disk.open(segment)
        return segment

    def close_segment(self, segment):
        self.disk.close_segment(
            segment, SegmentEnd(end_wall_us=START_US + 99_000_000, frames=9, keyframes=1)
        )

    def facts(self, kind):
        return [n.fact for n in self.spool.pending(0, 1000) if isinstance(n.fact, kind)]

    def stop(self):
        self.disk.stop()
        assert self.disk.join(PATIENCE_S)
        self.board.stop()
        self.spool.close()


def until(condition, site=None):
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        if site is not None:
            site.disk.watch()
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("waited in vain")


@pytest.fixture
def nas(tmp_path):
    disk = image_disk(tmp_path / "nas", tmp_path / "nas.img")
    yield disk
    disk.close()


@needs_root
def test_a_slow_disk_is_waited_for_in_memory_told_and_nothing_is_lost(tmp_path, nas):
    """Each write and sync meets a disk that stands still for half a second, again and again."""
    site = Site(tmp_path, nas.path, buffer_bytes=8 * MIB)
    done = threading.Event()

    def stand_still():
        while not done.is_set():
            nas.freeze()
            time.sleep(0.5)
            nas.thaw()
            time.sleep(0.05)

    brake = threading.Thread(target=stand_still)
    segment = site.open()
    until(lambda: segment.root is not None)
    brake.start()
    most = 0
    try:
        for number in range(150):
            site.disk.write(segment, CHUNK, START_US + number)
            most = max(most, site.disk.pending_bytes)
            site.disk.watch()
            time.sleep(0.01)
    finally:
        done.set()
        brake.join()
    assert most > MIB, "it waited in memory"
    assert site.disk.is_slow
    assert segment.failure == ""
    site.close_segment(segment)
    site.stop()
    (closed,) = site.facts(SegmentClosed)
    content = (nas.path / segment.path).read_bytes()
    assert content == CHUNK * 150
    assert closed.size_bytes == len(content)
    assert closed.content_hash == hashlib.blake2b(content, digest_size=32).hexdigest()
    assert site.disk.pending_bytes == 0


@needs_root
def test_what_waited_when_the_bound_was_reached_is_still_written(tmp_path, nas):
    site = Site(tmp_path, nas.path, buffer_bytes=MIB)
    segment = site.open()
    until(lambda: segment.root is not None)
    nas.freeze()
    try:
        for number in range(40):
            site.disk.write(segment, CHUNK, START_US + number)
    finally:
        nas.thaw()
    assert "too slow: 1 MiB wait in memory, the bound is reached" in segment.failure
    site.close_segment(segment)
    site.stop()
    (closed,) = site.facts(SegmentClosed)
    assert (nas.path / segment.path).read_bytes() == CHUNK * 16
    assert closed.size_bytes == MIB


@needs_root
def test_a_file_whose_creation_hangs_is_made_elsewhere_with_all_its_bytes(tmp_path, nas):
    (tmp_path / "local").mkdir()
    site = Site(tmp_path, nas.path, tmp_path / "local")
    site.board.wait_for_first_looks(PATIENCE_S)
    nas.freeze()
    try:
        segment = site.open()
        for number in range(10):
            site.disk.write(segment, CHUNK, START_US + number)
        until(lambda: segment.root is not None and segment.size_bytes == 10 * len(CHUNK), site)
        assert segment.root.name == "local"
    finally:
        nas.thaw()
    site.close_segment(segment)
    until(lambda: not any(nas.path.rglob("*.mp4")), site)
    until(lambda: site.books[-1].open == ())
    site.stop()
    assert [fact.root for fact in site.facts(SegmentOpened)] == ["local"]
    assert (tmp_path / "local" / segment.path).read_bytes() == CHUNK * 10


@needs_root
def test_a_full_disk_keeps_whole_fragments_and_says_how_far_they_reach(tmp_path):
    small = memory_disk(tmp_path / "small", 2)
    try:
        site = Site(tmp_path, small.path)
        segment = site.open()
        for number in range(64):
            site.disk.write(segment, CHUNK, START_US + number * 1_000_000)
        until(lambda: segment.is_broken)
        assert "No space left" in segment.failure
        assert site.board.trouble(segment.root).startswith("storage root small")
        site.close_segment(segment)
        site.stop()
        (closed,) = site.facts(SegmentClosed)
        whole = closed.size_bytes // len(CHUNK)
        assert 0 < whole < 64
        assert (small.path / segment.path).read_bytes() == CHUNK * whole
        assert closed.end_wall_us == START_US + (whole - 1) * 1_000_000
    finally:
        small.close()


def test_a_quota_that_this_worker_uses_up_is_known_at_once(tmp_path):
    (tmp_path / "a").mkdir()
    site = Site(tmp_path, tmp_path / "a")
    segment = site.open()
    site.disk.write(segment, CHUNK, START_US)
    until(lambda: segment.size_bytes == len(CHUNK))
    (state,) = site.board.states()
    assert state.used_bytes == len(CHUNK)
    site.close_segment(segment)
    site.stop()
