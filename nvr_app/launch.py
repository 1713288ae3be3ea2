"""The one way in which child processes start, from source, from a wheel or frozen.

`engine.base.program.child_argv(role)` is the command line; `run_child(role)` is what that command
line runs. A frozen program has no `-m`: it starts itself with `--child`, which `nvr_app.cli` looks
for first.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from engine.base.program import CHILD_FLAG


def run_child(role: str) -> int:
    """Become a child of that role: read the start message, work until a stop. Exit code."""
    entry = _ENTRIES.get(role)
    if entry is None:
        sys.stderr.write(f"no such child role: {role}\n")
        return 2
    os.umask(0o027)
    return entry()


def _run_camera_worker() -> int:
    import msgspec  # noqa: PLC0415  each role imports only what it needs

    from engine.base.child import standard_control  # noqa: PLC0415
    from engine.base.logs import log_to_stderr  # noqa: PLC0415
    from engine.ingest.main import run_camera_worker  # noqa: PLC0415
    from engine.ingest.start import CameraWorkerStart  # noqa: PLC0415

    control = standard_control()
    start = msgspec.convert(control.read_start(), type=CameraWorkerStart)
    log_to_stderr(start.name)
    _name_process(start.name)
    control.start()
    gc.freeze()
    run_camera_worker(start, control)
    return 0


def _run_vision_worker() -> int:
    import msgspec  # noqa: PLC0415

    from engine.base.child import standard_control  # noqa: PLC0415
    from engine.base.logs import log_to_stderr  # noqa: PLC0415
    from engine.vision.worker.main import run_vision_worker  # noqa: PLC0415
    from engine.vision.worker.start import VisionWorkerStart  # noqa: PLC0415

    control = standard_control()
    start = msgspec.convert(control.read_start(), type=VisionWorkerStart)
    log_to_stderr(start.name)
    _name_process(start.name)
    control.start()
    run_vision_worker(start, control)
    return 0


def _run_chores_worker() -> int:
    import msgspec  # noqa: PLC0415

    from engine.base.child import standard_control  # noqa: PLC0415
    from engine.base.logs import log_to_stderr  # noqa: PLC0415
    from engine.chores.main import run_chores_worker  # noqa: PLC0415
    from engine.chores.start import ChoresWorkerStart  # noqa: PLC0415

    control = standard_control()
    start = msgspec.convert(control.read_start(), type=ChoresWorkerStart)
    log_to_stderr(start.name)
    _name_process(start.name)
    control.start()
    run_chores_worker(start, control)
    return 0


def _run_hub() -> int:
    import msgspec  # noqa: PLC0415

    from engine.base.child import standard_control  # noqa: PLC0415
    from engine.base.logs import log_to_stderr  # noqa: PLC0415
    from engine.hub.main import run_hub  # noqa: PLC0415
    from engine.hub.start import HubStart  # noqa: PLC0415
    from nvr_app.paths import data_folder  # noqa: PLC0415
    from nvr_app.secrets import Secrets  # noqa: PLC0415

    control = standard_control()
    start = msgspec.convert(control.read_start(), type=HubStart)
    log_to_stderr("hub")
    _name_process("hub")
    control.start()
    run_hub(start, control, Secrets(data_folder(Path(start.data_dir))).signing_seed)
    return 0


def _run_database_probe() -> int:
    from engine.store.probe import probe_from_stdin  # noqa: PLC0415

    return probe_from_stdin()


def _name_process(name: str) -> None:
    """Show `nvr: name` in process lists; never a URL or a login."""
    from setproctitle import setproctitle  # noqa: PLC0415

    setproctitle(f"nvr: {name}")


_ENTRIES: dict[str, Callable[[], int]] = {
    "camera": _run_camera_worker,
    "vision": _run_vision_worker,
    "chores": _run_chores_worker,
    "hub": _run_hub,
    "database-probe": _run_database_probe,
}


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == CHILD_FLAG:
        exit_code = run_child(sys.argv[2])
        logging.shutdown()
        # Everything is closed by now. Taking the interpreter apart costs a stop its time, and
        # libraries use it to print about themselves into the log.
        os._exit(exit_code)
    sys.stderr.write("this module starts the engine's children; run `nvr` instead\n")
    raise SystemExit(2)
