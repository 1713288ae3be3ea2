"""`nvr`: the window; attaches to a running engine or starts a detached one."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from nvr_app.commands.demo import has_display
from nvr_app.errors import UserError
from nvr_app.paths import DataFolder, data_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--attach-only", action="store_true", help="never start an engine, only look at one"
    )


def run(args: argparse.Namespace) -> int:
    """Open the window and wait until it is closed."""
    try:
        from ui.app import run_desk
    except ImportError as error:
        raise UserError(
            f"the window needs PySide6, which is missing here ({error}); "
            "install it with: pip install 'nvr[gui]', or run nvr engine"
        ) from None
    if not has_display() and os.environ.get("QT_QPA_PLATFORM", "") in {"", "xcb", "wayland"}:
        raise UserError("there is no display here; run nvr engine, or nvr demo --headless")
    folder = data_folder(args.data_dir)
    folder.create()
    start = (lambda: None) if args.attach_only else (lambda: start_detached_engine(folder))
    return int(run_desk(folder.root, start_engine=start))


def start_detached_engine(folder: DataFolder) -> None:
    """Start `nvr engine` as a process that outlives this one."""
    command = [sys.executable]
    if not getattr(sys, "frozen", False):
        command += ["-P", "-m", "nvr_app"]
    command += ["--data-dir", str(folder.root), "engine", "--quiet"]
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS
        subprocess.Popen(command, creationflags=flags, stdin=subprocess.DEVNULL)
        return
    with (folder.logs / "engine-start.log").open("wb") as log:
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
