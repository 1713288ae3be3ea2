"""A root that was refused at first is used once its folder can be prepared."""

import threading

from engine.recording import storage_root
from nvr_app.contract.config import Settings, StorageSettings
from nvr_app.paths import DataFolder
from nvr_app.root_claims import RootClaims
from nvr_app.settings_file import save_settings


def test_a_root_that_was_not_ready_is_claimed_later_and_told_once(tmp_path):
    folder = DataFolder(tmp_path / "data")
    folder.create()
    far = tmp_path / "far" / "root"
    far.parent.write_text("a file where the mount point's folder is to be")
    save_settings(folder, Settings(storage=(StorageSettings(name="far", path=str(far)),)))
    told = threading.Semaphore(0)
    claims = RootClaims(folder, told.release, retry_s=0.05)
    claims.start()
    claims.look()
    assert not told.acquire(timeout=0.4)
    far.parent.unlink()
    assert told.acquire(timeout=60)
    assert (far / storage_root.IDENTITY_FILE).is_file()
    assert not told.acquire(timeout=0.3)
    claims.look()
    assert not told.acquire(timeout=0.3)
    claims.stop()
    claims.join(30)
