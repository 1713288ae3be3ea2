"""`nvr doctor`: what this machine has, what is missing, and what to do about it."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nvr_app.commands.demo import has_display
from nvr_app.commands.output import add_json, print_json
from nvr_app.contract.endpoint import read_supervisor
from nvr_app.errors import UserError
from nvr_app.paths import DataFolder, data_folder
from nvr_app.root_settings import footage_roots
from nvr_app.settings_file import load_settings

_LIBRARIES = (
    "av", "duckdb", "onnxruntime", "onnxruntime-directml", "opencv-python-headless", "numpy",
    "litestar", "uvicorn", "msgspec", "prometheus-client", "apscheduler", "keyring",
    "cryptography", "platformdirs", "PySide6",
)  # fmt: skip
_LEAST_SHARED_BYTES = 64 * 1024**2


@dataclass(frozen=True)
class Finding:
    """One line: level is ok, warn or fail."""

    level: str
    subject: str
    text: str
    remedy: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--models-dir", type=Path, action="append", default=[])
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """0 when nothing fails."""
    folder = data_folder(args.data_dir)
    findings: list[Finding] = []
    for look in (
        _program,
        _libraries,
        _folder,
        _settings,
        _ports,
        _shared_memory,
        _clock,
        _signing,
        _window,
    ):
        findings.extend(_looked(look, folder))
    findings.extend(_detection(folder, args.models_dir))
    if args.json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            print(f"{finding.level:<4}  {finding.subject:<14} {finding.text}")
            if finding.remedy:
                print(f"      {'':<14} -> {finding.remedy}")
    return 1 if any(finding.level == "fail" for finding in findings) else 0


Look = Callable[[DataFolder], Iterator[Finding]]


def _looked(look: Look, folder: DataFolder) -> list[Finding]:
    try:
        return list(look(folder))
    except (OSError, UserError, subprocess.SubprocessError) as error:
        return [Finding("warn", look.__name__.strip("_"), f"could not be looked at: {error}")]


def _program(_: DataFolder) -> Iterator[Finding]:
    name = f"Python {platform.python_version()} on {platform.platform()}"
    level = "ok" if sys.version_info >= (3, 11) else "fail"
    yield Finding(level, "system", name, "" if level == "ok" else "install Python 3.11 or newer")
    cores = os.cpu_count() or 1
    yield Finding("ok" if cores >= 2 else "warn", "processor", f"{cores} cores")


def _libraries(_: DataFolder) -> Iterator[Finding]:
    for name in _LIBRARIES:
        try:
            yield Finding("ok", "library", f"{name} {version(name)}")
        except PackageNotFoundError:
            if name == "PySide6":
                yield Finding(
                    "warn", "library", "PySide6 is missing: there is no window here",
                    "pip install 'nvr[gui]' (not needed for nvr engine)",
                )  # fmt: skip
            elif not name.startswith("onnxruntime"):
                yield Finding("fail", "library", f"{name} is missing", "pip install . anew")


def _folder(folder: DataFolder) -> Iterator[Finding]:
    if not folder.root.is_dir():
        yield Finding("ok", "data folder", f"{folder.root} will be made at the first start")
        parent = next(path for path in folder.root.parents if path.is_dir())
        yield from _disk("its disk", parent)
        return
    writable = os.access(folder.root, os.W_OK)
    yield Finding(
        "ok" if writable else "fail",
        "data folder",
        f"{folder.root} is {'writable' if writable else 'not writable'}",
        "" if writable else "choose another with --data-dir, or mend its rights",
    )
    mode = folder.root.stat().st_mode & 0o777
    if os.name != "nt" and mode & 0o007:
        yield Finding("warn", "rights", f"everyone may look into it (mode {mode:o})", "chmod o-rwx")
    for root in footage_roots(folder, load_settings(folder).settings):
        yield from _disk(f"root {root.name}", Path(root.path))


def _disk(subject: str, path: Path) -> Iterator[Finding]:
    try:
        usage = shutil.disk_usage(path)
    except OSError as error:
        yield Finding("fail", subject, f"{path}: {error.strerror}", "mount it, or take it out")
        return
    free_gib = usage.free / 1024**3
    level = "ok" if free_gib > 20 else "warn" if free_gib > 2 else "fail"
    remedy = "" if level == "ok" else "free some space: 8 cameras at 4 Mbit/s fill 14 GiB an hour"
    yield Finding(level, subject, f"{path}: {free_gib:.1f} GiB free", remedy)


def _settings(folder: DataFolder) -> Iterator[Finding]:
    loaded = load_settings(folder)
    yield Finding("ok", "cameras", f"{len(loaded.settings.camera)} in the settings")
    for mistake in loaded.mistakes:
        yield Finding("fail", "settings", str(mistake))


def _ports(folder: DataFolder) -> Iterator[Finding]:
    running = read_supervisor(folder.run)
    if running is not None:
        yield Finding("ok", "engine", f"runs as process {running.pid}")
        return
    api = load_settings(folder).settings.api
    for name, host, port in (("API", api.host, api.port), ("health", "127.0.0.1", api.health_port)):
        fault = _port_fault(host, port)
        yield Finding(
            "fail" if fault else "ok",
            f"port {port}",
            f"for the {name}: {fault or 'free'}",
            f"end the program that holds it, or set another under [api]{_holder(port)}"
            if fault
            else "",
        )


def _port_fault(host: str, port: int) -> str:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return ""


def _holder(port: int) -> str:
    import psutil

    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.pid:
                return f" (held by {psutil.Process(connection.pid).name()}, {connection.pid})"
    except psutil.Error:
        return ""
    return ""


def _shared_memory(_: DataFolder) -> Iterator[Finding]:
    folder = Path("/dev/shm")  # noqa: S108  the system's own place for shared memory
    if sys.platform != "linux":
        return
    if not folder.is_dir():
        yield Finding("warn", "shared memory", "/dev/shm is missing")  # noqa: S108  named to people
        return
    free = shutil.disk_usage(folder).free
    level = "ok" if free > _LEAST_SHARED_BYTES else "fail"
    remedy = "" if level == "ok" else "enlarge it (docker: --shm-size=256m)"
    yield Finding(level, "shared memory", f"{free // 1024**2} MiB free", remedy)


def _clock(_: DataFolder) -> Iterator[Finding]:
    tool = shutil.which("timedatectl")
    if tool is None:
        yield Finding(
            "warn", "clock", "whether it is synchronised cannot be told here (no timedatectl)"
        )
        return
    done = subprocess.run(
        [tool, "show", "--property=NTPSynchronized", "--value"],
        capture_output=True,
        text=True,
        timeout=5,
        check=False,
    )
    is_good = done.stdout.strip() == "yes"
    remedy = "" if is_good else "switch NTP on: timedatectl set-ntp true"
    text = "synchronised" if is_good else "not synchronised: evidence needs the right time"
    yield Finding("ok" if is_good else "warn", "clock", text, remedy)


def _signing(folder: DataFolder) -> Iterator[Finding]:
    from nvr_app.evidence.signing import Signer
    from nvr_app.secrets import Secrets

    if not (folder.config / "secrets.enc").exists():
        yield Finding("ok", "signing key", "none yet: made at the engine's first start")
        return
    try:
        key_id = Signer(Secrets(folder).signing_seed()).key_id
    except UserError as error:
        remedy = "nvr secrets recover"
        yield Finding("fail", "signing key", f"exports cannot be signed: {error}", remedy)
        return
    yield Finding("ok", "signing key", f"exports bear the fingerprint {key_id}")


def _window(_: DataFolder) -> Iterator[Finding]:
    text = (
        "there is a display" if has_display() else "no display: nvr engine and nvr demo --headless"
    )
    yield Finding("ok", "display", text)


def _detection(folder: DataFolder, extra: list[Path]) -> Iterator[Finding]:
    from engine.vision.errors import ModelError
    from engine.vision.models import choose_model
    from engine.vision.runtime import available_providers

    yield Finding("ok", "onnxruntime", "providers: " + ", ".join(available_providers()))
    named = os.environ.get("NVR_MODELS_DIR", "")
    folders = [folder.models, *extra, *(Path(p) for p in named.split(os.pathsep) if p)]
    try:
        chosen = choose_model(folders)
    except ModelError as error:
        yield Finding(
            "warn",
            "model",
            f"motion is seen, objects are not named: {error}",
            f"put a model of resources/models/catalogue.toml into {folder.models}",
        )
        return
    yield Finding("ok", "model", f"{chosen.name}: {chosen.detail}")
