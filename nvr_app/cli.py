"""The command line `nvr`: a table of commands, each imported only when it is asked for."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from engine.base.program import CHILD_FLAG
from nvr_app.errors import UserError


class _Command(NamedTuple):
    name: str
    help: str
    module: str


COMMANDS = (
    _Command("desk", "open the window (what `nvr` alone does)", "nvr_app.commands.desk"),
    _Command("engine", "run the engine headless", "nvr_app.commands.engine"),
    _Command("demo", "run everything on simulated cameras", "nvr_app.commands.demo"),
    _Command("camera", "add, list, test or remove cameras", "nvr_app.commands.camera"),
    _Command("config", "show, validate or roll back settings", "nvr_app.commands.config"),
    _Command("secrets", "status and recovery of the secrets file", "nvr_app.commands.secrets"),
    _Command("check", "prove what is recorded", "nvr_app.commands.check"),
    _Command("export", "hand footage out with a signed manifest", "nvr_app.commands.export"),
    _Command("verify", "say whether an export is intact", "nvr_app.commands.verify"),
    _Command("audit", "prove that the journal is what it was", "nvr_app.commands.audit"),
    _Command(
        "retention", "what is kept, what goes next; clean up now", "nvr_app.commands.retention"
    ),
    _Command("doctor", "say what this machine has and lacks", "nvr_app.commands.doctor"),
    _Command("bench", "measure this machine", "nvr_app.commands.bench"),
)
DONE, FAILED, WRONG_USAGE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 failed, 2 wrong usage. Expected failures are one sentence."""
    words = list(sys.argv[1:] if argv is None else argv)
    if len(words) == 2 and words[0] == CHILD_FLAG:
        from nvr_app.launch import run_child

        return run_child(words[1])
    command = _chosen(words)
    parser = _parser(command)
    try:
        args = parser.parse_args(words or ["desk"])
    except SystemExit as leaving:  # argparse has printed help or the usage
        return int(leaving.code or 0)
    try:
        return int(importlib.import_module(_by_name(args.command).module).run(args))
    except UserError as error:
        print(f"nvr: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return FAILED
    except BrokenPipeError:
        # `nvr … | head` is no failure; standard output is gone, so nothing may flush it again.
        sys.stderr.close()
        return DONE


def _by_name(name: str | None) -> _Command:
    return next(command for command in COMMANDS if command.name == (name or "desk"))


def _chosen(words: Sequence[str]) -> str | None:
    """The command's name, to import only that command's arguments."""
    names = {command.name for command in COMMANDS}
    return next((word for word in words if word in names), None)


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nvr", description="A network video recorder that can prove it is recording."
    )
    parser.add_argument("--data-dir", type=Path, help="the engine's folder (or NVR_DATA_DIR)")
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for command in COMMANDS:
        sub = commands.add_parser(command.name, help=command.help, description=command.help)
        # Also behind the command; absent there, the one before it counts.
        sub.add_argument("--data-dir", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        if command.name == chosen:
            importlib.import_module(command.module).add_arguments(sub)
    return parser


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"nvr {version('nvr')}"
    except PackageNotFoundError:
        return "nvr (not installed)"
