import json
import threading
from pathlib import Path

import pytest

from engine.recording import storage_root
from engine.recording.root_look import look_at
from engine.recording.root_start import RootStart
from engine.recording.storage_root import IDENTITY_FILE, prepare_roots, root_of


def prepared(tmp_path, *names):
    starts = [RootStart(name=n, path=str(tmp_path / n), identity="") for n in names]
    return tuple(root_of(one) for one in prepare_roots(starts, tmp_path / "roots.json"))


def test_a_prepared_root_shows_its_identity_again_after_a_restart(tmp_path):
    (first,) = prepared(tmp_path, "main")
    (again,) = prepared(tmp_path, "main")
    assert first == again
    look = look_at(again, probe=True)
    assert (look.fault, look.detail) == ("", "")
    assert 0 < look.free_bytes < look.total_bytes
    assert [p.name for p in again.path.iterdir()] == [IDENTITY_FILE], (
        "the probe leaves nothing behind"
    )


def test_an_unmounted_root_is_not_written_to_and_gets_no_new_identity(tmp_path):  # invariant S5
    prepared(tmp_path, "nas")
    (tmp_path / "nas" / IDENTITY_FILE).unlink()
    (root,) = prepared(tmp_path, "nas")
    look = look_at(root, probe=True)
    assert look.fault == "missing"
    assert "is the disk or network folder mounted" in look.detail
    assert not list((tmp_path / "nas").iterdir())


def test_a_swapped_disk_is_recognised(tmp_path):  # invariant S5
    (root,) = prepared(tmp_path, "main")
    (tmp_path / "main" / IDENTITY_FILE).write_text(json.dumps({"root_id": "other"}))
    look = look_at(root, probe=False)
    assert look.fault == "foreign"
    assert "belongs to another installation" in look.detail


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"[]", b"{}"])
def test_a_damaged_identity_is_no_identity(tmp_path, content):
    (root,) = prepared(tmp_path, "main")
    (root.path / IDENTITY_FILE).write_bytes(content)
    assert look_at(root, probe=False).fault == "missing"


def test_a_folder_that_vanished_is_missing(tmp_path):
    (root,) = prepared(tmp_path, "main")
    (root.path / IDENTITY_FILE).unlink()
    root.path.rmdir()
    assert look_at(root, probe=False).fault == "missing"


def test_a_new_root_on_a_dead_server_is_refused_for_now_and_waited_for_by_nobody(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr(storage_root, "_CLAIM_PATIENCE_S", 0.05)
    released, real = threading.Event(), Path.mkdir

    def hanging(path, *args, **options):
        if path.name == "nas":
            released.wait(20)
        real(path, *args, **options)

    monkeypatch.setattr(Path, "mkdir", hanging)
    nas, local = prepared(tmp_path, "nas", "local")
    assert "nas" in caplog.text
    assert "does not answer" in caplog.text
    caplog.clear()
    assert look_at(local, probe=True).fault == ""
    assert look_at(nas, probe=False).fault == "missing"
    released.set()
    (nas,) = prepared(tmp_path, "nas")
    assert look_at(nas, probe=True).fault == "", "the next call prepares it"
