"""A stretch of time, merged by the database: nothing that was recorded or missed is left out."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.journal.payload import JournalledFact
from engine.store.store import Store
from nvr_app.contract.audit_facts import BookmarkSet
from nvr_app.contract.custody_facts import FootageProtected, ProtectionEnded
from nvr_app.contract.events import (
    GapEnded,
    MotionEnded,
    SegmentClosed,
    SegmentGone,
    SegmentOpened,
    TrackEnded,
)
from nvr_app.contract.geometry import Box

S = 1_000_000
T0 = 1_767_225_600 * S
DAY = 86_400 * S


@pytest.fixture
def index(tmp_path):
    store = Store(tmp_path / "x.duckdb")
    store.open()

    def apply(*facts):
        first = store.applied_seq + 1
        store.apply(
            [
                (first + n, JournalledFact(site="s", node="n", producer="p", number=1, fact=fact))
                for n, fact in enumerate(facts)
            ]
        )
        return store.reader()

    yield apply
    store.close()


def closed(n, start, end, camera_id="a"):
    return SegmentClosed(
        wall_us=end, camera_id=camera_id, segment_id=f"{camera_id}-{n}", root="main",
        path=f"{camera_id}/{n}.mp4", start_wall_us=start, end_wall_us=end, size_bytes=1, frames=1,
        keyframes=1,
    )  # fmt: skip


def opened(n, start):
    return SegmentOpened(
        wall_us=start, camera_id="a", segment_id=f"a-{n}", run_id="r", root="main",
        path=f"a/{n}.mp4", start_wall_us=start, codec="h264", width=1, height=1, has_audio=False,
    )  # fmt: skip


def motion(n, start, end, camera_id="a"):
    return MotionEnded(
        wall_us=end, camera_id=camera_id, event_id=f"{camera_id}{n}", start_wall_us=start,
        end_wall_us=end, peak=0.5,
    )  # fmt: skip


def track(n, start, end):
    return TrackEnded(
        wall_us=end, camera_id="a", event_id=f"t{n}", label="person", score=0.5,
        start_wall_us=start, end_wall_us=end, hits=3, path=(), best_box=Box(0, 0, 1, 1),
        best_wall_us=start, snapshot="", model="m",
    )  # fmt: skip


def ask(reader, start=T0, end=T0 + DAY, resolution=1, now=T0 + DAY, camera_id=None):
    return reader.timeline(start, end, resolution_us=resolution, now_us=now, camera_id=camera_id)


def spans(rows):
    return [(row.camera_id, row.start_wall_us, row.end_wall_us) for row in rows]


def test_segments_in_a_row_are_one_span_by_camera_and_gone_ones_none(index):
    reader = index(
        closed(1, T0, T0 + 60 * S), closed(2, T0 + 60 * S + 40_000, T0 + 120 * S),
        closed(1, T0, T0 + 60 * S, "b"), closed(3, T0 + 200 * S, T0 + 260 * S),
        closed(4, T0 + 900 * S, T0 + 960 * S),
        SegmentGone(wall_us=T0, camera_id="a", segment_id="a-4", reason="expired"),
    )  # fmt: skip
    line = ask(reader)
    assert spans(line.recorded) == [
        ("a", T0, T0 + 120 * S), ("a", T0 + 200 * S, T0 + 260 * S), ("b", T0, T0 + 60 * S),
    ]  # fmt: skip
    assert line.recorded[0].count == 2
    assert spans(ask(reader, camera_id="b").recorded) == [("b", T0, T0 + 60 * S)]
    assert spans(ask(reader, T0 + 10 * S, T0 + 20 * S).recorded) == [
        ("a", T0 + 10 * S, T0 + 20 * S), ("b", T0 + 10 * S, T0 + 20 * S),
    ]  # fmt: skip


def test_an_open_segment_reaches_to_now_or_to_its_successor(index):
    reader = index(opened(1, T0), opened(2, T0 + 60 * S))
    assert spans(ask(reader, now=T0 + 70 * S).recorded) == [("a", T0, T0 + 70 * S)]


def test_a_gap_of_less_than_a_pixel_is_still_told(index):
    reader = index(
        closed(1, T0, T0 + 60 * S), closed(2, T0 + 65 * S, T0 + 120 * S),
        GapEnded(wall_us=T0, camera_id="a", start_wall_us=T0 + 60 * S, end_wall_us=T0 + 65 * S,
                 reason="camera_lost"),
    )  # fmt: skip
    line = ask(reader, resolution=60 * S)
    assert spans(line.recorded) == [("a", T0, T0 + 120 * S)]
    assert spans(line.gaps) == [("a", T0 + 60 * S, T0 + 65 * S)]


def test_motion_and_events_have_spans_of_their_own(index):
    reader = index(
        motion(1, T0, T0 + 5 * S), motion(2, T0 + 20 * S, T0 + 30 * S), track(1, T0, T0 + 9 * S)
    )
    found = [
        (row.kind, row.start_wall_us, row.end_wall_us, row.count) for row in ask(reader).events
    ]
    assert found == [
        ("event", T0, T0 + 9 * S, 1), ("motion", T0, T0 + 5 * S, 1),
        ("motion", T0 + 20 * S, T0 + 30 * S, 1),
    ]  # fmt: skip
    merged = ask(reader, resolution=60 * S).events
    assert [(row.kind, row.count) for row in merged] == [("event", 1), ("motion", 2)]


def test_marks_of_all_cameras_and_of_one_and_none_that_were_lifted(index):
    def mark(name, *cameras):
        return BookmarkSet(
            wall_us=T0, bookmark_id=name, camera_ids=cameras, start_wall_us=T0 + S,
            end_wall_us=T0 + S, title=f"title {name}", actor="x",
        )  # fmt: skip

    def protect(name, until=None):
        return FootageProtected(
            wall_us=T0, protection_id=name, start_wall_us=T0, end_wall_us=T0 + S,
            until_wall_us=until, reason="theft", actor="x",
        )  # fmt: skip

    reader = index(
        mark("all"), mark("only-b", "b"), protect("kept"), protect("over", T0 + 2 * S),
        protect("lifted"),
        ProtectionEnded(wall_us=T0, protection_id="lifted", reason="r", actor="x"),
    )  # fmt: skip
    line = ask(reader, camera_id="a")
    assert [(row.mark_id, row.text) for row in line.bookmarks] == [("all", "title all")]
    assert [row.mark_id for row in ask(reader).bookmarks] == ["all", "only-b"]
    assert [row.mark_id for row in line.protections] == ["kept"]


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
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
    store.apply(
        [
            (n + 1, JournalledFact(site="s", node="n", producer="p", number=1, fact=fact))
            for n, fact in enumerate(facts)
        ]
    )
    found = ask(store.reader(), resolution=resolution_s * S).events
    store.close()
    assert sum(row.count for row in found) == len(facts)
    for fact in facts:
        assert any(
            row.start_wall_us <= fact.start_wall_us and fact.end_wall_us <= row.end_wall_us
            for row in found
        )
    edges = {fact.start_wall_us for fact in facts}
    assert {row.start_wall_us for row in found} <= edges
    for earlier, later in pairwise(found):
        assert later.start_wall_us - earlier.end_wall_us > resolution_s * S
