import json

import pytest

from engine.recording.storage_root import (
    IDENTITY_FILE,
    StorageError,
    choose_root,
    prepare_roots,
)


def prepared(tmp_path, *names):
    return prepare_roots({n: tmp_path / n for n in names}, tmp_path / "roots.json")


def test_a_prepared_root_shows_its_identity_again_after_a_restart(tmp_path):
    (first,) = prepared(tmp_path, "main")
    (again,) = prepared(tmp_path, "main")
    assert first == again
    again.verify()


def test_an_unmounted_root_is_not_written_to_and_gets_no_new_identity(tmp_path):  # invariant S5
    prepared(tmp_path, "nas")
    (tmp_path / "nas" / IDENTITY_FILE).unlink()
    (root,) = prepared(tmp_path, "nas")
    with pytest.raises(StorageError, match="is the disk or network folder mounted"):
        root.verify()
    assert not (tmp_path / "nas" / IDENTITY_FILE).exists()


def test_a_swapped_disk_is_recognised(tmp_path):  # invariant S5
    (root,) = prepared(tmp_path, "main")
    (tmp_path / "main" / IDENTITY_FILE).write_text(json.dumps({"root_id": "other"}))
    with pytest.raises(StorageError, match="belongs to another installation"):
        root.verify()


def test_the_next_root_takes_over_when_the_first_is_gone(tmp_path):
    first, second = prepared(tmp_path, "nas", "local")
    (tmp_path / "nas" / IDENTITY_FILE).unlink()
    assert choose_root((first, second), 0) is second


def test_a_root_below_its_floor_is_refused_with_the_figures(tmp_path):
    roots = prepared(tmp_path, "main")
    with pytest.raises(StorageError, match="MiB free, below its floor"):
        choose_root(roots, 10**18)
