"""Facts of custody in the index: what they say of a row depends on their order."""

import pytest

from engine.base.clock import SystemClock
from engine.journal.payload import JournalledFact, retention_class_of
from engine.store.store import Store
from nvr_app.contract.audit_facts import (
    BookmarkRemoved,
    BookmarkSet,
    DayCounted,
    EventsAnonymised,
    EventsDeleted,
    ExportAsked,
    ExportEnded,
    JournalSigned,
    RetentionRan,
)
from nvr_app.contract.custody_facts import (
    ClipGone,
    ClipKept,
    FootageProtected,
    ProtectionEnded,
    RootChanged,
    SegmentGarbage,
    SegmentMoved,
)
from nvr_app.contract.events import MotionEnded, SegmentClosed, SegmentGone, SegmentOpened

S = 1_000_000
NOW = SystemClock().wall_us()


def opened(n):
    return SegmentOpened(
        wall_us=NOW, camera_id="a", segment_id=f"r-{n}", run_id="r", root="hot",
        path=f"a/{n}.mp4", start_wall_us=NOW + n, codec="h264", width=640, height=360,
        has_audio=False,
    )  # fmt: skip


def closed(n):
    return SegmentClosed(
        wall_us=NOW, camera_id="a", segment_id=f"r-{n}", root="hot", path=f"a/{n}.mp4",
        start_wall_us=NOW + n, end_wall_us=NOW + n + 60 * S, size_bytes=100, frames=9,
        keyframes=1, content_hash="aa",
    )  # fmt: skip


def moved(n, root="warm", codec=""):
    return SegmentMoved(
        wall_us=NOW, camera_id="a", segment_id=f"r-{n}", root=root, path=f"a/{n}.mp4",
        size_bytes=60, content_hash="bb", reason="tier", codec=codec,
    )  # fmt: skip


def garbage(n, root="hot"):
    return SegmentGarbage(
        wall_us=NOW, camera_id="a", segment_id=f"r-{n}", root=root, path=f"a/{n}.mp4",
        reason="expired",
    )  # fmt: skip


def gone(n, root="hot", path=None):
    return SegmentGone(
        wall_us=NOW, camera_id="a", segment_id=f"r-{n}", reason="expired", root=root,
        path=f"a/{n}.mp4" if path is None else path,
    )  # fmt: skip


def motion(event_id, start, camera_id="a"):
    return MotionEnded(
        wall_us=start, camera_id=camera_id, event_id=event_id, start_wall_us=start,
        end_wall_us=start + S, peak=0.5,
    )  # fmt: skip


@pytest.fixture(params=[1, 3, 1000], ids=lambda n: f"batches of {n}")
def index(request, tmp_path):
    """Applies facts in batches of several sizes: what is in the end must not depend on it."""
    store = Store(tmp_path / "x.duckdb")
    store.open()

    def apply(*facts):
        first = store.applied_seq + 1
        numbered = [
            (first + n, JournalledFact(site="s", node="n", producer="p", number=first + n, fact=f))
            for n, f in enumerate(facts)
        ]
        for start in range(0, len(numbered), request.param):
            store.apply(numbered[start : start + request.param])
        return store

    yield apply
    store.close()


def rows(store, sql):
    return store._opened().execute(sql).fetchall()


SEGMENTS = (
    "SELECT segment_id, root, state, size_bytes, content_hash, codec FROM segments ORDER BY 1"
)


def test_a_move_makes_the_old_place_garbage_whether_or_not_that_is_said(index):
    """A worker that is killed between the two facts leaves no file that nobody knows."""
    store = index(opened(1), closed(1), moved(1))
    assert rows(store, "SELECT segment_id, root, path, reason FROM garbage") == [
        ("r-1", "hot", "a/1.mp4", "moved")
    ]
    index(garbage(1), moved(1))  # told twice: it lies there already
    assert rows(store, "SELECT root, reason FROM garbage") == [("hot", "expired")]
    assert rows(store, SEGMENTS) == [("r-1", "warm", "closed", 60, "bb", "h264")]


def test_a_moved_segment_goes_on_at_its_new_place_when_the_old_one_is_gone(index):
    store = index(opened(1), closed(1), moved(1), garbage(1), gone(1))
    assert rows(store, SEGMENTS) == [("r-1", "warm", "closed", 60, "bb", "h264")]
    assert rows(store, "SELECT count(*) FROM garbage") == [(0,)]


def test_between_move_and_unlink_the_old_place_is_garbage_and_the_segment_is_not(index):
    store = index(opened(1), closed(1), moved(1, codec="hevc"), garbage(1))
    assert rows(store, SEGMENTS) == [("r-1", "warm", "closed", 60, "bb", "hevc")]
    assert rows(store, "SELECT segment_id, root FROM garbage") == [("r-1", "hot")]


