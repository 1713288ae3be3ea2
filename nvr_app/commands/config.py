"""`nvr config`: show, validate, history, rollback."""

from __future__ import annotations

import argparse

import msgspec

from nvr_app.commands.output import add_json, print_json
from nvr_app.commands.reload import tell_engine
from nvr_app.errors import UserError
from nvr_app.paths import data_folder
from nvr_app.settings_file import history, load_settings, write_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="the settings in force, defaults included")
    add_json(show)
    validate = actions.add_parser("validate", help="name every mistake of the file")
    add_json(validate)
    versions = actions.add_parser("history", help="accepted versions, oldest first")
    add_json(versions)
    rollback = actions.add_parser("rollback", help="make an earlier version the file again")
    rollback.add_argument("version", help="a name of nvr config history")


def run(args: argparse.Namespace) -> int:
    """Do it. UserError: a sentence."""
    folder = data_folder(args.data_dir)
    loaded = load_settings(folder)
    if args.action == "show":
        plain = msgspec.to_builtins(loaded.settings)
        if args.json:
            print_json(plain)
        else:
            print(_toml(plain))
        return 0
    if args.action == "validate":
        if args.json:
            print_json([msgspec.to_builtins(mistake) for mistake in loaded.mistakes])
        else:
            print("\n".join(map(str, loaded.mistakes)) or f"{folder.settings_file} is in order")
        return 1 if loaded.mistakes else 0
    if args.action == "history":
        names = [path.stem for path in history(folder)]
        print_json(names) if args.json else print("\n".join(names))
        return 0
    chosen = [path for path in history(folder) if args.version in {path.stem, path.name}]
    if not chosen:
        raise UserError(f"there is no version {args.version!r}; see nvr config history")
    write_text(folder, chosen[0].read_text("utf-8"))
    print(f"Version {chosen[0].stem} is in force again. {tell_engine(folder)}")
    return 0


def _toml(plain: dict[str, object]) -> str:
    import tomlkit

    return tomlkit.dumps(plain).rstrip()
