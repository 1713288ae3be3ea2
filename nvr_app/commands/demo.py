"""`nvr demo`: the whole recorder on simulated cameras, each paced and encoded like a real one."""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from nvr_app.contract.config import CameraSettings, Settings
from nvr_app.contract.endpoint import Endpoint, read_endpoint
from nvr_app.engine_client import EngineUnreachableError, get_json
from nvr_app.errors import UserError
from nvr_app.paths import DataFolder, data_folder, demo_data_dir
from nvr_app.settings_file import save_settings

_MOST_CAMERAS = 64
_WAIT_S = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cameras", type=int, default=8, help="how many (default 8)")
    parser.add_argument("--media", type=Path, help="play the clips of this folder instead")
    parser.add_argument("--headless", action="store_true", help="no window even with a display")
    parser.add_argument("--port", type=int, help="port of the API (default 8080, or a free one)")
    parser.add_argument("--models-dir", type=Path, action="append", default=[])


def run(args: argparse.Namespace) -> int:
    """Prepare the clips, then run engine and window until Ctrl+C."""
    from nvr_app.commands import engine  # the engine's imports are not for `nvr --help`

    if not 1 <= args.cameras <= _MOST_CAMERAS:
        raise UserError(f"--cameras must lie between 1 and {_MOST_CAMERAS}")
    folder = data_folder(args.data_dir or demo_data_dir())
    folder.create()
    cameras = _cameras(folder, args)
    save_settings(folder, Settings(site="demo", node="demo", camera=cameras))
    with_window = not args.headless and has_display() and has_qt()
    threading.Thread(
        target=_accompany, args=(folder, len(cameras), with_window), daemon=True
    ).start()
    port = args.port if args.port is not None else _free_port(8080)
    return engine.run(
        argparse.Namespace(
            data_dir=folder.root,
            host=None,
            port=port,
            health_port=_free_port(8081),
            models_dir=args.models_dir,
            quiet=True,
        )
    )


def has_display() -> bool:
    """Whether a window could be shown."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def has_qt() -> bool:
    """Whether the window's library is installed; headless servers leave it out."""
    return importlib.util.find_spec("PySide6") is not None


def _cameras(folder: DataFolder, args: argparse.Namespace) -> tuple[CameraSettings, ...]:
    pairs = (
        _media_pairs(folder, args.media) if args.media is not None else _scene_pairs(folder, args)
    )
    cameras: list[CameraSettings] = []
    for number in range(args.cameras):
        camera_id, name, location, main, sub = pairs[number % len(pairs)]
        turn = number // len(pairs)
        suffix = f"-{turn + 1}" if turn else ""
        cameras.append(
            CameraSettings(
                id=f"{camera_id}{suffix}",
                name=f"{name} {turn + 1}" if turn else name,
                location=location,
                kind="sim",
                main=str(main),
                sub=str(sub),
            )
        )
    return tuple(cameras)


Pair = tuple[str, str, str, Path, Path]


def _scene_pairs(folder: DataFolder, args: argparse.Namespace) -> Sequence[Pair]:
    from engine.simulation.catalogue import all_scenes
    from engine.simulation.clips import prepare_clips

    names = [scene.name for scene in all_scenes()][: args.cameras]
    clips = prepare_clips(folder.root / "simulated", names, _print_progress)
    return [
        (clip.scene.name, clip.scene.display_name, clip.scene.location, clip.main, clip.sub)
        for clip in clips
    ]


def _media_pairs(folder: DataFolder, media: Path) -> Sequence[Pair]:
    from engine.simulation.clips import prepare_media_clips

    clips = prepare_media_clips(folder.root / "simulated", media, _print_progress)
    return [
        (clip.name[:40], clip.name.replace("-", " ").capitalize(), "Media", clip.main, clip.sub)
        for clip in clips
    ]


def _print_progress(done: int, total: int, title: str) -> None:
    print(f"  prepared clip {done} of {total}: {title}", flush=True)


def _free_port(wanted: int) -> int:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
    return wanted


def _accompany(folder: DataFolder, cameras: int, with_window: bool) -> None:
    """Say where to look, open the window, tell when everything records."""
    endpoint = _await_endpoint(folder)
    if endpoint is None:
        print("The engine did not come up; its log says why:", folder.logs / "engine.log")
        return
    window = _open_window(folder) if with_window else None
    _await_recording(endpoint, cameras)
    print(
        f"""
  API       {endpoint.url}   (health: {endpoint.url}/health)
  token     in {folder.run / "endpoint.json"}
  metrics   {endpoint.url}/metrics   (token in {folder.run / "metrics.token"})
  footage   {folder.recordings}
  log       {folder.logs / "engine.log"}
  Ctrl+C stops the engine in order.
""",
        flush=True,
    )
    if window is None:
        print(
            f"  window    nvr --data-dir {folder.root}   (where there is a display and PySide6)",
            flush=True,
        )
        return
    window.wait()
    print("  The window is closed; recording goes on. Ctrl+C ends it.", flush=True)


def _await_endpoint(folder: DataFolder) -> Endpoint | None:
    deadline_s = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline_s:
        endpoint = read_endpoint(folder.run)
        if endpoint is not None:
            return endpoint
        time.sleep(0.1)
    return None


def _await_recording(endpoint: Endpoint, cameras: int) -> None:
    deadline_s = time.monotonic() + _WAIT_S
    recording = -1
    while time.monotonic() < deadline_s and recording < cameras:
        time.sleep(0.25)
        try:
            answer = get_json(endpoint, "/api/v1/cameras/status")
        except EngineUnreachableError:
            continue
        statuses = answer["cameras"]
        now_recording = sum(bool(status["recording"]) for status in statuses)
        if now_recording != recording:
            recording = now_recording
            print(f"  recording {recording} of {cameras} cameras", flush=True)


def _open_window(folder: DataFolder) -> subprocess.Popen[bytes]:
    command = [sys.executable]
    if not getattr(sys, "frozen", False):
        command += ["-P", "-m", "nvr_app"]
    return subprocess.Popen([*command, "--data-dir", str(folder.root), "desk"])
