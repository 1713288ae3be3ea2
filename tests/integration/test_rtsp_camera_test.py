"""`nvr camera test` on real streams: what it measures, what it advises, how it refuses."""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import socket
import subprocess
import sys
import threading

import pytest

from benchmarks.rig.clips import ClipSpec, camera_clip
from benchmarks.rig.proxy import FaultProxy
from benchmarks.rig.server import RtspServer, rig_missing
from tests.support.patience import PATIENCE_S

pytestmark = [
    pytest.mark.rtsp,
    pytest.mark.skipif(rig_missing() is not None, reason=str(rig_missing())),
]


class Nvr:
    """The command line on a data folder of its own."""

    def __init__(self, root):
        self.root = root

    def start(self, *words):
        return subprocess.Popen(
            [sys.executable, "-m", "nvr_app", "--data-dir", str(self.root), *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __call__(self, *words):
        process = self.start(*words)
        out, error = process.communicate(timeout=PATIENCE_S)
        return process.returncode, out, error


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>log in</html>")

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder, with cameras good and bad."""
    base = {"width": 320, "height": 180, "fps": 15, "bitrate_kbit": 300, "seconds": 120}
    good = camera_clip(ClipSpec(**base, gop_s=1, audio="aac"))
    slow = camera_clip(ClipSpec(**base, gop_s=5))
    nvr = Nvr(tmp_path_factory.mktemp("nvr"))
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(RtspServer())
        locked = stack.enter_context(RtspServer({"guard": "right"}))
        silent = stack.enter_context(FaultProxy("127.0.0.1", server.port))
        silent.set_mode("silent")
        page = http.server.HTTPServer(("127.0.0.1", 0), _Page)
        threading.Thread(target=page.serve_forever, daemon=True).start()
        stack.callback(page.server_close)
        stack.callback(page.shutdown)
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        sub = server.add("/sub", camera_clip(ClipSpec(**base, gop_s=1)))
        secret = locked.add("/a", good).replace("//", "//guard:{}@")
        cameras = {
            "good": (server.add("/good", good, audio="aac"), "--sub", sub),
            "slow": (server.add("/slow", slow),),
            "login": (secret.format("right"),),
            "password": (secret.format("wrong"),),
            "path": (server.url("/nowhere"),),
            "port": (f"rtsp://127.0.0.1:{port}/a",),
            "silent": (silent.url_through(server.url("/good")),),
            "page": (f"http://127.0.0.1:{page.server_port}/",),
        }
        for camera_id, (main, *more) in cameras.items():
            code, _, error = nvr("camera", "add", camera_id, "--main", main, *more)
            assert code == 0, error
        yield nvr


def test_a_good_camera_is_measured(site):
    code, out, error = site("camera", "test", "good", "--seconds", "4")
    assert (code, error) == (0, "")
    main, sub = [line for line in out.splitlines() if not line.startswith(" ")]
    assert main.startswith("good main: h264 320x180, 15 fps (announced 15), GOP 1 s, ")
    assert "sound aac, over tcp" in main
    assert 0.1 < float(re.search(r"([\d.]+) Mbit/s", main)[1]) < 0.6
    assert sub.startswith("good sub: h264 320x180")
    assert "GOP" not in out.split("good sub")[0].split("\n", 1)[1]


def test_a_long_gop_and_a_missing_substream_bring_advice(site):
    code, out, _ = site("camera", "test", "slow", "--seconds", "11", "--json")
    (result,) = json.loads(out)
    assert (code, result["gop_s"]) == (0, 5.0)
    assert result["fps"] == pytest.approx(15, rel=0.05)
    assert result["bitrate_bps"] == pytest.approx(300_000, rel=0.35)
    assert any(advice.startswith("GOP is 5 s: set it to 2 s") for advice in result["advice"])
    assert any("there is no substream" in advice for advice in result["advice"])


def test_a_login_from_the_address_is_kept_and_used(site):
    code, out, error = site("camera", "test", "login", "--seconds", "1")
    assert (code, error) == (0, "")
    assert "h264 320x180" in out
    assert "right" not in out
    assert "right" not in (site.root / "config" / "nvr.toml").read_text()


REFUSALS = {
    "password": "check user name and password",
    "path": "the device answers, but not at this path: check the URL's path",
    "port": "Connection refused; check host, port, cable and power",
    "silent": "the device accepts the connection but sends nothing",
    "page": "the address does not lead to a video stream",
}


@pytest.mark.parametrize("camera_id", REFUSALS)
def test_each_refusal_is_a_sentence(site, camera_id):
    code, out, error = site("camera", "test", camera_id)
    assert (code, out) == (1, "")
    assert REFUSALS[camera_id] in error
    assert f"{camera_id}, main stream: could not open" in error
    assert "wrong" not in error
    assert "Traceback" not in error
    assert len(error.strip().splitlines()) == 1
