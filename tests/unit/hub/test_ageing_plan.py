"""What falls due, out of a real index: moves, encoding anew, clips, growth."""

from __future__ import annotations

import types

import pytest

from engine.ageing.footage import DAY_US
from engine.ageing.moves import TierPolicy
from engine.ageing.stages import stages_of
from engine.hub import ageing_plan as plan
from engine.hub.ageing import AgeingDriver
from engine.journal.payload import JournalledFact
from engine.store.store import Store
from nvr_app.contract.api import RootUsage
from nvr_app.contract.chores import Footage, Place, ReencodeFootage
from nvr_app.contract.config import AgeingSettings, CameraSettings, ClipSettings, Settings
from nvr_app.contract.custody_facts import (
    ClipGone,
    ClipKept,
    FootageProtected,
    ProtectionEnded,
    SegmentKept,
    SegmentMoved,
)
from nvr_app.contract.events import SegmentClosed, SegmentOpened, TrackEnded
from nvr_app.contract.geometry import Box
from nvr_app.contract.retention import RetentionPolicy, RetentionSettings

NOW = 1_900_000_000_000_000
GB = 1024**3
STAGES = stages_of(AgeingSettings())


class Index:
    """A store that facts are applied to, and what is asked of it."""

    def __init__(self, path):
        self.store = Store(path)
        self.store.open()
        self.count = 0

    def take(self, *facts):
        batch = []
        for fact in facts:
            self.count += 1
            batch.append(
                (self.count, JournalledFact(site="s", node="n", producer="p", number=self.count,
                                            fact=fact))
            )  # fmt: skip
        self.store.apply(batch)
        return self.store.reader()


@pytest.fixture
def index(tmp_path):
    made = Index(tmp_path / "events.duckdb")
    yield made
    made.store.close()


def closed(n, days, *, root="hot", camera="a", codec="h264", size=GB):
    """A segment of that age, as two facts."""
    end = NOW - round(days * DAY_US)
    start, path = end - 60_000_000, f"{camera}/2030-01-01/00/1899999999999-9f3ac210-{n}.mp4"
    common = {
        "wall_us": end, "camera_id": camera, "segment_id": f"9f3ac210-{n}", "root": root,
        "path": path, "start_wall_us": start,
    }  # fmt: skip
    return (
        SegmentOpened(run_id="9f3ac210", codec=codec, width=1, height=1, has_audio=False, **common),
        SegmentClosed(
            end_wall_us=end, size_bytes=size, frames=9, keyframes=1, content_hash="h", **common
        ),
    )


def protection(days_from, days_to, **changes):
    return FootageProtected(
        wall_us=NOW, protection_id="p", start_wall_us=NOW - round(days_from * DAY_US),
        end_wall_us=NOW - round(days_to * DAY_US), reason="r", actor="x", **changes,
    )  # fmt: skip


def due(reader, most=9):
    found = plan.reencodings(reader, STAGES, NOW, most, frozenset())
    return [(one.segment.segment_id.rpartition("-")[2], one.target.codec) for one in found]


def test_encoding_anew_takes_each_stage_once_and_no_evidence(index):
    facts = [f for n, days in enumerate((6, 8, 20, 31, 60, 91)) for f in closed(n, days)]
    reader = index.take(*facts)
    assert due(reader) == [("4", "av1"), ("3", "av1"), ("2", "hevc"), ("1", "hevc")]
    assert due(reader, most=1) == [("4", "av1")]
    assert plan.backlog(reader, STAGES, NOW) == {"hevc": (2, 2 * GB), "av1": (2, 2 * GB)}
    reader = index.take(
        SegmentMoved(
            wall_us=NOW, camera_id="a", segment_id="9f3ac210-2", root="hot", path="a/x.mp4",
            size_bytes=5, content_hash="h2", reason="reencoded", codec="hevc",
        ),
        SegmentKept(wall_us=NOW, camera_id="a", segment_id="9f3ac210-4", codec="av1", reason="no"),
        SegmentKept(wall_us=NOW, camera_id="a", segment_id="9f3ac210-3", codec="hevc", reason="no"),
        protection(9, 7),
    )  # fmt: skip
    assert due(reader) == [("3", "av1")]
    reader = index.take(
        # to another tier: what is behind it stays behind it
        SegmentMoved(
            wall_us=NOW, camera_id="a", segment_id="9f3ac210-2", root="warm", path="a/x.mp4",
            size_bytes=5, content_hash="h2", reason="tier",
        ),
        ProtectionEnded(wall_us=NOW, protection_id="p", reason="r", actor="x"),
    )  # fmt: skip
    assert due(reader) == [("3", "av1"), ("1", "hevc")]
    moved = reader.ageing.oldest("warm", NOW, NOW, 9)
    assert [(row.codec, row.aged, row.size_bytes) for row in moved] == [("hevc", "hevc", 5)]


