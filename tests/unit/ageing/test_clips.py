"""Which events become clips, and from when to when."""

from __future__ import annotations

import msgspec

from engine.ageing.clips import EndedEvent, choose_clips
from nvr_app.contract.config import ClipSettings

S = 1_000_000
NOW = 1_900_000_000 * S


def event(n=0, *, ago_s=60, length_s=10, **changes):
    values = {"camera_id": "a", "kind": "track", "label": "person", "score": 0.8} | changes
    start = NOW - ago_s * S
    return EndedEvent(
        event_id=f"e{n}", start_wall_us=start, end_wall_us=start + length_s * S, **values
    )


def chosen(*events, most=9, **settings):
    found = choose_clips(events, msgspec.structs.replace(ClipSettings(), **settings), NOW, most)
    return [clip.event_id for clip in found]


def test_only_events_that_the_settings_name():
    assert chosen(event()) == ["e0"]
    assert chosen(event(label="car")) == []
    assert chosen(event(label="car"), labels=("car", "person")) == ["e0"]
    assert chosen(event(score=0.59)) == []
    assert chosen(event(camera_id="b"), cameras=("a",)) == []
    assert chosen(event(), enabled=False) == []
    assert chosen(event(kind="motion", label="motion"), labels=("motion",)) == ["e0"]


def test_a_clip_has_its_rolls_and_waits_for_the_last():
    (clip,) = choose_clips([event()], ClipSettings(), NOW, 9)
    assert (clip.start_wall_us, clip.end_wall_us) == (NOW - 65 * S, NOW - 40 * S)
    assert chosen(event(ago_s=19)) == []
    assert chosen(event(ago_s=21)) == ["e0"]


def test_a_long_event_is_cut_at_the_longest():
    (clip,) = choose_clips([event(ago_s=4000, length_s=3000)], ClipSettings(), NOW, 9)
    assert clip.end_wall_us - clip.start_wall_us == 120 * S
    # and is not waited for to the end once that much is there
    assert chosen(event(ago_s=4000, length_s=3995)) == ["e0"]


def test_newest_first_and_no_more_than_wanted():
    assert chosen(*(event(n, ago_s=100 + n) for n in range(5)), most=2) == ["e0", "e1"]
