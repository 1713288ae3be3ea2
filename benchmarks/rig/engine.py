"""A real engine in a child process, on a folder and ports of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import psutil

from nvr_app.contract.config import ApiSettings, CameraSettings, RecordingSettings, Settings
from nvr_app.contract.endpoint import Endpoint, read_endpoint
from nvr_app.paths import DataFolder
from nvr_app.settings_file import save_settings

_POLL_S = 0.02


class EngineRun:
    """`with EngineRun(folder, cameras) as engine: …`"""

    def __init__(
        self,
        root: Path,
        cameras: Iterable[CameraSettings],
        *,
        settings: Settings | None = None,
        models_dir: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = DataFolder(root)
        self.folder.create()
        self._models_dir = models_dir
        self._environment = {**os.environ, **(environment or {})}
        base = settings or Settings()
        save_settings(
            self.folder,
            msgspec.structs.replace(
                base,
                site="bench",
                node="bench",
                api=ApiSettings(port=0, health_port=0),
                recording=msgspec.structs.replace(base.recording, floor_free_bytes=0),
                camera=tuple(cameras),
            ),
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._log: Any = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Of the supervisor."""
        if self._process is None:
            raise RuntimeError("the engine is not running")
        return self._process.pid

    def start(self, *, wait: bool = True) -> None:
        """Start, and wait until the API listens."""
        command = [sys.executable, "-m", "nvr_app", "--data-dir", str(self.folder.root), "engine"]
        command += ["--quiet", "--port", "0", "--health-port", "0"]
        if self._models_dir is not None:
            command += ["--models-dir", str(self._models_dir)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=self._environment)
        if wait:
            self.until(lambda: self.endpoint is not None, "its API")

    def stop(self) -> None:
        """In order; idempotent."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            self._kill(process.pid)
            process.wait(5)

    def kill_everything(self) -> None:
        """SIGKILL to all at once, as a power cut to the processes would be."""
        process, self._process = self._process, None
        if process is not None:
            self._kill(process.pid)
            process.wait(10)

    @property
    def endpoint(self) -> Endpoint | None:
        return read_endpoint(self.folder.run)

    def get(self, path: str) -> Any:
        """Decoded JSON of an API route."""
        endpoint = self.endpoint
        if endpoint is None:
            raise RuntimeError("the engine's API is not there")
        request = urllib.request.Request(endpoint.url + path)  # noqa: S310  our own engine
        request.add_header("Authorization", f"Bearer {endpoint.token}")
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            body = answer.read()
        return json.loads(body) if path != "/metrics" else body.decode()

    def statuses(self) -> dict[str, dict[str, Any]]:
        """Camera states by id; empty while the API does not answer."""
        try:
            return {one["camera_id"]: one for one in self.get("/api/v1/cameras/status")["cameras"]}
        except (OSError, RuntimeError, ValueError, urllib.error.HTTPError):
            return {}

    def recording(self) -> int:
        return sum(bool(one["recording"]) for one in self.statuses().values())

    def children(self) -> dict[str, psutil.Process]:
        """Our processes by title: `hub`, `camera-a` …"""
        found = {}
        for one in psutil.Process(self.pid).children(recursive=True):
            try:
                title = " ".join(one.cmdline())
            except psutil.Error:
                continue  # it is dying
            if title.startswith("nvr: "):
                found[title.removeprefix("nvr: ").strip()] = one
        return found

    def until(self, condition: Callable[[], bool], what: str, limit_s: float = 60.0) -> float:
        """Wait; the seconds it took. RuntimeError with the log's end when it takes too long."""
        started_s = time.monotonic()
        while time.monotonic() - started_s < limit_s:
            if condition():
                return time.monotonic() - started_s
            time.sleep(_POLL_S)
        log = self.folder.logs / "engine.log"
        tail = log.read_text()[-2000:] if log.exists() else ""
        raise RuntimeError(f"waited {limit_s:g} s in vain for {what}\n{tail}")

    def _kill(self, pid: int) -> None:
        root = psutil.Process(pid)
        every = [root, *root.children(recursive=True)]
        for one in every:
            try:
                one.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(every, timeout=10)


def quick_segments(segment_s: float) -> RecordingSettings:
    """Settings for runs that want to see segments close."""
    return RecordingSettings(segment_s=segment_s)
