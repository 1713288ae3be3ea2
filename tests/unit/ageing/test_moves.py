"""Which footage goes where: by age, by size, and back to a root that returned."""

from __future__ import annotations

import dataclasses
import random

from engine.ageing.footage import DAY_US, AgedSegment, TierRoot
from engine.ageing.moves import FULL_SHARE, TierPolicy, choose_moves

NOW = 1_900_000_000_000_000
GB = 1024**3
BY_AGE = TierPolicy(warm_after_days=7, cold_after_days=30)
BY_SIZE = TierPolicy()


def segment(n, *, root="hot", days=1.0, size=GB, **changes):
    end = NOW - int(days * DAY_US)
    return AgedSegment(
        segment_id=f"s{n:04d}", camera_id="a", root=root, path=f"a/{n}.mp4",
        start_wall_us=end - 60_000_000, end_wall_us=end, size_bytes=size, codec="h264",
        content_hash="x", **changes,
    )  # fmt: skip


def disk(name, role="hot", *, used=0.1, size=100 * GB, **changes):
    return TierRoot(
        name=name, role=role, total_bytes=size, free_bytes=int(size * (1 - used)),
        used_bytes=int(size * used), floor_free_bytes=GB, **changes,
    )  # fmt: skip


def told(moves):
    return [(move.segment.segment_id, move.to_root, move.reason) for move in moves]


def choose(segments, roots, policy=BY_AGE, most=1000 * GB):
    return choose_moves(segments, roots, policy, NOW, most)


def test_footage_goes_down_a_tier_when_its_days_are_over_oldest_first():
    roots = [disk("hot"), disk("warm", "warm"), disk("cold", "cold")]
    found = choose(
        [segment(1, days=3), segment(2, days=8), segment(3, days=31),
         segment(4, root="warm", days=40),
         segment(5, root="warm", days=20), segment(6, root="cold", days=400)],
        roots,
    )  # fmt: skip
    assert told(found) == [
        ("s0004", "cold", "tier"),
        ("s0003", "cold", "tier"),
        ("s0002", "warm", "tier"),
    ]


def test_what_retention_archives_goes_to_the_cold_root_in_its_time():
    policy = TierPolicy(archive_after_days=20, archive_by_camera={"b": 0, "c": 5})
    roots = [disk("hot"), disk("warm", "warm"), disk("cold", "cold")]
    old = [
        dataclasses.replace(segment(n, days=days, root=root), camera_id=camera)
        for n, (camera, days, root) in enumerate(
            [("a", 19, "hot"), ("a", 21, "warm"), ("b", 90, "hot"), ("c", 6, "hot"),
             ("a", 30, "cold")]
        )
    ]  # fmt: skip
    assert told(choose(old, roots, policy)) == [
        ("s0001", "cold", "archived"),
        ("s0003", "cold", "archived"),
    ]
    full = disk("cold", "cold", used=0.995)
    assert choose(old, [disk("hot"), disk("warm", "warm"), full], policy) == []


def test_without_a_warm_root_footage_waits_for_the_cold_one():
    roots = [disk("hot"), disk("cold", "cold")]
    assert told(choose([segment(1, days=8), segment(2, days=30)], roots)) == [
        ("s0002", "cold", "tier")
    ]


def test_when_no_cold_root_has_room_it_leaves_the_hot_one_at_least():
    roots = [disk("hot"), disk("warm", "warm"), disk("cold", "cold", is_usable=False)]
    assert told(choose([segment(1, days=50), segment(2, root="warm", days=60)], roots)) == [
        ("s0001", "warm", "tier")
    ]


def test_a_filling_root_is_eased_of_its_oldest_until_it_is_below_the_mark():
    roots = [disk("hot", used=0.779), disk("warm", "warm")]
    found = choose([segment(n, days=n / 10) for n in range(1, 20)], roots, BY_SIZE)
    assert told(found) == [
        ("s0019", "warm", "tier"),
        ("s0018", "warm", "tier"),
        ("s0017", "warm", "tier"),
    ]


