"""A real engine in a child process, with real children of its own, on real packets."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from nvr_app.contract.config import (
    ApiSettings,
    DetectionSettings,
    RecordingSettings,
    Settings,
)
from nvr_app.contract.endpoint import read_endpoint
from nvr_app.paths import DataFolder
from nvr_app.settings_file import save_settings
from tests.support.patience import PATIENCE_S


class NotNowError(AssertionError):
    """The engine has no answer yet, as while its index opens; `until` asks again."""


class Engine:
    """`nvr engine` on a folder of its own; ports are the system's choice."""

    def __init__(self, root: Path, cameras, **sections):
        self.folder = DataFolder(root)
        self.folder.create()
        self.process: subprocess.Popen | None = None
        self.save(cameras, **sections)

    def save(self, cameras, **sections):
        values = {
            "recording": RecordingSettings(segment_s=5, sync_s=0.5, floor_free_bytes=0),
            "detection": DetectionSettings(enabled=False),
            "api": ApiSettings(port=0, health_port=0),
            "site": "works",
            "node": "box1",
        } | sections
        save_settings(self.folder, Settings(camera=tuple(cameras), **values))

    def start(self, *, wait=True):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nvr_app", "--data-dir", str(self.folder.root), "engine",
             "--quiet", "--health-port", "0"],
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if wait:
            self.until(lambda: self.endpoint is not None, "the API to listen")
            self.until(self.has_database, "the database to be open")
        return self

    def has_database(self):
        """Whether questions to the index are answered: it opens beside the API."""
        try:
            return self.ask("/api/v1/events?limit=1")[0] == 200
        except (OSError, AttributeError):  # not there yet, or the last one has left its address
            return False

    @property
    def endpoint(self):
        return read_endpoint(self.folder.run)

    def stop(self, limit_s=30.0) -> float:
        """SIGTERM; seconds that the orderly stop took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(limit_s) == 0
        return time.monotonic() - started

    def children(self) -> dict[str, psutil.Process]:
        """Our processes by name: `hub`, `camera-a` …"""
        found = {}
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                title = " ".join(process.cmdline())
                if title.startswith("nvr: "):
                    found[title.removeprefix("nvr: ").strip()] = process
        return found

    def pid_of(self, name):
        process = self.children().get(name)
        return process.pid if process else None

    def ask(self, path, method="GET", *, token=None, body=None, timeout=30.0):
        """(status, body as bytes)."""
        endpoint = self.endpoint
        request = urllib.request.Request(endpoint.url + path, method=method, data=body)
        request.add_header("Authorization", f"Bearer {token or endpoint.token}")
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def json(self, path, **options):
        status, body = self.ask(path, **options)
        if status >= 500 and not path.startswith("/health"):
            raise NotNowError(path, status, body)
        return json.loads(body)

    def statuses(self) -> dict[str, dict]:
        try:
            return {s["camera_id"]: s for s in self.json("/api/v1/cameras/status")["cameras"]}
        except (OSError, AttributeError, ValueError, NotNowError):
            return {}

    def recording(self) -> int:
        return sum(bool(status["recording"]) for status in self.statuses().values())

    def recorded_bytes(self, camera_id) -> int:
        folder = self.folder.recordings / camera_id
        return sum(path.stat().st_size for path in folder.rglob("*.mp4"))

    def check(self, *options):
        """`nvr check --json`: (exit code, report)."""
        done = subprocess.run(
            [sys.executable, "-m", "nvr_app", "--data-dir", str(self.folder.root), "check",
             "--json", *options],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def log(self) -> str:
        return (self.folder.logs / "engine.log").read_text()

    def until(self, condition, what, limit_s=PATIENCE_S):
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            with contextlib.suppress(NotNowError):
                if condition():
                    return
            time.sleep(0.05)
        raise AssertionError(f"waited {limit_s:g} s in vain for {what}\n{self.log()[-6000:]}")

    def kill_everything(self):
        """SIGKILL to all at once, as the machine's own death would."""
        processes = [psutil.Process(self.process.pid), *self.children().values()]
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.process.wait(PATIENCE_S)
        psutil.wait_procs(processes, timeout=PATIENCE_S)

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.kill_everything()
