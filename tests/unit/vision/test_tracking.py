"""Tracks: one object, one identity; nothing lost, nothing doubled."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.vision.detection import Detection
from engine.vision.tracking import Tracker
from nvr_app.contract.geometry import Box

STEP_NS = 200_000_000


def person(x, y=0.5, score=0.8, label="person", size=0.1):
    box = Box(x - size / 2, y - size, x + size / 2, y + size)
    return Detection(label=label, score=score, box=box)


class Scene:
    """Feeds a tracker at five pictures a second and keeps what it said."""

    def __init__(self, sure=0.4):
        self.tracker = Tracker(sure)
        self.now_ns = 10**9
        self.started, self.ended = [], []

    def show(self, *detections, seconds=0.2):
        self.now_ns += round(seconds * 1e9)
        update = self.tracker.update(list(detections), self.now_ns // 1000, self.now_ns)
        self.started += update.started
        self.ended += update.ended
        return update


def test_a_walker_is_one_event_from_first_to_last_sight():
    scene = Scene()
    for step in range(20):
        scene.show(person(0.1 + 0.03 * step))
    for _ in range(20):
        scene.show()
    assert len(scene.started) == 1
    (track,) = scene.ended
    assert track.label == "person"
    assert track.hits == 20
    assert track.last_wall_us - track.start_wall_us == 19 * 200_000
    assert track.path[0].x == pytest.approx(0.1)
    assert track.path[-1].x == pytest.approx(0.67)
    assert not scene.tracker.has_live_tracks


def test_a_quick_walker_whose_boxes_never_overlap_is_still_one():
    scene = Scene()
    for step in range(8):
        scene.show(person(0.1 + 0.11 * step, size=0.1))
    assert len(scene.started) == 1


def test_two_who_cross_keep_their_identities():
    scene = Scene()
    where = {}
    for step in range(21):
        left, right = 0.1 + 0.04 * step, 0.9 - 0.04 * step
        update = scene.show(person(left, y=0.48), person(right, y=0.55))
        where[step] = {t.event_id: (t.box.x0 + t.box.x1) / 2 for t in update.seen}
    assert len(scene.started) == 2
    first, last = where[2], where[20]
    assert set(first) == set(last)
    for event_id, x in first.items():
        assert (x < 0.5) == (last[event_id] > 0.5)


def test_a_moment_behind_a_pillar_does_not_make_a_second_event():
    scene = Scene()
    for step in range(30):
        hidden = 10 <= step < 16
        scene.show(*([] if hidden else [person(0.1 + 0.02 * step)]))
    assert len(scene.started) == 1
    assert scene.ended == []


def test_one_unsure_sight_is_no_event_two_are():
    scene = Scene()
    assert scene.show(person(0.5, score=0.5)).started == ()
    assert len(scene.show(person(0.5, score=0.5)).started) == 1


def test_one_sure_sight_is_an_event_at_once():
    assert len(Scene().show(person(0.5, score=0.7)).started) == 1


def test_doubtful_detections_continue_a_track_but_never_begin_one():
    scene = Scene(sure=0.4)
    for _ in range(5):
        assert scene.show(person(0.5, score=0.3)).started == ()
    assert not scene.tracker.has_live_tracks
    scene.show(person(0.5, score=0.8))
    for _ in range(30):
        update = scene.show(person(0.5, score=0.3))
    assert len(update.seen) == 1
    assert scene.ended == []


def test_a_label_that_flickers_among_its_like_stays_one_track_with_the_commonest_label():
    scene = Scene()
    for label in ("car", "truck", "car", "car", "bus", "car"):
        scene.show(person(0.5, label=label))
    assert [t.label for t in scene.started] == ["car"]
    (track,) = scene.tracker.end_all()
    assert track.label == "car"


def test_a_dog_beside_a_person_is_another_track():
    scene = Scene()
    for _ in range(3):
        scene.show(person(0.5), person(0.5, label="dog"))
    assert sorted(t.label for t in scene.started) == ["dog", "person"]


def test_who_stands_still_while_nobody_looks_is_not_lost():
    scene = Scene()
    scene.show(person(0.5))
    for _ in range(5):
        update = scene.show(person(0.5), seconds=16)
    assert scene.ended == []
    assert update.seen[0].hits == 6


def test_boxes_are_not_drawn_where_nothing_was_seen_for_a_while():
    scene = Scene()
    scene.show(person(0.5))
    assert len(scene.show().shown) == 1
    for _ in range(4):
        update = scene.show()
    assert update.shown == ()


def test_end_all_gives_confirmed_tracks_only():
    scene = Scene()
    scene.show(person(0.2, score=0.9), person(0.8, score=0.45))
    assert [t.label for t in scene.tracker.end_all()] == ["person"]
    assert not scene.tracker.has_live_tracks


detections = st.builds(
    person,
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0.05, 1),
    st.sampled_from(["person", "car", "truck", "dog"]),
    st.sampled_from([0.0, 0.02, 0.1, 0.5]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(detections, max_size=12), max_size=25), st.integers(0, 40))
def test_every_event_begins_once_ends_once_and_never_returns(pictures, gap):
    scene = Scene()
    seen_after_end = set()
    for number, picture in enumerate(pictures):
        update = scene.show(*picture, seconds=0.2 if number % 7 else 0.2 * (1 + gap))
        gone = {t.event_id for t in scene.ended}
        seen_after_end |= gone & {t.event_id for t in update.seen}
        assert len(update.seen) <= len(picture)
        assert {t.event_id for t in update.started} <= {t.event_id for t in update.seen}
    scene.ended += scene.tracker.end_all()
    started = [t.event_id for t in scene.started]
    ended = [t.event_id for t in scene.ended]
    assert len(set(started)) == len(started)
    assert sorted(started) == sorted(ended)
    assert seen_after_end == set()
    for track in scene.ended:
        assert track.start_wall_us <= track.best_wall_us <= track.last_wall_us
        assert len(track.path) <= 201
        assert [p.offset_ms for p in track.path] == sorted(p.offset_ms for p in track.path)
