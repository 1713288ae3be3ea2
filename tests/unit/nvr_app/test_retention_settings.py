"""Policies in the settings: the plan's figures, and refusals with their numbers."""

import pytest

from nvr_app.contract.config import CameraSettings, Settings
from nvr_app.contract.retention import CATEGORIES, RetentionSettings, policy_of
from nvr_app.cron import cron_fault, weekdays_by_name
from nvr_app.paths import DataFolder
from nvr_app.settings_file import check_text, load_settings, save_settings

GIB = 1024**3


def checked(text, rates=dict):
    loaded = check_text(text, rates)
    return loaded.settings, [str(mistake) for mistake in loaded.mistakes]


def test_the_plans_figures_are_the_defaults():
    days = {name: policy_of(RetentionSettings(), name).retention_days for name in CATEGORIES}
    assert days["raw_video"] == days["system_logs"] == days["access_logs"] == 90
    assert days["event_clips"] == days["detection_metadata"] == days["audit_logs"] == 365
    assert days["alert_history"] == days["configuration_history"] == 730
    assert days["training_data"] == days["faces_enrolled"] == "forever"
    assert (days["temp_processing"], days["failed_uploads"]) == (1, 7)
    assert len(CATEGORIES) == 11 + 2  # the twelfth of the plan is never stored
    assert all(not cron_fault(policy_of(RetentionSettings(), n).schedule) for n in CATEGORIES)


@pytest.mark.parametrize("key", ["quota_bytes", "minimum_days"])
def test_what_goes_by_time_alone_takes_no_size(key):
    settings, mistakes = checked(f"[retention.event_clips]\n{key} = 5\n")
    assert [f"{key} means nothing for event_clips" in one for one in mistakes] == [True]
    assert not settings.retention.event_clips.enabled


def test_a_silent_key_keeps_its_categorys_default():
    settings, mistakes = checked("[retention.event_clips]\nretention_days = 100\n")
    assert mistakes == []
    policy = settings.retention.event_clips
    assert (policy.retention_days, policy.action, policy.archive_days) == (100, "archive", 730)
    assert settings.retention.raw_video == RetentionSettings().raw_video


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("retention_days = 0", "would delete everything"),
        ("retention_days = -3", "would delete everything"),
        ("minimum_days = 91", "minimum_days 91 is more than retention_days 90"),
        ("minimum_days = -1", "less than nothing"),
        ("quota_bytes = -1", "less than nothing"),
        ('action = "anonymise"', "means nothing for raw_video"),
        ('action = "burn"', "Invalid enum value"),
        ('schedule = "0 25 * * *"', "does not lie between 0 and 23"),
        ('schedule = "hourly"', "cron has five"),
        ('priority = "all_expired"\nquota_bytes = 5', "only 'oldest_first'"),
        ('retention_days = "soon"', "Invalid enum value"),
        ("retention_days = 99999", 'write "forever"'),
    ],
)
def test_what_cannot_be_meant_is_refused_and_deletes_nothing(line, says):
    settings, mistakes = checked(f"[retention.raw_video]\n{line}\n")
    assert len(mistakes) == 1
    assert says in mistakes[0]
    assert "nothing of it is deleted" in mistakes[0]
    assert not settings.retention.raw_video.enabled


def test_unknown_names_and_what_is_never_stored_are_named():
    _, mistakes = checked("[retention.raw_vido]\n[retention.faces_detected]\nretention_days = 9\n")
    assert "did you mean raw_video?" in mistakes[0]
    assert "never stored" in mistakes[1]
    _, mistakes = checked("[retention.raw_video]\ndays = 9\n")
    assert "unknown key 'days'" in mistakes[0]


def camera(lines):
    return f'[[camera]]\nid = "a"\nmain = "rtsp://10.0.0.1/s"\n{lines}\n'


