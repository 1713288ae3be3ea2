"""What the settings may say of ageing, clips and buckets."""

import io

import pytest

from nvr_app.cli import main
from nvr_app.contract.config import BucketSettings, Settings
from nvr_app.paths import DataFolder
from nvr_app.secrets import Secrets
from nvr_app.settings_file import check_text, load_settings, save_settings


def mistakes(text):
    return [str(mistake) for mistake in check_text(text).mistakes]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[ageing]\nhevc_crf = 52", "line 2: ageing.hevc_crf: 52 does not lie between 0 and 51"),
        ("[ageing]\ncpu_share = 0", "does not lie between 0.01 and 64"),
        ('[ageing]\nhevc_preset = "fastest"', "ageing.hevc_preset: Invalid enum value 'fastest'"),
        ("[ageing]\nav1_after_days = 5", "5 is not later than hevc_after_days = 7"),
        ("[ageing]\nreencode_until_days = 30", "30 is not later than av1_after_days = 30"),
        ("[ageing]\nwarm_after_days = 9\ncold_after_days = 9", "9 is not later than warm_after"),
        ("[clips]\nlabel = 1", "unknown key 'label'; did you mean labels?"),
        ("[clips]\nlongest_s = 0", "does not lie between 1 and 3600"),
        ('[[bucket]]\nname = "v"', "Object missing required field `bucket`"),
        ('[[bucket]]\nname = "v"\nbucket = "B_"', "line 3: bucket.0.bucket: 'B_' is no bucket's"),
        (
            '[[bucket]]\nname = "v"\nbucket = "foo"\nstorage_class = "DEEP_ARCHIVE"',
            "Invalid enum value 'DEEP_ARCHIVE'",
        ),
        (
            '[[storage]]\nname = "v"\npath = "/v"\n[[bucket]]\nname = "v"\nbucket = "foo"',
            "name 'v' is taken by a storage root",
        ),
        ('[[bucket]]\nname = "v"\nbucket = "foo"\nendpoint = "host:1"', "is no address"),
    ],
)  # fmt: skip
def test_mistakes_are_named(text, sentence):
    found = mistakes(text)
    assert len(found) == 1
    assert sentence in found[0]


def test_days_that_contradict_each_other_leave_footage_as_it_is():
    settings = check_text("[ageing]\nav1_after_days = 5\nwarm_after_days = 3").settings
    assert not settings.ageing.reencode
    assert settings.ageing.warm_after_days == 0


def test_what_is_saved_is_read_back(tmp_path):
    folder = DataFolder(tmp_path)
    folder.create()
    wanted = Settings(
        bucket=(BucketSettings(name="vault", bucket="foo", storage_class="GLACIER_IR"),)
    )
    save_settings(folder, wanted)
    loaded = load_settings(folder)
    assert loaded.mistakes == ()
    assert loaded.settings.bucket == wanted.bucket
    save_settings(folder, Settings())
    assert load_settings(folder).settings.bucket == ()


def test_the_keys_of_a_bucket_are_kept_encrypted(tmp_path, monkeypatch, capsys):
    for name in ("NVR_SECRETS_KEY", "CREDENTIALS_DIRECTORY", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    folder = DataFolder(tmp_path)
    folder.create()
    monkeypatch.setattr("sys.stdin", io.StringIO("hush-hush\n"))
    line = ["--data-dir", str(tmp_path), "secrets", "bucket", "vault", "--key-id", "AKIA1"]
    assert main(line) == 0
    assert "recovery key" in capsys.readouterr().out
    kept = Secrets(folder).bucket("vault")
    assert (kept.user, kept.password) == ("AKIA1", "hush-hush")
    assert b"hush-hush" not in (folder.config / "secrets.enc").read_bytes()
    assert Secrets(folder).bucket("other") is None
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert main(line) != 0
    assert "no key was given" in capsys.readouterr().err
