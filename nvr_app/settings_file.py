"""`config/nvr.toml`: read with all its mistakes named, written with its comments kept.

Every accepted version is kept in `config/history`; the last accepted one also as JSON, from
which the engine runs while the file is broken.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from engine.base.atomic_file import write_atomic
from nvr_app.contract.config import BucketSettings, CameraSettings, Settings, StorageSettings
from nvr_app.errors import UserError
from nvr_app.footage_rate import footage_rates
from nvr_app.paths import DataFolder
from nvr_app.retention_check import Rates
from nvr_app.settings_check import Checker, Mistake
from nvr_app.settings_lines import line_numbers

_MOST_HISTORY = 50


@dataclass(frozen=True)
class LoadedSettings:
    """What is in force, and everything that is wrong with the file."""

    settings: Settings
    mistakes: tuple[Mistake, ...]


def load_settings(folder: DataFolder) -> LoadedSettings:
    """Read the file. Never raises: a broken file leaves the last accepted settings in force."""
    try:
        text = folder.settings_file.read_text("utf-8")
    except FileNotFoundError:
        return LoadedSettings(Settings(), ())
    except (OSError, UnicodeDecodeError) as error:
        return _last_accepted(folder, Mistake(0, "file", f"cannot be read ({error})", "mend it"))
    loaded = check_text(text, lambda: footage_rates(_root_paths(folder, text)))
    if loaded is None:
        return _last_accepted(folder, _syntax_mistake(text))
    if not loaded.mistakes:
        _note_accepted(folder, text, loaded.settings)
    return loaded


def check_text(text: str, rates: Rates = dict) -> LoadedSettings | None:
    """Settings and mistakes of a file's text; None when it is no TOML at all.

    `rates` is asked only where a quota is to be held against what is recorded.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
    checker = Checker(line_numbers(text), rates)
    settings = checker.settings(raw)
    return LoadedSettings(settings, tuple(checker.mistakes))


def save_settings(folder: DataFolder, settings: Settings) -> None:
    """Write settings as a whole; comments of sections that stay are kept. UserError: disk."""
    import tomlkit  # noqa: PLC0415  reading needs none of it

    document = _document(folder)
    defaults = msgspec.to_builtins(Settings())
    for key, value in msgspec.to_builtins(settings).items():
        if key in {"camera", "storage", "bucket"}:
            continue
        if key == "retention":
            _set_policies(document, value, defaults[key])
            continue
        if isinstance(value, dict):
            changed = {k: v for k, v in value.items() if v != defaults[key][k]}
            if changed or key in document:
                table = document.setdefault(key, tomlkit.table())
                for name in [n for n in table if n not in changed]:
                    del table[name]
                for name, item in changed.items():
                    if table.get(name) != item:
                        table[name] = item
        elif value != defaults[key]:
            document[key] = value
        else:
            document.pop(key, None)
    _set_tables(document, "storage", [_root_table(root) for root in settings.storage])
    _set_tables(document, "bucket", [_bucket_table(bucket) for bucket in settings.bucket])
    _set_tables(document, "camera", [_camera_table(camera) for camera in settings.camera])
    write_text(folder, tomlkit.dumps(document))


def write_text(folder: DataFolder, text: str) -> None:
    """Replace the file, after its check. UserError names every mistake and changes nothing."""
    loaded = check_text(text, lambda: footage_rates(_root_paths(folder, text)))
    mistakes = (_syntax_mistake(text),) if loaded is None else loaded.mistakes
    if mistakes or loaded is None:
        raise UserError("the settings were not changed:\n" + "\n".join(map(str, mistakes)))
    try:
        folder.config.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(folder.settings_file, text.encode())
    except OSError as error:
        raise UserError(
            f"the settings cannot be written to {folder.settings_file} "
            f"({error.strerror or error}); nothing was changed"
        ) from None
    _note_accepted(folder, text, loaded.settings)


def history(folder: DataFolder) -> list[Path]:
    """Accepted versions, oldest first."""
    return sorted((folder.config / "history").glob("*.toml"))


def _root_paths(folder: DataFolder, text: str) -> list[Path]:
    """Where footage lies, as the text says it: also while the rest of it is being checked."""
    roots = tomllib.loads(text).get("storage", [])
    named = [Path(str(root["path"])) for root in roots if "path" in root]
    return named or [folder.recordings]


