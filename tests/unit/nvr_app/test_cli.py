import io
import json
import subprocess
import sys

import pytest

from nvr_app.cli import main
from nvr_app.paths import DataFolder
from nvr_app.secrets import Secrets
from nvr_app.settings_file import load_settings

CANARY = "hunter2-kanarie"


@pytest.fixture
def nvr(tmp_path, monkeypatch, capsys):
    for name in ("NVR_SECRETS_KEY", "CREDENTIALS_DIRECTORY", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)

    def run(*words, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code = main(["--data-dir", str(tmp_path), *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    run.folder = DataFolder(tmp_path)
    return run


def test_a_camera_is_added_listed_changed_and_removed(nvr, tmp_path):
    code, out, _ = nvr("camera", "add", "door", "--main", "rtsp://10.0.0.1/s", "--name", "Door")
    assert code == 0
    assert "added" in out
    assert nvr("camera", "add", "door", "--main", "rtsp://10.0.0.2/s")[1].startswith(
        "Camera door was changed"
    )
    rows = json.loads(nvr("camera", "list", "--json")[1])
    assert [(row["camera_id"], row["main"]) for row in rows] == [("door", "rtsp://10.0.0.2/s")]
    assert "engine not running" in nvr("camera", "list")[1]
    address = {"url": "http://127.0.0.1:9", "health_url": "", "token": "t", "pid": 1}
    address |= {"instance_id": "i", "version": "0"}
    (tmp_path / "run" / "endpoint.json").write_text(json.dumps(address))
    assert "engine does not answer" in nvr("camera", "list")[1]  # it is there, and stuck
    code, out, _ = nvr("camera", "remove", "door")
    assert "footage stays" in out
    code, _, err = nvr("camera", "remove", "door")
    assert (code, "no camera is called 'door'" in err) == (1, True)


def test_a_login_in_an_address_moves_into_the_secrets(nvr):
    code, out, err = nvr("camera", "add", "door", "--main", f"rtsp://admin:{CANARY}@10.0.0.1/s")
    assert code == 0
    assert "recovery key" in out
    assert CANARY not in out + err
    folder = nvr.folder
    assert load_settings(folder).settings.camera[0].main == "rtsp://10.0.0.1/s"
    assert Secrets(folder).camera("door").password == CANARY
    for path in folder.root.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes()
    nvr("camera", "password", "door", "--user", "guard", "--password-stdin", stdin="new one\n")
    assert Secrets(folder).camera("door").user == "guard"
    assert Secrets(folder).camera("door").password == "new one"
    assert "camera/door" in nvr("secrets", "status")[1]


@pytest.mark.parametrize(
    "words",
    [
        ("camera", "add", "Door!", "--main", "rtsp://10.0.0.1/s"),
        ("camera", "add", "con", "--main", "rtsp://10.0.0.1/s"),
        ("camera", "add", "door", "--main", "exec:evil"),
        ("camera", "add", "door", "--main", "rtsp://10.0.0.1/s", "--onvif", "file:///etc/passwd"),
        ("camera", "add", "door", "--main", "rtsp://10.0.0.1/s", "--sub", "pipe:1"),
        ("camera", "test", "nobody"),
        ("config", "rollback", "never"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(nvr, words):
    nvr.folder.create()
    code, _, err = nvr(*words)
    assert code == 1
    assert err.startswith("nvr: ")
    assert "Traceback" not in err
    assert not nvr.folder.settings_file.exists()


def test_wrong_usage_is_two(nvr):
    assert nvr("camera", "add")[0] == 2
    assert nvr("nonsense")[0] == 2
    assert nvr("--help")[0] == 0


def test_settings_are_validated_shown_and_rolled_back(nvr):
    nvr("camera", "add", "door", "--main", "rtsp://10.0.0.1/s")
    nvr("camera", "add", "gate", "--main", "rtsp://10.0.0.2/s")
    first = json.loads(nvr("config", "history", "--json")[1])[0]
    assert nvr("config", "validate")[0] == 0
    nvr.folder.settings_file.write_text('[api]\nport = "x"\n')
    code, out, _ = nvr("config", "validate")
    assert (code, "line 2" in out) == (1, True)
    assert "mend them first" in nvr("camera", "add", "roof", "--main", "rtsp://10.0.0.3/s")[2]
    assert nvr("config", "rollback", first)[0] == 0
    shown = json.loads(nvr("config", "show", "--json")[1])
    assert [camera["id"] for camera in shown["camera"]] == ["door"]


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from nvr_app.cli import main; main(['--help']);"
        "heavy = {'numpy', 'av', 'duckdb', 'onnxruntime', 'litestar', 'PySide6', 'cv2'};"
        "sys.exit(len(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0