@pytest.mark.parametrize(
    ("changes", "is_held"),
    [
        ({}, True),
        ({"camera_ids": ("a",)}, True),
        ({"camera_ids": ("b",)}, False),
        ({"until_wall_us": NOW - 1}, False),
        ({"until_wall_us": NOW + 1}, True),
    ],
)
def test_protections_count_by_camera_and_until_their_end(index, changes, is_held):
    reader = index.take(*closed(1, 8), protection(8.0005, 7.9, **changes))
    (row,) = reader.ageing.oldest("hot", NOW, NOW, 9)
    assert row.is_protected is is_held
    assert due(reader) == ([] if is_held else [("1", "hevc")])


def usage(name, role="hot", *, used=0.1, state="available"):
    return RootUsage(
        name=name, role=role, state=state, total_bytes=1000 * GB,
        free_bytes=round(1000 * GB * (1 - used)), used_bytes=round(1000 * GB * used),
    )  # fmt: skip


def moves(reader, usages, policy, buckets=(), resting=()):
    found = plan.moves(
        reader,
        plan.MoveQuestion(
            roots=tuple(plan.tier_roots(usages, buckets)), buckets=frozenset(buckets),
            policy=policy, now_wall_us=NOW, most_bytes=100 * GB, resting=frozenset(resting),
        ),
    )  # fmt: skip
    return [(m.segment.segment_id.rpartition("-")[2], m.to_root, m.reason) for m in found]


def test_moves_come_as_one_batch_and_leave_alone_what_rests_or_is_away(index):
    facts = [f for n, days in enumerate((3, 8, 9, 40)) for f in closed(n, days)]
    reader = index.take(*facts, *closed(9, 50, root="vault"))
    policy = TierPolicy(warm_after_days=7, cold_after_days=30)
    usages = [usage("hot"), usage("warm", "warm")]
    assert moves(reader, usages, policy, ["vault"]) == [("3", "vault", "tier")]
    assert moves(reader, usages, policy, ["vault"], ["9f3ac210-3"]) == [
        ("2", "warm", "tier"), ("1", "warm", "tier"),
    ]  # fmt: skip
    away = [usage("hot"), usage("warm", "warm", state="missing")]
    assert moves(reader, away, policy) == []
    assert moves(reader, usages, TierPolicy()) == []
    filling = [usage("hot", used=0.76), usage("warm", "warm")]
    assert [m[1] for m in moves(reader, filling, TierPolicy())] == ["warm"] * 4


def test_what_a_root_missed_returns_when_it_is_back(index):
    reader = index.take(*closed(1, 0.1, root="second"), *closed(2, 0.2, root="second"))
    usages = [usage("first"), usage("second", used=0.01)]
    assert moves(reader, usages, TierPolicy()) == [
        ("2", "first", "returned"), ("1", "first", "returned"),
    ]  # fmt: skip
    assert moves(reader, [usage("first", state="missing"), usages[1]], TierPolicy()) == []