def _document(folder: DataFolder) -> Any:
    import tomlkit  # noqa: PLC0415
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    try:
        return tomlkit.parse(folder.settings_file.read_text("utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except (TOMLKitError, OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{folder.settings_file} cannot be read ({error}); mend it first, or take a version of "
            "nvr config history"
        ) from None


def _camera_table(camera: CameraSettings) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(camera)
    defaults = msgspec.to_builtins(CameraSettings(id="", main=""))
    return {
        key: value
        for key, value in plain.items()
        if key in {"id", "main"} or value != defaults[key]
    }


def _bucket_table(bucket: BucketSettings) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(bucket)
    return {key: value for key, value in plain.items() if value != ""}


def _root_table(root: StorageSettings) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(root)
    defaults = msgspec.to_builtins(StorageSettings(name="", path=""))
    return {
        key: value
        for key, value in plain.items()
        if key in {"name", "path"} or value != defaults[key]
    }


def _set_tables(document: Any, name: str, tables: list[dict[str, Any]]) -> None:
    """Make the list of tables say this, touching only what differs, so that comments stay."""
    import tomlkit  # noqa: PLC0415

    key = "id" if name == "camera" else "name"
    old = document.get(name)
    wanted = {table[key]: table for table in tables}
    order = [table.get(key) for table in old] if old is not None else []
    kept = [k for k in order if k in wanted]
    # The order of roots means something: what is new may only be added where it belongs last.
    if old is not None and list(wanted)[: len(kept)] == kept:
        for index in reversed(range(len(old))):
            if old[index].get(key) not in wanted:
                del old[index]
        for table in old:
            _update(table, wanted.pop(table[key]))
        for table in wanted.values():
            old.append(tomlkit.item(table))
        if not len(old):
            del document[name]
        return
    document.pop(name, None)
    if tables:
        array = tomlkit.aot()
        for table in tables:
            array.append(tomlkit.item(table))
        document[name] = array


def _update(table: Any, wanted: dict[str, Any]) -> None:
    for key in [key for key in table if key not in wanted]:
        del table[key]
    for key, value in wanted.items():
        if table.get(key) != value:
            table[key] = value


def _set_policies(document: Any, wanted: dict[str, Any], defaults: dict[str, Any]) -> None:
    """Tables of policies with what differs from the defaults, touching only what changed."""
    import tomlkit  # noqa: PLC0415

    changed = {
        name: {k: v for k, v in policy.items() if v != defaults[name][k]}
        for name, policy in wanted.items()
    }
    if "retention" not in document and any(changed.values()):
        document["retention"] = tomlkit.table(is_super_table=True)
    tables = document.get("retention", {})
    for name, policy in changed.items():
        if policy and name not in tables:
            tables[name] = tomlkit.table()
        if name in tables:
            for key in [k for k in tables[name] if k not in policy]:
                if tables[name][key] != wanted[name].get(key):
                    del tables[name][key]
            for key, value in policy.items():
                if tables[name].get(key) != value:
                    tables[name][key] = value


def _syntax_mistake(text: str) -> Mistake:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = getattr(error, "lineno", 0) or _line_in(str(error))
        return Mistake(line, "syntax", str(error), "the last accepted settings stay in force")
    return Mistake(0, "syntax", "cannot be read", "the last accepted settings stay in force")


def _line_in(message: str) -> int:
    """Python before 3.14 tells the line in words only: "… (at line 3, column 4)"."""
    words = message.replace(",", " ").split()
    for word, following in pairwise(words):
        if word == "line" and following.isdigit():
            return int(following)
    return 0


def _last_accepted(folder: DataFolder, mistake: Mistake) -> LoadedSettings:
    try:
        kept = msgspec.json.decode((folder.config / "accepted.json").read_bytes(), type=Settings)
    except (OSError, msgspec.MsgspecError):
        kept = Settings()
        remedy = "mend it: nothing was ever accepted here, so the defaults are in force, no camera"
        mistake = replace(mistake, remedy=remedy)
    return LoadedSettings(kept, (mistake,))


def _note_accepted(folder: DataFolder, text: str, settings: Settings) -> None:
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    kept = history(folder)
    if kept and kept[-1].stem.endswith(digest):
        return
    stamp = datetime.now(tz=UTC).strftime("%Y%m%dT%H%M%S%fZ")
    try:
        target = folder.config / "history"
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(target / f"{stamp}-{digest}.toml", text.encode())
        write_atomic(folder.config / "accepted.json", msgspec.json.encode(settings))
        for old in kept[: len(kept) + 1 - _MOST_HISTORY]:
            old.unlink(missing_ok=True)
    except OSError:
        return  # a full disk must not keep good settings from being used