def test_a_camera_has_its_own_retention():
    settings, mistakes = checked(camera("retention_days = 5\nminimum_days = 2\nquota_bytes = 7"))
    assert mistakes == []
    one = settings.camera[0]
    assert (one.retention_days, one.minimum_days, one.quota_bytes) == (5, 2, 7)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (camera("retention_days = 0"), "would delete everything"),
        (camera("clip_retention_days = 0"), "would delete everything"),
        (camera("retention_days = 5\nminimum_days = 6"), "minimum_days 6 is more"),
        (camera("minimum_days = 95"), "minimum_days 95 is more than retention_days 90"),
        ("[retention.raw_video]\nminimum_days = 30\n" + camera("retention_days = 7"), "30 days"),
    ],
)
def test_a_camera_whose_retention_contradicts_itself_keeps_everything_and_records(text, says):
    settings, mistakes = checked(text)
    assert len(mistakes) == 1
    assert says in mistakes[0]
    one = settings.camera[0]
    assert "forever" in {one.retention_days, one.clip_retention_days}


def test_a_quota_must_hold_the_minimum_at_the_present_rate():
    text = "[retention.raw_video]\nminimum_days = 10\nquota_bytes = {}\n" + camera("")
    _, mistakes = checked(text.format(99 * GIB), lambda: {"a": 10.0 * GIB, "gone": 5.0 * GIB})
    assert "holds 9.9 days at the present 10.0 GiB a day" in mistakes[0]
    assert "100.0 GiB are needed" in mistakes[0]
    settings, mistakes = checked(text.format(101 * GIB), lambda: {"a": 10.0 * GIB})
    assert mistakes == []
    assert settings.retention.raw_video.enabled
    assert checked(text.format(99 * GIB), dict)[1] == []  # nothing was recorded yet: no figure


def test_a_cameras_quota_must_hold_its_minimum():
    text = camera(f"minimum_days = 10\nquota_bytes = {50 * GIB}")
    settings, mistakes = checked(text, lambda: {"a": 10.0 * GIB})
    assert "a: quota_bytes" in mistakes[0]
    assert settings.camera[0].retention_days == "forever"


def test_the_rate_is_read_from_the_folders(tmp_path):
    folder = DataFolder(tmp_path)
    folder.create()
    for hour in ("08", "09"):
        path = folder.recordings / "a" / "2024-01-31" / hour / "x.mp4"
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(1_000_000))
    folder.settings_file.write_text(
        "[retention.raw_video]\nminimum_days = 10\nquota_bytes = 200000000\n" + camera("")
    )
    assert "240" in f"{24 * 1_000_000 * 10}"
    mistakes = load_settings(folder).mistakes
    assert len(mistakes) == 1
    assert "holds 8.3 days" in str(mistakes[0])


def test_policies_survive_being_written_and_comments_stay(tmp_path):
    folder = DataFolder(tmp_path)
    folder.create()
    folder.settings_file.write_text(
        '# ours\n[retention.raw_video]\nretention_days = 30 # by law\nschedule = "0 2 * * *"\n'
    )
    loaded = load_settings(folder)
    assert loaded.mistakes == ()
    wanted = loaded.settings
    save_settings(
        folder,
        Settings(retention=wanted.retention, camera=(CameraSettings(id="a", main="rtsp://h/s"),)),
    )
    text = folder.settings_file.read_text()
    assert "by law" in text
    assert 'schedule = "0 2 * * *"' in text
    assert load_settings(folder).settings.retention == wanted.retention


@pytest.mark.parametrize(
    ("given", "named"),
    [("1-5", "mon,tue,wed,thu,fri"), ("0", "sun"), ("7", "sun"), ("*", "*"), ("*/2", "*/2"),
     ("6,0", "sat,sun"), ("mon-wed", "mon,tue,wed"), ("1-5/2", "mon,wed,fri")],
)  # fmt: skip
def test_weekdays_are_crons(given, named):
    assert weekdays_by_name(given) == named


@pytest.mark.parametrize(
    "schedule", ["* * * * *", "*/30 * * * *", "0 2 1,15 * *", "5-10/2 0 * jan-mar mon-fri"]
)
def test_schedules_that_cron_takes_are_taken(schedule):
    assert cron_fault(schedule) == ""


@pytest.mark.parametrize(
    "schedule",
    ["", "* * * *", "60 * * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "*/0 * * * *",
     "5-1 * * * *", "a * * * *", "*-3 * * * *", "1,,2 * * * *"],
)  # fmt: skip
def test_schedules_that_cron_does_not_take_are_refused(schedule):
    assert cron_fault(schedule) != ""
