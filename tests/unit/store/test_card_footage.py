"""Footage of a card in the index: marked, and gaps shrink to what it leaves."""

from hypothesis import given
from hypothesis import strategies as st

from engine.journal.payload import JournalledFact
from engine.store.gap_filling import left_of
from engine.store.store import Store
from engine.store.timeline import TimelineQuestion
from nvr_app.contract.events import GapEnded, GapFilled, SegmentClosed, SegmentOpened

S = 1_000_000


def numbered(*facts, first=1):
    return [
        (first + n, JournalledFact(site="s", node="n", producer="p", number=first + n, fact=fact))
        for n, fact in enumerate(facts)
    ]


def gap(start_s, end_s, camera_id="a"):
    return GapEnded(
        wall_us=1, camera_id=camera_id, start_wall_us=start_s * S, end_wall_us=end_s * S,
        reason="camera_lost",
    )  # fmt: skip


def filled(start_s, end_s, camera_id="a"):
    return GapFilled(
        wall_us=2, camera_id=camera_id, start_wall_us=int(start_s * S), end_wall_us=int(end_s * S)
    )


def segment(number, start_s, end_s, origin):
    common = {
        "wall_us": 1, "camera_id": "a", "segment_id": f"0000000{number}-1", "root": "main",
        "path": f"a/2000-01-01/00/{start_s}-0000000{number}-1.mp4", "start_wall_us": start_s * S,
        "origin": origin,
    }  # fmt: skip
    return (
        SegmentOpened(
            **common, run_id=f"0000000{number}", codec="h264", width=1, height=1, has_audio=False
        ),
        SegmentClosed(**common, end_wall_us=end_s * S, size_bytes=1, frames=1, keyframes=1),
    )


def opened(tmp_path):
    store = Store(tmp_path / "events.duckdb")
    store.open()
    return store


def gaps_of(store):
    rows = store.reader().gaps(0, 10**9 * S)
    return [(row.start_wall_us / S, row.end_wall_us / S, row.reason) for row in rows]


def test_a_gap_shrinks_to_what_its_footage_leaves(tmp_path):
    store = opened(tmp_path)
    # In one batch with the gap itself, as when the index is filled anew.
    store.apply(numbered(gap(100, 160), gap(100, 160, "b"), filled(100.6, 120), filled(140, 150)))
    left = [(120, 140, "camera_lost"), (150, 160, "camera_lost")]
    assert [row for row in gaps_of(store) if row[:2] != (100, 160)] == left
    assert (100, 160, "camera_lost") in gaps_of(store)  # the other camera's
    store.apply(numbered(filled(140, 150), filled(119, 160), first=5))
    assert gaps_of(store) == [(100, 160, "camera_lost")]
    store.close()


def test_footage_of_a_card_is_told_apart(tmp_path):
    store = opened(tmp_path)
    facts = (*segment(1, 100, 110, "live"), *segment(2, 110, 120, "card"),
             *segment(3, 120, 130, "live"))  # fmt: skip
    store.apply(numbered(*facts[:3]))
    store.apply(numbered(*facts[3:], first=4))
    assert [row.origin for row in store.reader().segments(0, 200 * S)] == ["live", "card", "live"]
    question = TimelineQuestion(
        camera_ids=("a",), start_us=90 * S, end_us=140 * S, step_us=1, now_us=140 * S
    )
    spans = store.reader().timeline(question)["a"].recorded
    assert [(s.start_wall_us // S, s.end_wall_us // S, s.what) for s in spans] == [
        (100, 110, "recorded"), (110, 120, "card"), (120, 130, "recorded"),
    ]  # fmt: skip
    store.close()


def test_a_database_of_before_takes_its_footage_as_live(tmp_path):
    from engine.store import schema

    store = opened(tmp_path)
    schema.downgrade(store._connection, 2)
    store.close()
    again = opened(tmp_path)
    again.apply(numbered(*segment(1, 100, 110, "live"), *segment(2, 110, 120, "card")))
    assert [row.origin for row in again.reader().segments(0, 200 * S)] == ["live", "card"]
    again.close()


second = st.integers(0, 100).map(lambda s: s * S)


@given(second, second, second, second)
def test_what_is_left_of_a_gap_is_within_it_and_outside_the_footage(a, b, c, d):
    (start, end), (fill_start, fill_end) = sorted((a, b)), sorted((c, d))
    if fill_start >= end or fill_end <= start:
        return  # only gaps that the footage touches are looked at
    left = left_of(start, end, fill_start, fill_end)
    for begin, until in left:
        assert start <= begin < until <= end
        assert until <= fill_start or begin >= fill_end
    covered = max(0, min(end, fill_end) - max(start, fill_start))
    assert sum(until - begin for begin, until in left) == end - start - covered
