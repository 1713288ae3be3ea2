"""A real RTSP server in a process of its own, with typed commands."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

_SYSTEM_PYTHON = "/usr/bin/python3"
_SCRIPT = Path(__file__).with_name("rtsp_server.py")
_PACKAGES = (
    "gir1.2-gst-rtsp-server-1.0 gstreamer1.0-rtsp gstreamer1.0-plugins-good "
    "gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav python3-gi"
)
_PROBE = (
    "import gi; gi.require_version('GstRtspServer', '1.0'); "
    "from gi.repository import Gst, GstRtspServer; Gst.init(None); "
    "assert Gst.ElementFactory.find('rtph264pay') and Gst.ElementFactory.find('h264parse')"
)


class RigError(Exception):
    """The rig is missing something or refused a command."""


@cache
def rig_missing() -> str | None:
    """What stands in the way of the rig, as a sentence; None when it can run."""
    if not Path(_SYSTEM_PYTHON).exists() or shutil.which("ffmpeg") is None:
        return "the RTSP rig needs Debian's python3 and ffmpeg"
    done = subprocess.run(
        [_SYSTEM_PYTHON, "-c", _PROBE], capture_output=True, check=False, timeout=60
    )
    if done.returncode == 0:
        return None
    return f"the RTSP rig needs gst-rtsp-server: apt-get install {_PACKAGES}"


class RtspServer:
    """`with RtspServer() as server: server.add("/a", clip)`. Use from one thread at a time."""

    def __init__(
        self, users: Mapping[str, str] | None = None, *, digest: bool = False, tls: bool = False
    ) -> None:
        self._users = dict(users or {})
        self._digest = digest
        self._tls = tls
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self.port = 0

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

    def start(self) -> None:
        """RigError: the rig cannot run here."""
        missing = rig_missing()
        if missing is not None:
            raise RigError(missing)
        self._process = subprocess.Popen(
            [_SYSTEM_PYTHON, str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            answer = self._ask("start", users=self._users, digest=self._digest, tls=self._tls)
        except BaseException:
            self.stop()
            raise
        self.port = int(answer["port"])

    def stop(self) -> None:
        """Idempotent."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
        if process.stdout is not None:
            process.stdout.close()

    def url(self, path: str) -> str:
        """The address of a mount, without login."""
        return f"{'rtsps' if self._tls else 'rtsp'}://127.0.0.1:{self.port}{path}"

    def add(
        self,
        path: str,
        clip: Path,
        *,
        codec: str = "h264",
        audio: str = "",
        udp: bool = False,
        account: Path | None = None,
    ) -> str:
        """Serve an MP4 or MOV; its URL. Adding a path again changes its clip for who comes next.

        `account` is written with a line for each access unit of whoever watches:
        `[pts_ns, wall_ns, digests, mono_ns, last_packet_wall_ns, last_packet_mono_ns]`. The digests
        are BLAKE2b of 16 bytes in hex, one for each NAL unit without start code and trailing
        zeros; one for the whole picture with MJPEG. Call `flush` before reading it.
        """
        self._ask(
            "add", path=path, clip=str(clip), codec=codec, audio=audio, udp=udp,
            account=str(account) if account is not None else "",
        )  # fmt: skip
        return self.url(path)

    def remove(self, path: str) -> None:
        """Refuse the path to whoever connects next."""
        self._ask("remove", path=path)

    def stop_stream(self, path: str) -> None:
        """End the running stream of a mount at once; it can be connected to again."""
        self._ask("stop", path=path)

    def disconnect_all(self) -> None:
        """Close every connection."""
        self._ask("disconnect_all")

    def flush(self) -> None:
        """Bring the accounts to their files."""
        self._ask("flush")

    def clients(self) -> int:
        """Open connections."""
        return int(self._ask("clients")["clients"])

    def cpu_seconds(self) -> float:
        """What the server has used so far."""
        if self._process is None:
            return 0.0
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def _ask(self, do: str, **values: Any) -> dict[str, Any]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RigError("the RTSP server is not running")
        with self._lock:
            process.stdin.write(json.dumps({"do": do, **values}) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        if not line:
            raise RigError(f"the RTSP server ended with {process.wait(5)} at {do}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RigError(f"the RTSP server could not {do}: {answer['error']}")
        return answer
