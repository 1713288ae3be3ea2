import base64
import json
import os
import secrets as random

import pytest

from nvr_app.contract.config import Credentials
from nvr_app.paths import DataFolder
from nvr_app.secrets import Secrets, SecretsError

CANARY = "Kanarienvogel-42!"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("NVR_SECRETS_KEY", "CREDENTIALS_DIRECTORY", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    folder = DataFolder(tmp_path)
    folder.create()
    return folder


def kept(folder):
    secrets = Secrets(folder)
    secrets.set_camera("door", Credentials(user="admin", password=CANARY))
    return secrets


def test_a_login_comes_back_and_stands_nowhere_in_the_clear(folder):
    secrets = kept(folder)
    found = Secrets(folder).camera("door")
    assert (found.user, found.password) == ("admin", CANARY)
    assert Secrets(folder).camera("gate") is None
    for path in folder.root.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes()
            assert base64.b64encode(CANARY.encode()) not in path.read_bytes()
    assert CANARY not in repr(found) + str(found) + repr(secrets)
    if os.name != "nt":
        assert (folder.config / "secrets.enc").stat().st_mode & 0o777 == 0o600
        assert (folder.config / "secrets.key").stat().st_mode & 0o777 == 0o600


def test_the_recovery_key_opens_when_the_key_is_lost(folder):
    recovery = kept(folder).new_recovery_key
    assert len(recovery.split("-")) == 8
    (folder.config / "secrets.key").unlink()
    with pytest.raises(SecretsError, match="recovery key"):
        Secrets(folder).camera("door")
    with pytest.raises(SecretsError, match="no recovery key"):
        Secrets(folder).recover("AAAA-BBBB")
    assert Secrets(folder).recover(recovery.lower()) == "key file"
    assert Secrets(folder).camera("door").password == CANARY


def test_a_changed_file_is_refused_and_left_as_it_is(folder):
    kept(folder)
    path = folder.config / "secrets.enc"
    content = json.loads(path.read_text())
    sealed = bytearray(base64.b64decode(content["entries"]["camera/door"]))
    sealed[-1] ^= 1
    content["entries"]["camera/door"] = base64.b64encode(sealed).decode()
    path.write_text(json.dumps(content))
    before = path.read_bytes()
    with pytest.raises(SecretsError, match="was changed"):
        Secrets(folder).camera("door")
    assert path.read_bytes() == before
    path.write_text("no json")
    with pytest.raises(SecretsError, match="left as it is"):
        Secrets(folder).set_camera("x", Credentials(user="a", password="b"))


def test_an_entry_cannot_be_moved_to_another_camera(folder):
    kept(folder)
    path = folder.config / "secrets.enc"
    content = json.loads(path.read_text())
    content["entries"]["camera/gate"] = content["entries"]["camera/door"]
    path.write_text(json.dumps(content))
    with pytest.raises(SecretsError):
        Secrets(folder).camera("gate")


def test_a_key_from_the_environment_is_used_and_not_written(folder, monkeypatch):
    key = base64.urlsafe_b64encode(random.token_bytes(32)).decode()
    monkeypatch.setenv("NVR_SECRETS_KEY", key)
    kept(folder)
    assert not (folder.config / "secrets.key").exists()
    assert Secrets(folder).status().key_place == "environment variable"
    assert Secrets(folder).camera("door").password == CANARY
    assert Secrets(folder).remove_camera("door")
    assert Secrets(folder).camera("door") is None


def test_the_signing_key_is_made_once_and_lies_nowhere_in_the_clear(folder):
    seed = Secrets(folder).signing_seed()
    assert len(seed) == 32
    assert Secrets(folder).signing_seed() == seed
    kept(folder)
    assert Secrets(folder).signing_seed() == seed
    for path in folder.config.iterdir():
        assert seed not in path.read_bytes()
        assert base64.b64encode(seed) not in path.read_bytes()


def test_people_get_the_recovery_key_of_a_file_that_the_engine_made(folder):
    secrets = Secrets(folder)
    seed = secrets.signing_seed()
    assert secrets.new_recovery_key == ""
    with pytest.raises(SecretsError, match="ever given out"):
        Secrets(folder).recover("ABCD-" * 7 + "ABCD")
    recovery = kept(folder).new_recovery_key
    assert kept(folder).new_recovery_key == ""
    (folder.config / "secrets.key").unlink()
    assert Secrets(folder).recover(recovery) == "key file"
    assert Secrets(folder).signing_seed() == seed