def test_settings_say_when_footage_is_archived():
    archive = RetentionSettings(
        raw_video=RetentionPolicy(
            action="archive", retention_days=20.0, archive_storage_class="GLACIER_IR"
        )
    )
    settings = Settings(retention=archive)
    cameras = [
        CameraSettings(id="a", main="x"),
        CameraSettings(id="b", main="x", retention_days=5.0),
        CameraSettings(id="c", main="x", retention_days="forever"),
    ]
    policy = plan.tier_policy(settings, cameras)
    assert [policy.archive_days(one) for one in "abc"] == [20.0, 5.0, 0.0]
    assert plan.archive_class(settings) == "GLACIER_IR"
    assert plan.tier_policy(Settings(), cameras).archive_days("a") == 0
    slow = RetentionSettings(raw_video=RetentionPolicy(archive_storage_class="DEEP_ARCHIVE"))
    assert plan.archive_class(Settings(retention=slow)) == ""


def track(n, ago_s, *, camera="a", score=0.9, label="person"):
    start = NOW - ago_s * 1_000_000
    return TrackEnded(
        wall_us=start, camera_id=camera, event_id=f"e{n}", label=label, score=score,
        start_wall_us=start, end_wall_us=start + 2_000_000, hits=9, path=(),
        best_box=Box(0, 0, 1, 1), best_wall_us=start, snapshot="", model="m",
    )  # fmt: skip


def test_clips_are_cut_once_from_footage_that_is_there(index):
    minute = 1 / 1440
    reader = index.take(
        *closed(1, 0), *closed(2, minute), *closed(3, 0, camera="b"),
        track(1, 50), track(2, 65), track(3, 50, camera="nobody"), track(4, 50, label="car"),
        track(5, 50, score=0.3),
    )  # fmt: skip
    found = plan.clips(reader, ClipSettings(), NOW, 9, frozenset())
    assert [(one.span.event_id, len(one.footage)) for one in found] == [("e1", 1), ("e2", 2)]
    assert [f.place.segment_id for f in found[1].footage] == ["9f3ac210-2", "9f3ac210-1"]
    kept = ClipKept(
        wall_us=NOW, clip_id="e1", event_id="e1", camera_id="a", path="clips/a/d/e1.mp4",
        start_wall_us=NOW - 55_000_000, end_wall_us=NOW, size_bytes=3, content_hash="h",
    )  # fmt: skip
    reader = index.take(kept)
    found = plan.clips(reader, ClipSettings(), NOW, 9, frozenset({"e2"}))
    assert found == []
    assert reader.ageing.clip_of("e1").path == "clips/a/d/e1.mp4"
    reader = index.take(ClipGone(wall_us=NOW, clip_id="e1", camera_id="a", reason="expired"))
    assert reader.ageing.clip_of("e1") is None


def test_growth_is_counted_over_the_time_that_is_asked_for(index):
    facts = [f for n, days in enumerate((1, 3, 20)) for f in closed(n, days)]
    reader = index.take(*facts, *closed(9, 30, camera="old"))
    (row,) = reader.ageing.growth(NOW - 7 * DAY_US)
    assert (row.camera_id, row.size_bytes) == ("a", 2 * GB)
    assert round((NOW - row.first_wall_us) / DAY_US) == 3
    assert round((NOW - row.oldest_wall_us) / DAY_US) == 20
    assert reader.ageing.arrived_by_root(NOW - 7 * DAY_US) == {"hot": 2 * GB}


def test_a_protection_calls_off_the_encoding_of_what_it_covers():
    cancelled = []
    core = types.SimpleNamespace(
        start=types.SimpleNamespace(settings=Settings(), buckets=()),
        chores=types.SimpleNamespace(cancel=cancelled.append),
    )
    driver = AgeingDriver(core)
    driver.take_facts([protection(9, 7)])
    footage = Footage(
        place=Place("a", "s", "hot", "a/x.mp4", 1), start_wall_us=NOW - 8 * DAY_US,
        end_wall_us=NOW - 8 * DAY_US + 60, content_hash="",
    )  # fmt: skip
    driver._encoding = ReencodeFootage(
        chore_id="c", footage=footage, codec="hevc", crf=1, preset="fast", cpu_share=1
    )
    driver.take_facts([protection(7, 6), protection(9, 7, camera_ids=("b",))])
    assert cancelled == []
    driver.take_facts([protection(9, 7)])
    assert cancelled == ["c"]
