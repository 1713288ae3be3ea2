"""What `[[storage]]` may say: every mistake gets its sentence, and what is good stays."""

import pytest

from nvr_app.contract.config import Settings, StorageSettings
from nvr_app.paths import DataFolder
from nvr_app.root_settings import footage_roots
from nvr_app.settings_file import check_text, load_settings, save_settings


def loaded(*tables):
    return check_text("\n".join("[[storage]]\n" + table for table in tables))


def table(name, path, *more):
    return "\n".join([f'name = "{name}"', f'path = "{path}"', *more])


def test_roles_quotas_and_floors_are_read_and_written_back(tmp_path):
    text = table("fast", tmp_path / "a", "quota_bytes = 5000", "floor_free_bytes = 0")
    found = loaded(text, table("deep", tmp_path / "b", 'role = "cold"'))
    assert found.mistakes == ()
    fast, deep = found.settings.storage
    assert (fast.role, fast.quota_bytes, fast.floor_free_bytes) == ("hot", 5000, 0)
    assert (deep.role, deep.quota_bytes, deep.floor_free_bytes) == ("cold", 0, None)
    folder = DataFolder(tmp_path / "data")
    folder.create()
    save_settings(folder, found.settings)
    assert load_settings(folder).settings.storage == (fast, deep)


@pytest.mark.parametrize(
    ("second", "what"),
    [
        (lambda p: table("one", p / "other"), "name 'one' is taken by an earlier root"),
        (lambda p: table("two", p / "one"), "is the same folder as that of root 'one'"),
        (lambda p: table("two", p / "link"), "is the same folder as that of root 'one'"),
        (lambda p: table("two", f"{p}/one/../one/"), "is the same folder as that of root 'one'"),
        (lambda p: table("two", p / "one" / "deep" / "er"), "lies within root 'one'"),
        (lambda p: table("two", p / "link" / "deep"), "lies within root 'one'"),
        (lambda p: table("two", p), "contains root 'one'"),
        (lambda _: table("two", "records/here"), "is relative: write the whole path"),
        (lambda p: table("two", p / "file"), "is a file: a storage root is a folder"),
        (lambda p: table("t/wo", p / "two"), "is no name: use letters"),
        (lambda p: table("two", p / "two", 'role = "warn"'), "Invalid enum value 'warn'"),
        (lambda p: table("two", p / "two", "quota_bytes = -1"), "-1 does not lie between"),
        (lambda p: table("two", p / "two", "floor_free_bytes = -1"), "-1 does not lie between"),
        (lambda _: 'name = "two"', "missing required field `path`"),
    ],
)
def test_a_root_with_a_mistake_is_named_and_left_out(tmp_path, second, what):
    (tmp_path / "one").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "one")
    (tmp_path / "file").write_text("no folder")
    found = loaded(table("one", tmp_path / "one"), second(tmp_path))
    (mistake,) = found.mistakes
    assert what in str(mistake)
    assert "left out until it is right" in str(mistake)
    assert mistake.line > 0
    assert [root.name for root in found.settings.storage] == ["one"]


def test_an_unknown_key_is_named_and_the_root_stays(tmp_path):
    found = loaded(table("one", tmp_path / "one", "qouta_bytes = 7"))
    assert "did you mean quota_bytes?" in str(found.mistakes[0])
    assert [root.name for root in found.settings.storage] == ["one"]


def test_neighbours_with_a_common_beginning_of_their_names_are_apart(tmp_path):
    assert not loaded(table("a", tmp_path / "disk"), table("b", tmp_path / "disk2")).mistakes


def test_a_cold_root_alone_is_a_mistake_and_footage_still_has_a_place(tmp_path):
    found = loaded(table("deep", tmp_path / "deep", 'role = "cold"'))
    assert "no root is hot" in str(found.mistakes[0])
    roots = footage_roots(DataFolder(tmp_path), found.settings)
    assert [(root.name, root.role) for root in roots] == [("main", "hot"), ("deep", "cold")]
    assert roots[0].path == str(tmp_path / "recordings")


def test_without_roots_the_data_folder_is_the_only_one(tmp_path):
    found = loaded()
    assert footage_roots(DataFolder(tmp_path), found.settings) == (
        StorageSettings(name="main", path=str(tmp_path / "recordings")),
    )


def test_the_order_of_roots_is_kept_when_one_is_put_in_front(tmp_path):
    folder = DataFolder(tmp_path / "data")
    folder.create()
    first, second = (StorageSettings(name=n, path=str(tmp_path / n)) for n in ("a", "b"))
    for roots in ((second,), (first, second), (second, first), (first,)):
        save_settings(folder, Settings(storage=roots))
        assert load_settings(folder).settings.storage == roots
