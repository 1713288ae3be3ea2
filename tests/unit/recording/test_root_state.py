"""Where new footage goes: the choice by itself, for every kind of trouble."""

from pathlib import Path

import pytest

from engine.recording.root_state import (
    SETTLE_NS,
    RootState,
    choose_root,
)
from engine.recording.storage_root import StorageError, StorageRoot

GIB = 1024**3
NOW = 50_000_000_000


def state(name, *, free=50, total=100, used=0, quota=0, floor=2, role="hot", fault="", settled=0):
    """A root of so many GiB."""
    root = StorageRoot(
        name=name, path=Path("/r") / name, identity="i", role=role,
        quota_bytes=quota * GIB, floor_free_bytes=floor * GIB,
    )  # fmt: skip
    return RootState(
        root=root, fault=fault, detail=f"{name} is {fault}" if fault else "",
        total_bytes=total * GIB, free_bytes=free * GIB, used_bytes=used * GIB,
        settled_at_ns=settled,
    )  # fmt: skip


def chosen(*states, now=NOW):
    return choose_root(states, now).root.name


def test_the_first_root_of_the_settings_takes_footage_while_it_is_well():
    assert chosen(state("a"), state("b", free=99)) == "a"


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (state("a", free=20), "the disk is 80 % full"),
        (state("a", used=8, quota=10), "the quota is 80 % used, the disk is half empty"),
    ],
)
def test_from_80_percent_on_the_next_root_takes_the_overflow(first, why):
    assert chosen(first, state("b")) == "b", why
    assert chosen(first, state("b", free=19)) == "a", "all are that full: the first above its floor"


def test_just_below_80_percent_nothing_moves():
    assert chosen(state("a", free=21), state("b")) == "a"
    assert chosen(state("a", used=7, quota=10), state("b")) == "a"


def test_never_below_a_floor_nor_beyond_a_quota():
    low, spent = state("a", free=1), state("b", used=10, quota=10)
    assert chosen(low, spent, state("c", free=5)) == "c"
    with pytest.raises(StorageError) as error:
        choose_root((low, spent), NOW)
    assert "a at /r/a has 1024 MiB free, below its floor of 2048 MiB" in str(error.value)
    assert "b holds 10240 MiB of footage, its quota is 10240 MiB" in str(error.value)


@pytest.mark.parametrize("fault", ["missing", "foreign", "read_only", "failing", "hung", "full"])
def test_a_root_with_a_fault_is_passed_over_and_named_when_there_is_no_other(fault):
    assert chosen(state("a", fault=fault), state("b", free=3)) == "b"
    with pytest.raises(StorageError, match=f"a is {fault}"):
        choose_root((state("a", fault=fault),), NOW)


def test_warm_and_cold_roots_take_no_new_footage():
    assert chosen(state("a", role="warm"), state("b", role="cold"), state("c", free=3)) == "c"
    with pytest.raises(StorageError, match="none is hot"):
        choose_root((state("a", role="cold"),), NOW)


def test_a_root_that_came_back_is_preferred_again_only_once_it_has_settled():
    back = state("a", settled=NOW + SETTLE_NS)
    assert chosen(back, state("b")) == "b"
    assert chosen(back, state("b"), now=NOW + SETTLE_NS) == "a"
    assert chosen(back, state("b", fault="full")) == "a", "better a fresh one than none"


def test_a_root_that_was_not_looked_at_yet_may_be_tried():
    assert chosen(state("a", free=0, total=0)) == "a"
