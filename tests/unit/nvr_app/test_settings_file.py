import msgspec
import pytest

from nvr_app.contract.config import ApiSettings, CameraSettings, Settings
from nvr_app.errors import UserError
from nvr_app.paths import DataFolder
from nvr_app.settings_file import check_text, history, load_settings, save_settings, write_text

WRONG = """\
site = "works"
colour = "blue"

[api]
port = 99999
hots = "0.0.0.0"

[recording]
segment_s = "long"

[[camera]]
id = "door"
main = "rtsp://10.0.0.1/s"

[[camera]]
id = "Yard!"
main = "rtsp://10.0.0.2/s"

[[camera]]
id = "door"
main = "rtsp://10.0.0.3/s"

[[camera]]
id = "gate"
main = "file:///etc/passwd"

[[camera]]
id = "roof"
main = "rtsp://10.0.0.4/s"
sub = "pipe:0"
nmae = "Roof"

[[camera]]
id = "hall"
main = "rtsp://user:hunter2@10.0.0.5/s"

[[camera]]
main = "rtsp://10.0.0.6/s"
"""


@pytest.fixture
def folder(tmp_path):
    folder = DataFolder(tmp_path)
    folder.create()
    return folder


def test_every_mistake_is_named_with_its_line_and_the_good_cameras_run(folder):
    folder.settings_file.write_text(WRONG)
    loaded = load_settings(folder)
    assert [camera.id for camera in loaded.settings.camera] == ["door", "roof"]
    assert loaded.settings.camera[0].main.endswith("10.0.0.1/s")
    assert loaded.settings.camera[1].sub == ""
    assert loaded.settings.site == "works"
    assert loaded.settings.api == ApiSettings()
    assert {(m.line, m.where) for m in loaded.mistakes} == {
        (2, "colour"), (5, "api.port"), (6, "api.hots"), (9, "recording.segment_s"),
        (16, "camera.1.id"), (20, "camera.2.id"), (25, "camera.3.main"), (30, "camera.4.sub"),
        (31, "camera.4.nmae"), (35, "camera.5.main"), (37, "camera.6"),
    }  # fmt: skip
    text = "\n".join(str(mistake) for mistake in loaded.mistakes)
    assert "did you mean host?" in text
    assert "did you mean name?" in text
    assert "the camera of line 11" in text
    assert "hunter2" not in text


def test_broken_toml_in_a_new_folder_claims_no_earlier_settings(folder):
    folder.settings_file.write_text("[[camera]\nid = ")
    loaded = load_settings(folder)
    assert loaded.settings == Settings()
    (mistake,) = loaded.mistakes
    assert "last accepted" not in mistake.remedy
    assert "no camera" in mistake.remedy


def test_broken_toml_leaves_the_last_accepted_settings_in_force(folder):
    camera = CameraSettings(id="door", main="rtsp://10.0.0.1/s")
    save_settings(folder, Settings(camera=(camera,)))
    folder.settings_file.write_text("[[camera]\nid = ")
    loaded = load_settings(folder)
    assert loaded.settings.camera == (camera,)
    (mistake,) = loaded.mistakes
    assert mistake.line == 1
    assert "last accepted" in mistake.remedy


def test_comments_survive_a_change_by_the_program(folder):
    text = """\
# our site
site = "works"

[[camera]]
id = "door"   # by the bell
main = "rtsp://10.0.0.1/s"

# the far one
[[camera]]
id = "gate"
main = "rtsp://10.0.0.2/s"
"""
    folder.settings_file.write_text(text)
    settings = load_settings(folder).settings
    added = CameraSettings(id="roof", main="rtsp://10.0.0.3/s", name="Roof")
    save_settings(folder, msgspec.structs.replace(settings, camera=(*settings.camera, added)))
    written = folder.settings_file.read_text()
    assert "# our site" in written
    assert "# by the bell" in written
    assert "# the far one" in written
    again = load_settings(folder)
    assert again.mistakes == ()
    assert [camera.id for camera in again.settings.camera] == ["door", "gate", "roof"]
    save_settings(folder, msgspec.structs.replace(again.settings, camera=again.settings.camera[1:]))
    assert [c.id for c in load_settings(folder).settings.camera] == ["gate", "roof"]
    save_settings(folder, Settings())
    assert load_settings(folder).settings == Settings()


def test_versions_are_kept_and_a_bad_text_changes_nothing(folder):
    save_settings(folder, Settings(site="one"))
    save_settings(folder, Settings(site="two"))
    assert len(history(folder)) == 2
    before = folder.settings_file.read_text()
    with pytest.raises(UserError, match="unknown key 'nonsense'"):
        write_text(folder, "nonsense = 1\n")
    assert folder.settings_file.read_text() == before
    write_text(folder, history(folder)[0].read_text())
    assert load_settings(folder).settings.site == "one"


def test_all_settings_survive_writing_and_reading(folder):
    settings = Settings(
        site="s", node="n", api=ApiSettings(port=0),
        camera=(CameraSettings(id="a", main="/dev/video0", kind="usb", record=False),),
    )  # fmt: skip
    save_settings(folder, settings)
    assert load_settings(folder).settings == settings
    assert check_text(folder.settings_file.read_text()).settings == settings


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ftp://10.0.0.1/onvif", "must begin with http:// or https://"),
        ("http:///onvif/device_service", "names no host"),
        ("http://user:hunter2@10.0.0.1/onvif", "holds a login"),
        ("http://10.0.0.1:99999/onvif", "cannot be read"),
    ],
)
def test_a_wrong_address_of_a_card_is_named_and_the_camera_records_all_the_same(address, words):
    text = f'[[camera]]\nid = "door"\nmain = "rtsp://10.0.0.1/s"\nonvif = "{address}"\n'
    loaded = check_text(text)
    assert [camera.onvif for camera in loaded.settings.camera] == [""]
    (mistake,) = loaded.mistakes
    assert (mistake.line, mistake.where) == (4, "camera.0.onvif")
    assert words in mistake.what
    assert "hunter2" not in str(mistake)
