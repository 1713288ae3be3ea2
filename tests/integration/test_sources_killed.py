"""Camera workers killed at random and at every step of the segment procedure.

The real worker runs as the supervisor would start it; a real engine then takes over what is left
and everything must be proven: journal, disk and index agree, and no hole is unexplained.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import textwrap
import time

import pytest

from engine.base.program import child_argv
from engine.media.segment_probe import measure_segment
from engine.recording.segment_path import parse_segment_path
from nvr_app.composition import EngineIdentity, build_table
from nvr_app.contract.config import CameraSettings, RecordingSettings
from tests.support.engine_process import Engine
from tests.support.patience import BUSY, PATIENCE_S

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="POSIX signals"),
]

KILLS = 20
SEED = 20261124

# Runs the worker with SIGKILL waiting before or after one call of one function.
_DOOMED = textwrap.dedent("""
    import os, signal, sys
    place, when, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    sys.argv = sys.argv[:1]
    import engine.recording.disk_writer as disk_writer
    from engine.recording.open_book import OpenBook
    from nvr_app.launch import run_child

    owner, _, name = place.rpartition(".")
    writer = disk_writer.DiskWriter
    target = {"os": os, "module": disk_writer, "writer": writer, "book": OpenBook}[owner]
    kept = getattr(target, name)
    seen = [0]

    def doomed(*arguments, **options):
        if name != "open" or str(arguments[0]).endswith(".mp4"):
            seen[0] += 1
            if seen[0] == count and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            answer = kept(*arguments, **options)
            if seen[0] == count:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer
        return kept(*arguments, **options)

    setattr(target, name, doomed)
    sys.exit(run_child("camera"))