def test_a_deleted_segment_is_garbage_first_and_gone_then(index):
    store = index(opened(1), closed(1), opened(2), closed(2), garbage(1), garbage(2), gone(2))
    states = [(row[0], row[2]) for row in rows(store, SEGMENTS)]
    assert states == [("r-1", "garbage"), ("r-2", "gone")]
    assert rows(store, "SELECT segment_id FROM garbage") == [("r-1",)]


def test_a_segment_without_a_place_is_gone_wherever_it_lay(index):
    store = index(opened(1), closed(1), moved(1), gone(1, root="", path=""))
    assert rows(store, SEGMENTS)[0][2] == "gone"


def test_a_segment_that_moved_twice_lies_at_the_last_place(index):
    store = index(opened(1), closed(1), moved(1), garbage(1), gone(1), moved(1, "cold"),
                  garbage(1, "warm"), gone(1, "warm"))  # fmt: skip
    assert rows(store, SEGMENTS)[0][1:3] == ("cold", "closed")


def test_rules_meet_the_events_told_before_them_alone(index):
    store = index(
        motion("old", NOW - 100 * S), motion("other", NOW - 100 * S, "b"),
        EventsDeleted(wall_us=NOW, start_wall_us=0, end_wall_us=NOW - 50 * S, camera_id="a",
                      reason="asked", actor="x"),
        motion("late", NOW - 100 * S), motion("new", NOW),
    )  # fmt: skip
    left = rows(store, "SELECT event_id FROM events ORDER BY 1")
    assert left == [("late",), ("new",), ("other",)]


def test_anonymised_events_are_still_counted(index):
    store = index(
        motion("old", NOW - 100 * S),
        EventsAnonymised(wall_us=NOW, start_wall_us=0, end_wall_us=NOW, reason="time", actor="x"),
    )
    assert rows(store, "SELECT label, snapshot, best_box FROM events") == [("motion", "", [])]


def test_protections_and_bookmarks_are_changed_and_lifted(index):
    protect = FootageProtected(
        wall_us=NOW, protection_id="p1", camera_ids=("a", "b"), start_wall_us=NOW,
        end_wall_us=NOW + S, reason="theft", actor="x",
    )  # fmt: skip
    mark = BookmarkSet(
        wall_us=NOW, bookmark_id="b1", start_wall_us=NOW, end_wall_us=NOW, title="t", actor="x"
    )
    store = index(
        protect, mark, BookmarkRemoved(wall_us=NOW, bookmark_id="b1", actor="x"), mark,
        ProtectionEnded(wall_us=NOW + S, protection_id="p1", reason="done", actor="x"),
    )  # fmt: skip
    kept = "SELECT protection_id, camera_ids, until_wall_us, lifted_wall_us FROM protections"
    assert rows(store, kept) == [("p1", ["a", "b"], None, NOW + S)]
    assert rows(store, "SELECT bookmark_id, camera_ids FROM bookmarks") == [("b1", [])]
    index(protect)
    assert rows(store, kept) == [("p1", ["a", "b"], None, None)]


def test_the_rest_of_the_audit_has_its_rows(index):
    clip = ClipKept(
        wall_us=NOW, clip_id="c1", event_id="e1", camera_id="a", path="clips/a/c1.mp4",
        start_wall_us=NOW, end_wall_us=NOW + S, size_bytes=5, content_hash="cc",
    )  # fmt: skip
    day = DayCounted(
        wall_us=NOW, camera_id="a", day="2026-01-01", recorded_s=1.5, gap_s=0.5, size_bytes=7,
        events={"person": 2},
    )  # fmt: skip
    store = index(
        clip, ClipGone(wall_us=NOW, clip_id="c1", camera_id="a", reason="expired"), clip, day, day,
        ExportAsked(wall_us=NOW, export_id="x1", camera_ids=("a",), start_wall_us=NOW,
                    end_wall_us=NOW + S, folder="f", actor="x"),
        ExportEnded(wall_us=NOW, export_id="x1", state="done", files=2, size_bytes=9),
        RetentionRan(wall_us=NOW, category="raw_video", items=3, size_bytes=8),
        RootChanged(wall_us=NOW, root="hot", state="missing", detail="gone"),
        JournalSigned(wall_us=NOW, up_to_seq=5, head="hh", key_id="k", signature="s"),
    )  # fmt: skip
    assert rows(store, "SELECT clip_id FROM clips") == [("c1",)]
    assert rows(store, "SELECT recorded_s, events FROM day_counts") == [(1.5, '{"person":2}')]
    assert rows(store, "SELECT state, files FROM exports") == [("done", 2)]
    assert rows(store, "SELECT items, is_emergency FROM retention_runs") == [(3, False)]
    assert rows(store, "SELECT root, state FROM root_states") == [("hot", "missing")]
    assert rows(store, "SELECT up_to_seq, head FROM journal_heads") == [(5, "hh")]


def test_payloads_lie_with_those_of_their_time():
    assert retention_class_of(garbage(1)) == "media"
    assert retention_class_of(RetentionRan(wall_us=1, category="x", items=0, size_bytes=0)) == (
        "audit"
    )
    assert retention_class_of(motion("m", 1)) == "events"