def test_a_quota_counts_as_the_disk_does():
    full = disk("hot", used=0.2, quota_bytes=20 * GB)
    assert len(choose([segment(n) for n in range(3)], [full, disk("warm", "warm")], BY_SIZE)) == 3
    tight = disk("warm", "warm", used=0.10, quota_bytes=10 * GB)
    assert choose([segment(1)], [full, tight], BY_SIZE) == []


def test_nothing_goes_where_it_does_not_fit_or_where_nobody_is():
    assert choose([segment(1, days=9)], [disk("hot"), disk("warm", "warm", used=0.99)]) == []
    assert choose([segment(1, days=9)], [disk("hot", is_usable=False), disk("warm", "warm")]) == []
    assert choose([segment(1, root="unknown", days=9)], [disk("hot"), disk("warm", "warm")]) == []
    nearly = disk("warm", "warm", used=0.745)
    old = [segment(n, days=9) for n in range(5)]
    # A root that passes footage on stays below its mark; the last of all is filled to its floor.
    assert choose(old, [disk("hot"), nearly, disk("cold", "cold")]) == []
    assert len(choose(old, [disk("hot"), nearly])) == 5


def test_a_bucket_is_never_full():
    bucket = TierRoot(name="s3", role="cold", used_bytes=900_000 * GB)
    assert len(choose([segment(n, days=40) for n in range(50)], [disk("hot"), bucket])) == 50


def test_what_an_absent_root_missed_returns_to_it_in_order():
    roots = [disk("first"), disk("second")]
    found = choose([segment(1, root="second", days=0.5), segment(2, root="second", days=0.9),
                    segment(3, root="first")], roots)  # fmt: skip
    assert told(found) == [("s0002", "first", "returned"), ("s0001", "first", "returned")]
    assert choose([segment(1, root="second")], [disk("first", used=0.72), disk("second")]) == []
    away = [disk("first", is_usable=False), disk("second")]
    assert choose([segment(1, root="second")], away) == []


def test_protected_footage_moves_as_any_other():
    roots = [disk("hot"), disk("warm", "warm")]
    assert len(choose([segment(1, days=9, is_protected=True)], roots)) == 1


def test_footage_from_the_future_stays():
    assert choose([segment(1, days=-300)], [disk("hot"), disk("warm", "warm")]) == []


def test_a_round_takes_no_more_than_it_may_but_one_at_least():
    roots = [disk("hot"), disk("warm", "warm")]
    old = [segment(n, days=9 + n / 100, size=3 * GB) for n in range(10)]
    assert len(choose(old, roots, most=7 * GB)) == 2
    assert len(choose(old, roots, most=1)) == 1


def test_rounds_come_to_rest_and_nothing_goes_to_and_fro():
    dice = random.Random(5)
    for _ in range(40):
        roots = [disk("h1", used=dice.uniform(0.3, 0.95)), disk("h2", used=dice.uniform(0, 0.95)),
                 disk("w", "warm", used=dice.uniform(0, 0.95)),
                 disk("c", "cold", used=dice.uniform(0, 0.95))]  # fmt: skip
        segments = {
            s.segment_id: s
            for s in (
                segment(n, root=dice.choice(["h1", "h2", "w", "c"]), days=dice.uniform(-1, 60))
                for n in range(60)
            )
        }
        seen = set()
        for _ in range(100):
            moves = choose(segments.values(), roots, BY_AGE, most=5 * GB)
            if not moves:
                break
            for move in moves:
                key = (move.segment.segment_id, move.to_root)
                assert key not in seen, "it came back to where it was"
                seen.add(key)
                sizes = {move.segment.root: -GB, move.to_root: GB}
                roots = [
                    dataclasses.replace(
                        root,
                        used_bytes=root.used_bytes + sizes.get(root.name, 0),
                        free_bytes=root.free_bytes - sizes.get(root.name, 0),
                    )
                    for root in roots
                ]
                segments[key[0]] = dataclasses.replace(move.segment, root=move.to_root)
        else:
            raise AssertionError("it never comes to rest")
        for root in roots:
            assert root.role == "cold" or root.fullness <= max(FULL_SHARE, 0.96)
