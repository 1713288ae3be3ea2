"""Encoding anew as a chore: smaller and verified, or kept and remembered."""

import msgspec
import pytest

from engine.chores.errors import ChoreCancelledError
from engine.chores.reencode import reencode_footage
from engine.media.reencoder import EncodeTarget, encode_anew
from engine.media.same_footage import read_times
from engine.recording.content_hash import hash_file
from nvr_app.contract.chores import Footage, Place, ReencodeFootage
from tests.conftest import make_clip
from tests.support.chore_bench import ChoreBench

START = 1_769_848_200_000_000
PATH = "a/2026-01-31/08/1769848200000-9f3ac210-4.mp4"


@pytest.fixture
def site(tmp_path):
    made = ChoreBench(tmp_path / "data", roots=("hot",))
    yield made
    made.close()


@pytest.fixture
def footage(site):
    file = site.folder("hot") / PATH
    file.parent.mkdir(parents=True)
    make_clip(file, seconds=2, size=(192, 108))
    return Footage(
        place=Place("a", "9f3ac210-4", "hot", PATH, file.stat().st_size),
        start_wall_us=START, end_wall_us=START + 2_000_000, content_hash=hash_file(file),
    )  # fmt: skip


def chore(footage, **changes):
    values = {"codec": "hevc", "crf": 34, "preset": "ultrafast", "cpu_share": 8.0} | changes
    return ReencodeFootage(chore_id="c1", footage=footage, **values)


def counted(site):
    return {(m.name, *m.labels): m for m in site.measures.take()}


def test_the_smaller_file_takes_its_place_beside_the_old_one_which_goes(site, footage):
    old = site.folder("hot") / PATH
    before = read_times(old, pace=None)
    seen = []
    site.on_fact = lambda fact: seen.append((type(fact).__name__, old.exists()))
    reencode_footage(chore(footage), site.bench)
    site.settle()
    assert seen == [("SegmentMoved", True), ("SegmentGarbage", True), ("SegmentGone", False)]
    moved = site.facts[0]
    new = site.folder("hot") / moved.path
    assert moved.path == PATH.replace(".mp4", ".hevc.mp4")
    assert (moved.reason, moved.codec, moved.root) == ("reencoded", "hevc", "hot")
    assert (moved.size_bytes, moved.content_hash) == (new.stat().st_size, hash_file(new))
    assert read_times(new, pace=None).times_us == before.times_us
    assert moved.size_bytes < footage.place.size_bytes
    found = counted(site)
    saved = found["surveillance_reencode_saved_bytes", "hevc"].amount
    assert saved == footage.place.size_bytes - moved.size_bytes
    assert not (site.data_dir / "spool" / "reencode-attempt.json").exists()


def test_what_would_not_be_smaller_stays_and_is_remembered(site, footage):
    file, small = site.folder("hot") / PATH, site.data_dir / "small.mp4"
    encode_anew(file, small, EncodeTarget(codec="hevc", crf=45, preset="ultrafast"), lambda: None)
    small.replace(file)
    footage = msgspec.structs.replace(
        footage,
        place=Place("a", "9f3ac210-4", "hot", PATH, file.stat().st_size),
        content_hash=hash_file(file),
    )
    reencode_footage(chore(footage, crf=0), site.bench)
    (kept,) = site.settle()
    assert type(kept).__name__ == "SegmentKept"
    assert (kept.segment_id, kept.codec) == ("9f3ac210-4", "hevc")
    assert "it would take" in kept.reason
    assert hash_file(site.folder("hot") / PATH) == footage.content_hash
    assert [p.name for p in (site.folder("hot") / PATH).parent.iterdir()] == [
        PATH.rpartition("/")[2]
    ]
    assert ("surveillance_reencode_kept_segments", "hevc") in counted(site)


def test_footage_that_is_not_as_recorded_or_no_video_stays_and_counts_as_a_failure(site, footage):
    file = site.folder("hot") / PATH
    file.write_bytes(file.read_bytes() + b"!")
    reencode_footage(chore(footage), site.bench)
    assert "not as it was recorded" in site.settle()[0].reason
    file.write_bytes(b"junk" * 1000)
    reencode_footage(chore(msgspec.structs.replace(footage, content_hash="")), site.again())
    assert site.kinds() == ["SegmentKept", "SegmentKept"]
    assert counted(site)["surveillance_reencode_failures", "encoder"].amount == 2


def test_a_stop_leaves_the_original_and_nothing_else(site, footage):
    site.bench.cancel()
    with pytest.raises(ChoreCancelledError):
        reencode_footage(chore(footage), site.bench)
    assert site.settle() == []
    assert [p.name for p in (site.folder("hot") / PATH).parent.iterdir()] == [
        PATH.rpartition("/")[2]
    ]
    assert not (site.data_dir / "spool" / "reencode-attempt.json").exists()


def test_footage_that_ends_the_worker_twice_is_left_alone(site, footage):
    marker = site.data_dir / "spool" / "reencode-attempt.json"
    marker.write_bytes(
        msgspec.json.encode({"segment_id": "9f3ac210-4", "codec": "hevc", "deaths": 2})
    )
    reencode_footage(chore(footage), site.bench)
    (kept,) = site.settle()
    assert "ended the worker 2 times" in kept.reason
    assert not marker.exists()