""")

STEPS = [
    ("os.open", "before", 1),  # in the book, not created
    ("os.open", "after", 1),  # created, empty, not announced
    ("book._write", "before", 1),
    ("book._write", "after", 1),
    ("writer._write_all", "before", 1),  # announced, empty
    ("writer._write_all", "after", 1),  # a header without pictures
    ("writer._write_all", "after", 2),
    ("os.fdatasync", "before", 1),
    ("os.fdatasync", "after", 1),
    ("os.fsync", "before", 1),
    ("os.fsync", "after", 1),
    ("module.sync_folder", "after", 1),
    ("writer._close", "before", 1),
    ("writer._close", "after", 1),  # closed, its successor not begun
    ("book._write", "before", 2),  # closed in the journal, open in the book
]


class Site:
    """A data folder with cameras whose workers are started by hand."""

    def __init__(self, root, clip, count=1):
        cameras = [
            CameraSettings(id=f"c{n}", kind="sim", main=str(clip), motion=False, detect=False)
            for n in range(count)
        ]
        recording = RecordingSettings(segment_s=60, sync_s=0.3, floor_free_bytes=0)
        self.engine = Engine(root, cameras, recording=recording)
        self.count = count
        self.log = root / "worker.log"
        identity = EngineIdentity(instance_id="x", version="0", health_port=0)
        self.messages = {}
        for row in build_table(self.engine.folder, identity):
            if row.role == "camera":
                message = row.start_message()
                # Shorter than an admin may choose: every step then comes soon.
                message["recording"]["segment_s"] = 2
                self.messages[row.name.removeprefix("camera-")] = json.dumps(message)

    def worker(self, camera_id, *argv):
        with self.log.open("a") as log:
            process = subprocess.Popen(
                list(argv) or child_argv("camera"),
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log, text=True,
            )  # fmt: skip
        process.stdin.write(self.messages[camera_id] + "\n")
        process.stdin.flush()
        return process

    def files(self):
        return sorted(self.engine.folder.recordings.rglob("*.mp4"))

    def footage_end_us(self, files):
        """Where the last of these files ends, read from the file itself; 0 for no files."""
        ends_us = [0]
        for path in files:
            name = parse_segment_path(path.relative_to(self.engine.folder.recordings).as_posix())
            measured_us = measure_segment(path).duration_us if path.stat().st_size else 0
            ends_us.append(name.start_wall_us + measured_us)
        return max(ends_us)

    def take_over(self):
        """The engine adopts, records on and stops; the report of `nvr check --hash`."""
        self.engine.start()
        self.engine.until(lambda: self.engine.recording() == self.count, "all to record")
        self.engine.until(
            lambda: sum(
                not one["end_wall_us"]
                for one in self.engine.json("/api/v1/recordings?limit=1000")["segments"]
                        ) <= self.count,
            "everything to be adopted",
        )  # fmt: skip
        self.engine.stop()
        return self.engine.check("--hash")


def end(process):
    process.kill()
    process.wait(PATIENCE_S)
    process.stdin.close()


@pytest.fixture
def site(tmp_path, clip):
    made = []

    def make(count=1):
        made.append(Site(tmp_path / "data", clip, count))
        return made[-1]

    yield make
    for one in made:
        one.engine.close()


def gaps_of(engine):
    import duckdb

    with duckdb.connect(str(engine.folder.database), read_only=True) as base:
        return base.execute(
            "SELECT start_wall_us, end_wall_us, reason FROM gaps ORDER BY start_wall_us"
        ).fetchall()


def assert_index_agrees(engine):
    """What the database calls recorded is on the disk, byte by byte, and nothing else is."""
    import duckdb

    with duckdb.connect(str(engine.folder.database), read_only=True) as base:
        rows = base.execute("SELECT path, size_bytes, state FROM segments").fetchall()
    place = engine.folder.recordings
    on_disk = {
        path.relative_to(place).as_posix(): path.stat().st_size for path in place.rglob("*.mp4")
    }
    assert {path: size for path, size, state in rows if state == "closed"} == on_disk
    assert {state for *_, state in rows} <= {"closed", "gone"}


def wait_for_a_file(site, before):
    deadline = time.monotonic() + PATIENCE_S
    while not set(site.files()) - before:
        assert time.monotonic() < deadline, site.log.read_text()
        time.sleep(0.02)


def test_twenty_kills_in_quick_succession(site):
    chance = random.Random(SEED)
    one = site()
    losses_s = []
    for turn in range(KILLS):
        before = set(one.files())
        process = one.worker("c0")
        # By turns in the midst of its start, and while it records, well into its second segment.
        if turn % 2:
            wait_for_a_file(one, before)
            time.sleep(chance.uniform(0, 2.5))
        else:
            time.sleep(chance.uniform(0.2, 0.8))
        process.kill()
        killed_us = time.time_ns() // 1_000
        end(process)
        if new := set(one.files()) - before:
            losses_s.append((killed_us - one.footage_end_us(new)) / 1e6)
    code, report = one.take_over()
    assert (code, report["is_sound"]) == (0, True), str(report)
    assert report["open_segments"] == []
    assert len(losses_s) >= KILLS // 2
    assert_index_agrees(one.engine)
    gaps = gaps_of(one.engine)
    assert len(set(gaps)) == len(gaps)
    assert {reason for *_, reason in gaps} <= {"crashed"}
    losses_s.sort()
    # Most of them keep the promise on any machine; where it has no time for us, a few may not.
    assert losses_s[len(losses_s) * 3 // 4] <= 1.0, losses_s
    assert losses_s[-1] <= 1.0 * BUSY, losses_s


def doom(site, first, some):
    """Run workers until each has killed itself at its step; their exit codes."""
    running = {
        f"c{first + n}": site.worker(
            f"c{first + n}", sys.executable, "-P", "-c", _DOOMED, *map(str, step)
        )
        for n, step in enumerate(some)
    }
    deadline = time.monotonic() + PATIENCE_S
    codes = {}
    for camera_id, process in running.items():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, deadline - time.monotonic()))
        codes[camera_id] = process.returncode
        end(process)
    return codes


def test_killed_at_each_step_of_the_segment_procedure(site):
    one = site(count=len(STEPS))
    codes = {}
    for first in range(0, len(STEPS), 5):
        codes |= doom(one, first, STEPS[first : first + 5])
    assert set(codes.values()) == {-9}, (codes, one.log.read_text())
    code, report = one.take_over()
    assert (code, report["is_sound"]) == (0, True), str(report)
    assert report["open_segments"] == []
    assert_index_agrees(one.engine)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("mount") is None,
    reason="mounting a small file system needs root",
)
def test_a_disk_that_fills_up_in_mid_segment_keeps_what_it_has(site, tmp_path):
    one = site()
    place = one.engine.folder.recordings
    keep = {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()}
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(place)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        for name, content in keep.items():
            (place / name).write_bytes(content)
        one.engine.start()
        one.engine.until(lambda: one.engine.recording() == 1, "the camera to record")
        ballast = place / "ballast.bin"
        free = shutil.disk_usage(place).free
        ballast.write_bytes(bytes(max(0, free - 60_000)))
        status = one.engine.statuses
        one.engine.until(lambda: status()["c0"]["status"] == "unwritable", "the full disk")
        full = status()["c0"]
        assert "No space left" in full["detail"]
        assert not full["recording"]
        time.sleep(2)
        ballast.unlink()
        one.engine.until(lambda: one.engine.recording() == 1, "recording to go on")
        time.sleep(2)
        metrics = one.engine.ask("/metrics")[1].decode()
        assert 'surveillance_storage_errors_total{kind="record"}' in metrics
        one.engine.stop()
        assert gaps_of(one.engine)
        code, report = one.engine.check("--hash")
        assert (code, report["is_sound"]) == (0, True), str(report)
    finally:
        one.engine.close()
        subprocess.run(["umount", str(place)], check=True)
