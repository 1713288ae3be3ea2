"""A stretch of time, merged by the database: nothing that was recorded or missed is left out."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.journal.payload import JournalledFact
from engine.store.store import Store
from engine.store.timeline import TimelineQuestion
from nvr_app.contract.audit_facts import BookmarkSet
from nvr_app.contract.custody_facts import FootageProtected, ProtectionEnded
from nvr_app.contract.events import GapEnded, MotionEnded, SegmentClosed, SegmentGone, TrackEnded
from nvr_app.contract.geometry import Box

S = 1_000_000
T0 = 1_767_225_600 * S
DAY = 86_400 * S


@pytest.fixture
def index(tmp_path):
    store = Store(tmp_path / "x.duckdb")
    store.open()
    yield lambda *facts: applied(store, facts)
    store.close()


def applied(store, facts):
    store.apply(
        [
            (n, JournalledFact(site="s", node="n", producer="p", number=1, fact=fact))
            for n, fact in enumerate(facts, store.applied_seq + 1)
        ]
    )
    return store.reader()


def closed(n, start, end, camera_id="a"):
    return SegmentClosed(
        wall_us=end, camera_id=camera_id, segment_id=f"{camera_id}-{n}", root="main",
        path=f"{camera_id}/{n}.mp4", start_wall_us=start, end_wall_us=end, size_bytes=1, frames=1,
        keyframes=1,
    )  # fmt: skip


def motion(n, start, end, camera_id="a"):
    return MotionEnded(
        wall_us=end, camera_id=camera_id, event_id=f"{camera_id}{n}", start_wall_us=start,
        end_wall_us=end, peak=0.5,
    )  # fmt: skip


def track(n, start, end, label="person"):
    return TrackEnded(
        wall_us=end, camera_id="a", event_id=f"t{n}", label=label, score=0.5,
        start_wall_us=start, end_wall_us=end, hits=3, path=(), best_box=Box(0, 0, 1, 1),
        best_wall_us=start, snapshot="", model="m",
    )  # fmt: skip


def gap(start, end, reason="camera_lost"):
    return GapEnded(wall_us=end, camera_id="a", start_wall_us=start, end_wall_us=end, reason=reason)


def ask(reader, *cameras, step=1):
    return reader.timeline(
        TimelineQuestion(
            camera_ids=cameras or ("a", "b"), start_us=T0, end_us=T0 + DAY, step_us=step,
            now_us=T0 + DAY,
        )
    )  # fmt: skip


def spans(rows):
    return [(row.start_wall_us - T0, row.end_wall_us - T0, row.what) for row in rows]


def test_segments_in_a_row_are_one_span_by_camera_and_gone_ones_none(index):
    reader = index(
        closed(1, T0, T0 + 60 * S), closed(2, T0 + 60 * S + 40_000, T0 + 120 * S),
        closed(1, T0 + 5, T0 + 60 * S, "b"), closed(3, T0 + 200 * S, T0 + 260 * S),
        closed(4, T0 + 900 * S, T0 + 960 * S), closed(1, T0, T0 + S, "c"),
        SegmentGone(wall_us=T0, camera_id="a", segment_id="a-4", reason="expired"),
    )  # fmt: skip
    line = ask(reader)
    assert set(line) == {"a", "b"}
    assert spans(line["a"].recorded) == [
        (0, 120 * S, "recorded"), (200 * S, 260 * S, "recorded"),
    ]  # fmt: skip
    assert spans(line["b"].recorded) == [(5, 60 * S, "recorded")]
    assert spans(ask(reader, "c")["c"].recorded) == [(0, S, "recorded")]


def test_a_gap_of_less_than_a_pixel_is_told_with_its_reason(index):
    reader = index(
        closed(1, T0, T0 + 60 * S), closed(2, T0 + 65 * S, T0 + 120 * S),
        gap(T0 + 60 * S, T0 + 65 * S), gap(T0 + 200 * S, T0 + 300 * S, "storage"),
    )  # fmt: skip
    line = ask(reader, step=60 * S)["a"]
    assert spans(line.recorded) == [(0, 120 * S, "recorded")]
    assert spans(line.gaps) == [
        (60 * S, 65 * S, "camera_lost"), (200 * S, 300 * S, "storage"),
    ]  # fmt: skip


def test_a_label_that_comes_later_is_known_by_the_same_reader(index):
    reader = index(motion(1, T0, T0 + 5 * S), track(1, T0, T0 + 9 * S))
    assert spans(ask(reader)["a"].events) == [(0, 9 * S, "person")]
    index(track(2, T0 + 2 * S, T0 + 3 * S, "car"), gap(T0, T0 + S), motion(7, T0, T0 + S, "z"))
    line = ask(reader)["a"]
    assert spans(line.events) == [(0, 9 * S, "person"), (2 * S, 3 * S, "car")]
    assert spans(line.motion) == [(0, 5 * S, "motion")]
    assert spans(line.gaps) == [(0, S, "camera_lost")]


def test_marks_of_all_cameras_and_of_one_and_none_that_were_lifted(index):
    def mark(name, *cameras):
        return BookmarkSet(
            wall_us=T0, bookmark_id=name, camera_ids=cameras, start_wall_us=T0 + S,
            end_wall_us=T0 + S, title=name, actor="x",
        )  # fmt: skip

    def protect(name, until=None):
        return FootageProtected(
            wall_us=T0, protection_id=name, start_wall_us=T0, end_wall_us=T0 + S,
            until_wall_us=until, reason=name, actor="x",
        )  # fmt: skip

    reader = index(
        mark("all"), mark("only-b", "b"), protect("kept"), protect("over", T0 + 2 * S),
        protect("lifted"),
        ProtectionEnded(wall_us=T0, protection_id="lifted", reason="r", actor="x"),
    )  # fmt: skip
    line = ask(reader)
    assert [row.what for row in line["a"].bookmarks] == ["all"]
    assert [row.what for row in line["b"].bookmarks] == ["all", "only-b"]
    assert [row.what for row in line["a"].protected] == ["kept"]


@settings(max_examples=10, deadline=None)
@given(
    lengths=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 90)), max_size=25),
    resolution_s=st.sampled_from([1, 7, 60, 600]),
)
def test_merging_loses_no_motion_and_adds_no_more_than_the_resolution(
    tmp_path_factory, lengths, resolution_s
):
    store = Store(tmp_path_factory.mktemp("x") / "x.duckdb")
    store.open()
    facts, at = [], T0
    for n, (pause_s, length_s) in enumerate(lengths):
        at += pause_s * S
        facts.append(motion(n, at, at + length_s * S))
        at += length_s * S // 2
    found = ask(applied(store, facts), "a", step=resolution_s * S)["a"].motion
    store.close()
    for fact in facts:
        assert any(
            row.start_wall_us <= fact.start_wall_us and fact.end_wall_us <= row.end_wall_us
            for row in found
        )
    assert {row.start_wall_us for row in found} <= {fact.start_wall_us for fact in facts}
    assert {row.end_wall_us for row in found} <= {fact.end_wall_us for fact in facts}
    for earlier, later in pairwise(found):
        assert later.start_wall_us - earlier.end_wall_us > resolution_s * S
