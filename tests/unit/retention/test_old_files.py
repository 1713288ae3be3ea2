"""Files and days that are past their time, and those that only look like it."""

import os
import time

from hypothesis import given
from hypothesis import strategies as st

from engine.retention.anonymise import choose_stretches
from engine.retention.old_files import leftovers, old_logs, old_pictures, old_versions
from engine.retention.rules import US_PER_DAY as DAY
from engine.retention.rules import clip_rules_of, kept_us, payload_periods, rules_of
from engine.retention.shield import Protection, Shield
from nvr_app.contract.config import CameraSettings
from nvr_app.contract.retention import RetentionPolicy, RetentionSettings

NOW = time.time_ns() // 1000


def put(folder, name, *, days_old=0.0, size=3):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    stamp = time.time() - days_old * 86_400
    os.utime(path, (stamp, stamp))
    return path


def paths(files):
    return [file.path for file in files]


def test_only_rotated_logs_that_are_old_go(tmp_path):
    put(tmp_path, "logs/engine.log", days_old=99)
    put(tmp_path, "logs/engine.log.1", days_old=1)
    put(tmp_path, "logs/engine.log.4", days_old=99)
    put(tmp_path, "events.duckdb", days_old=99)
    put(tmp_path, "events.duckdb.bad-20240101T000000Z", days_old=99)
    assert paths(old_logs(tmp_path, NOW - 90 * DAY)) == [
        "logs/engine.log.4",
        "events.duckdb.bad-20240101T000000Z",
    ]


def test_leftovers_are_hidden_temporary_files_of_ours_alone(tmp_path):
    put(tmp_path, "config/nvr.toml", days_old=9)
    put(tmp_path, "config/.nvr.toml.ab12.tmp", days_old=9)
    put(tmp_path, "config/.nvr.toml.cd34.tmp")
    put(tmp_path, "clips/snapshots/a/2024-01-31/.x.jpg.00ff.tmp", days_old=9)
    put(tmp_path, "recordings/a/2024-01-31/08/.odd.tmp", days_old=9)
    assert sorted(paths(leftovers(tmp_path, NOW - DAY))) == [
        "clips/snapshots/a/2024-01-31/.x.jpg.00ff.tmp",
        "config/.nvr.toml.ab12.tmp",
    ]


def test_the_settings_in_force_never_go(tmp_path):
    put(tmp_path, "config/history/20240101T000000000000Z-aa.toml", days_old=900)
    put(tmp_path, "config/history/20240102T000000000000Z-bb.toml", days_old=899)
    assert paths(old_versions(tmp_path, NOW - 730 * DAY)) == [
        "config/history/20240101T000000000000Z-aa.toml"
    ]


def test_pictures_go_by_whole_days_unless_anything_of_the_day_is_protected(tmp_path):
    for day in ("2024-01-01", "2024-01-02", "2024-01-03", "nonsense"):
        put(tmp_path, f"clips/snapshots/a/{day}/e-{day}.jpg")
    begin = 1_704_067_200_000_000  # 2024-01-01
    shield = Shield([Protection(("a",), begin + DAY + 5, begin + DAY + 6)])
    found = [paths(day) for day in old_pictures(tmp_path, begin + 2 * DAY + 1, shield)]
    assert found == [["clips/snapshots/a/2024-01-01/e-2024-01-01.jpg"]]
    everything = [paths(day) for day in old_pictures(tmp_path, begin + 3 * DAY, Shield(()))]
    assert len(everything) == 3


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    nowhere = tmp_path / "nowhere"
    assert old_logs(nowhere, NOW) == leftovers(nowhere, NOW) == old_versions(nowhere, NOW) == []
    assert list(old_pictures(nowhere, NOW, Shield(()))) == []


@given(
    st.integers(0, 40), st.integers(0, 40), st.integers(0, 45),
    st.lists(st.tuples(st.floats(0, 45), st.floats(0, 3)), max_size=4),
)  # fmt: skip
def test_stretches_are_whole_days_before_the_limit_and_touch_nothing_protected(
    first, length, limit, protections
):
    first_us, last_us = first * DAY + 7, (first + length) * DAY + 9
    shield = Shield(
        Protection(("a",), round(s * DAY), round((s + d) * DAY)) for s, d in protections
    )
    stretches = choose_stretches("a", first_us, last_us, limit * DAY + 3, shield)
    days = [day for start, end in stretches for day in range(start, end, DAY)]
    assert all(start % DAY == 0 and end % DAY == 0 and start < end for start, end in stretches)
    assert days == [
        day for day in range(first * DAY, min(limit, first + length + 1) * DAY, DAY)
        if not shield.covers("a", day, day + DAY)
    ]  # fmt: skip


def test_an_archive_keeps_longer_and_for_good_without_a_period():
    assert kept_us(RetentionPolicy(retention_days=90)) == 90 * DAY
    assert kept_us(RetentionPolicy(retention_days="forever")) is None
    assert kept_us(RetentionPolicy(retention_days=90, enabled=False)) is None
    archive = RetentionPolicy(retention_days=365, action="archive", archive_days=730)
    assert kept_us(archive) == 1095 * DAY
    assert kept_us(RetentionPolicy(retention_days=365, action="archive")) is None


def test_a_camera_overrides_its_category_and_a_stranger_has_the_categorys_rule():
    cameras = {
        "a": CameraSettings(id="a", main="rtsp://h/s", retention_days=5, quota_bytes=9),
        "b": CameraSettings(id="b", main="rtsp://h/s", minimum_days=3, clip_retention_days=8),
    }
    policy = RetentionPolicy(retention_days=20, minimum_days=1)
    rules = rules_of(policy, cameras)
    assert (rules("a").keep_us, rules("a").minimum_us, rules("a").quota_bytes) == (5 * DAY, DAY, 9)
    assert (rules("b").keep_us, rules("b").minimum_us) == (20 * DAY, 3 * DAY)
    assert rules("gone").keep_us == 20 * DAY
    clips = clip_rules_of(RetentionPolicy(retention_days=100), cameras)
    assert (clips("a").keep_us, clips("b").keep_us) == (100 * DAY, 8 * DAY)


def test_the_journals_classes_have_the_plans_periods():
    periods = payload_periods(RetentionSettings())
    audit = (365 + 2190) * DAY
    assert periods == {
        "events": 365 * DAY, "system": 90 * DAY, "audit": audit, "media": audit,
    }  # fmt: skip
