"""`nvr engine`: run the engine in this process, headless, until it is told to stop."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from engine.base.atomic_file import write_atomic
from engine.base.logs import JsonFormatter
from engine.base.program import child_argv
from engine.supervisor.health_server import HealthServer
from engine.supervisor.instance_lock import AlreadyRunningError, InstanceLock, end_survivors
from engine.supervisor.log_file import LogFile
from engine.supervisor.supervisor import Supervisor
from engine.supervisor.table import Table
from nvr_app.composition import EngineIdentity, build_table, ring_owner
from nvr_app.contract.endpoint import SupervisorEndpoint
from nvr_app.contract.frame_ring import sweep_rings
from nvr_app.contract.ids import new_id
from nvr_app.errors import UserError
from nvr_app.paths import DataFolder, data_folder
from nvr_app.root_claims import RootClaims
from nvr_app.settings_file import load_settings

logger = logging.getLogger("nvr.supervisor")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address of the API (default: settings, 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port of the API; 0 lets the system choose")
    parser.add_argument("--health-port", type=int, help="port of the supervisor's own /health")
    parser.add_argument(
        "--models-dir",
        type=Path,
        action="append",
        default=[],
        help="a folder with ONNX models (also: environment variable NVR_MODELS_DIR)",
    )
    parser.add_argument("--quiet", action="store_true", help="write the log to its file only")


def run(args: argparse.Namespace) -> int:
    """Run until SIGTERM, SIGINT or a request to shut down. UserError: cannot start."""
    folder = data_folder(args.data_dir)
    folder.create()
    lock = InstanceLock(folder.run / "engine.lock")
    try:
        lock.acquire(os.getpid(), int(time.time()))
    except AlreadyRunningError as error:
        raise UserError(str(error)) from None
    try:
        return _run_locked(args, folder)
    finally:
        lock.release()


def _run_locked(args: argparse.Namespace, folder: DataFolder) -> int:
    log = LogFile(folder.logs / "engine.log", echo=not args.quiet)
    _log_to(log)
    end_survivors(folder.run / "children.json")
    owner = ring_owner(folder)
    sweep_rings(owner)
    for name in ("endpoint.json", "channel.json"):
        (folder.run / name).unlink(missing_ok=True)

    loaded = load_settings(folder)
    for mistake in loaded.mistakes:
        logger.error("%s", mistake)
    health_port = _health_port(args, loaded.settings.api.health_port)
    supervisor: Supervisor | None = None
    health = HealthServer(
        "127.0.0.1",
        health_port,
        program_version(),
        lambda: supervisor.describe() if supervisor else {},
    )
    try:
        health.start()
    except OSError as error:
        raise UserError(
            f"port {health_port} for the supervisor's /health is not free ({error}); "
            "choose another with --health-port or [api] health_port"
        ) from None
    identity = EngineIdentity(
        instance_id=new_id(),
        version=program_version(),
        health_port=health.port,
        models_dirs=_models_dirs(args, folder),
        api_host=args.host,
        api_port=args.port,
    )
    _write_supervisor_file(folder, health.port)
    claims = RootClaims(folder, lambda: supervisor.request_reload() if supervisor else None)

    def table() -> Table:
        rows = build_table(folder, identity)
        claims.look()
        return rows

    supervisor = Supervisor(
        table,
        lambda row: child_argv(row.role),
        folder.run,
        log,
        lambda: _sweep(owner),
    )
    _stop_on_signals(supervisor)
    claims.start()
    try:
        supervisor.run()
    finally:
        claims.stop()
        health.stop()
        (folder.run / "supervisor.json").unlink(missing_ok=True)
        (folder.run / "endpoint.json").unlink(missing_ok=True)
        (folder.run / "channel.json").unlink(missing_ok=True)
        logger.info("The engine has stopped in order")
        log.close()
    return 0


def _sweep(owner: str) -> None:
    sweep_rings(owner)


def program_version() -> str:
    """Version of the installed program."""
    try:
        return version("nvr")
    except PackageNotFoundError:
        return "0+unknown"


def _health_port(args: argparse.Namespace, configured: int) -> int:
    if args.health_port is not None:
        return int(args.health_port)
    # An engine on a port of the system's choice is one of several: leave 8081 to the first.
    return 0 if args.port == 0 else configured


def _models_dirs(args: argparse.Namespace, folder: DataFolder) -> tuple[Path, ...]:
    from_environment = os.environ.get("NVR_MODELS_DIR", "")
    extra = [Path(part) for part in from_environment.split(os.pathsep) if part]
    return (folder.models, *args.models_dir, *extra)


def _write_supervisor_file(folder: DataFolder, health_port: int) -> None:
    holder = SupervisorEndpoint(
        pid=os.getpid(),
        health_port=health_port,
        host="127.0.0.1",
        started_wall_us=time.time_ns() // 1_000,
    )
    content = {name: getattr(holder, name) for name in holder.__struct_fields__}
    write_atomic(folder.run / "supervisor.json", json.dumps(content).encode())


def _log_to(log: LogFile) -> None:
    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            log.write(self.format(record).encode() + b"\n")

    handler = Handler()
    handler.setFormatter(JsonFormatter("supervisor"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)


def _stop_on_signals(supervisor: Supervisor) -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    stops = [signal.SIGTERM, signal.SIGINT]
    if sys.platform == "win32":
        stops.append(signal.SIGBREAK)
    for number in stops:
        signal.signal(number, lambda *_: supervisor.request_stop())
