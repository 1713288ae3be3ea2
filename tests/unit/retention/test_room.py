"""When room must be made, and in which roots."""

from engine.retention.room import choose_shortages, room_of
from nvr_app.contract.api import RootUsage

GIB = 1024**3
FLOOR = 2 * GIB


def root(
    name="main", *, free=100.0, role="hot", used=0.0, quota=0.0, state="available", floor=FLOOR
):
    return RootUsage(
        name=name, role=role, state=state, total_bytes=1000 * GIB, free_bytes=round(free * GIB),
        used_bytes=round(used * GIB), quota_bytes=round(quota * GIB), floor_free_bytes=floor,
    )  # fmt: skip


def needs(*usages, has_buckets=False):
    found = choose_shortages(usages, has_buckets=has_buckets)
    return [(one.role, [name for name, _ in one.needs]) for one in found]


def test_room_is_made_before_the_floor_and_twice_the_margin_of_it():
    assert needs(root(free=2.6)) == []
    (shortage,) = choose_shortages([root(free=2.4)], has_buckets=False)
    assert shortage.needs == (("main", 3 * GIB - round(2.4 * GIB)),)


def test_a_root_beyond_its_floor_needs_all_the_more():
    (shortage,) = choose_shortages([root(free=1)], has_buckets=False)
    assert shortage.needs == (("main", 2 * GIB),)


def test_a_quota_counts_like_the_disk():
    assert room_of(root(used=90, quota=100)) == 10 * GIB
    assert needs(root(used=99, quota=100)) == []
    assert needs(root(used=99.9, quota=100)) == [("hot", ["main"])]
    assert needs(root(used=0.095, quota=0.1, floor=0)) == [("hot", ["main"])]


def test_while_another_hot_root_has_room_nothing_goes():
    assert needs(root("a", free=2), root("b", free=50)) == []
    assert needs(root("a", free=2), root("b", free=2)) == [("hot", ["a", "b"])]
    assert needs(root("a", free=2), root("b", free=50, state="missing")) == [("hot", ["a"])]


def test_a_warm_root_is_kept_open_once_there_is_no_way_out_of_it():
    warm = root("w", free=2, role="warm")
    assert needs(root(), warm) == [("warm", ["w"])]
    assert needs(root(), warm, root("c", role="cold")) == []
    assert needs(root(), warm, has_buckets=True) == []
    assert needs(root(), warm, root("c", role="cold", free=2)) == [("warm", ["w"]), ("cold", ["c"])]


def test_hot_roots_are_emptied_even_while_moves_are_under_way():
    assert needs(root(free=2), root("w", role="warm")) == [("hot", ["main"])]


def test_roots_that_cannot_be_seen_are_left_alone():
    gone = RootUsage(name="x", total_bytes=0, free_bytes=0, fault="gone", state="missing")
    assert needs(gone) == []
