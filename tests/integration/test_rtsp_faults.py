"""Cameras that fail in every way at once: each is shown, counted and told, and comes back alone.

One engine watches them all. A watcher notes every change of status over the API, with its time;
the tests read what it has seen.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import itertools
import json
import socket
import subprocess
import threading
import time
import urllib.parse
from datetime import UTC, datetime

import pytest

from benchmarks.rig.clips import ClipSpec, camera_clip
from benchmarks.rig.proxy import FaultProxy
from benchmarks.rig.server import RtspServer, rig_missing
from engine.media.segment_probe import measure_segment
from nvr_app.contract.config import CameraSettings, Credentials
from nvr_app.secrets import Secrets
from tests.support.engine_process import Engine
from tests.support.patience import BUSY

pytestmark = [
    pytest.mark.rtsp,
    pytest.mark.skipif(rig_missing() is not None, reason=str(rig_missing())),
]

SHOWN_S = 5.0 * BUSY
OUTAGE_S = 6.0
BACK_S = 15.0 * BUSY
REFUSED_REST_S = 30
BASE = {"width": 320, "height": 180, "fps": 15, "bitrate_kbit": 300, "gop_s": 1, "seconds": 240}

# Never right from the start: the state that is shown and what its sentence says.
BROKEN = {
    "password": ("refused", "check user name and password"),
    "path": ("lost", "not at this path"),
    "port": ("lost", "check host, port, cable and power"),
    "host": ("lost", "is not known"),
    "silent": ("lost", "sends nothing"),
    "page": ("lost", "does not lead to a video stream"),
    "rtsp-page": ("lost", "does not lead to a video stream"),
    "codec": ("unsupported", "sends mpeg4; choose H.264"),
}
# Good for some seconds, then hit, then well again.
HIT = ["stall", "silent-later", "gone", "restarted", "reset", "ended", "codec-change",
       "size-change"]  # fmt: skip
LONG = ["stall", "silent-later", "gone", "restarted"]


@dataclasses.dataclass(frozen=True)
class Seen:
    mono: float
    wall_us: int
    status: dict

    @property
    def claims_live(self):
        return self.status["recording"] or self.status["status"] == "active"


class Watcher:
    """Polls the status list ten times a second and keeps what changed."""

    def __init__(self, engine):
        self.engine = engine
        self.history: dict[str, list[Seen]] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        self._thread.join()

    def _run(self):
        keys = ("status", "detail", "recording", "codec", "width")
        while not self._stopping.wait(0.1):
            for camera_id, status in self.engine.statuses().items():
                rows = self.history.setdefault(camera_id, [])
                if not rows or any(rows[-1].status[key] != status[key] for key in keys):
                    rows.append(Seen(time.monotonic(), time.time_ns() // 1000, status))

    def first(self, camera_id, wanted, since=0.0):
        """The first sight after that moment, or None."""
        for row in self.history.get(camera_id, []):
            if row.mono >= since and wanted(row):
                return row
        return None


def camera(camera_id, main, **changes):
    return CameraSettings(id=camera_id, main=main, motion=False, detect=False, **changes)


@contextlib.contextmanager
def web(folder):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, directory=str(folder), **options)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


def mpeg4_file(folder):
    target = folder / "old.avi"
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=160x96:rate=10",
         "-t", "5", "-c:v", "mpeg4", str(target)],
        check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return target.name


class Story:
    """What the tests read."""

    def __init__(self, engine, watcher):
        self.engine = engine
        self.watcher = watcher
        self.started = 0.0
        self.hit: dict[str, Seen] = {}
        self.hit_done_us: dict[str, int] = {}
        self.healed: dict[str, float] = {}
        self.tries, self.tries_s = 0, 0.0
        self.metrics = ""
        self.recordings: dict = {}
        self.timeline: dict = {}

    def shown_after_hit(self, name):
        """The first sight of a camera that no longer claims to be live, or None."""
        return self.watcher.first(name, lambda row: not row.claims_live, self.hit[name].mono)


class Site:
    """Servers and proxies; `hit` and `heal` do each fault."""

    def __init__(self, stack, root):
        self.stack = stack
        self.small = camera_clip(ClipSpec(**BASE))
        self.other = camera_clip(ClipSpec(**BASE | {"width": 480, "height": 272}))
        self.h265 = camera_clip(ClipSpec(**BASE, codec="h265"))
        self.server = stack.enter_context(RtspServer())
        self.locked = stack.enter_context(RtspServer({"guard": "right"}, digest=True))
        self.proxies: dict[str, FaultProxy] = {}
        root.joinpath("index.html").write_text("<html>log in to the camera</html>" * 50)
        self.web_port = stack.enter_context(web(root))
        self.avi = mpeg4_file(root)

    def through(self, name, url):
        proxy = self.stack.enter_context(FaultProxy("127.0.0.1", urllib.parse.urlsplit(url).port))
        self.proxies[name] = proxy
        return proxy.url_through(url)

    def cameras(self):
        web_url = f"127.0.0.1:{self.web_port}"
        broken = [
            camera("password", self.through("password", self.locked.add("/a", self.small))),
            camera("path", self.server.url("/nowhere")),
            camera("port", f"rtsp://127.0.0.1:{closed_port()}/a"),
            camera("host", "rtsp://camera.invalid/a"),
            camera("silent", self.through("silent", self.server.add("/silent", self.small))),
            camera("page", f"http://{web_url}/index.html", kind="mjpeg"),
            camera("rtsp-page", f"rtsp://{web_url}/index.html"),
            camera("codec", f"http://{web_url}/{self.avi}", kind="mjpeg"),
        ]
        self.proxies["silent"].set_mode("silent")
        good = [
            camera(name, self.through(name, self.server.add(f"/{name}", self.small)))
            for name in HIT
        ]
        return [*broken, *good, camera("witness", self.server.add("/witness", self.small))]

    def hit(self, name):
        server, proxy = self.server, self.proxies[name]
        if name == "stall":
            proxy.set_mode("stall")
        elif name == "silent-later":
            proxy.set_mode("silent")
        elif name in {"gone", "restarted"}:
            proxy.refuse()
        elif name == "reset":
            proxy.reset_all()
        elif name == "ended":
            server.stop_stream(f"/{name}")
        else:
            clip, codec = (self.h265, "h265") if name == "codec-change" else (self.other, "h264")
            server.add(f"/{name}", clip, codec=codec)
            server.stop_stream(f"/{name}")

    def heal(self, name):
        proxy = self.proxies[name]
        if name == "restarted":
            heir = self.stack.enter_context(RtspServer())
            heir.add("/restarted", self.small)
            proxy._target = ("127.0.0.1", heir.port)
        if name in {"gone", "restarted"}:
            proxy.accept()
        else:
            proxy.set_mode("pass")


def tell(story, site):
    engine, watcher = story.engine, story.watcher
    recording = {*HIT, "witness"}

    def all_record():
        now = engine.statuses()
        return all(now.get(one, {}).get("recording") for one in recording)

    engine.until(all_record, "the good cameras to record")
    begun = time.monotonic()
    before = site.proxies["password"].accepted
    time.sleep(3)
    for name in HIT:
        story.hit[name] = Seen(time.monotonic(), time.time_ns() // 1000, {})
        site.hit(name)
        story.hit_done_us[name] = time.time_ns() // 1000
    time.sleep(OUTAGE_S)
    engine.until(lambda: all(story.shown_after_hit(name) for name in LONG), "the faults to show")
    for name in LONG:
        story.healed[name] = time.monotonic()
        site.heal(name)
    site.heal("silent")
    story.healed["silent"] = time.monotonic()
    time.sleep(max(0.0, 10 - (time.monotonic() - begun)))
    story.tries = site.proxies["password"].accepted - before
    story.tries_s = time.monotonic() - begun
    recording.add("silent")
    engine.until(all_record, "every camera that can to record again")
    time.sleep(2)
    watcher.__exit__()


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    root = tmp_path_factory.mktemp("faults")
    with contextlib.ExitStack() as stack:
        site = Site(stack, root)
        engine = Engine(root / "data", site.cameras())
        stack.callback(engine.close)
        Secrets(engine.folder).set_camera("password", Credentials(user="guard", password="wrong"))
        engine.start()
        watcher = Watcher(engine).__enter__()
        told = Story(engine, watcher)
        told.started = time.monotonic()
        try:
            tell(told, site)
        finally:
            watcher.__exit__()
        told.metrics = engine.ask("/metrics")[1].decode()
        told.recordings = engine.json("/api/v1/recordings?limit=1000")
        day = datetime.now(UTC).date().isoformat()
        told.timeline = engine.json(f"/api/v1/timeline?start={day}T00:00:00Z&end={day}T23:59:59Z")
        engine.stop()
        yield told


def counter(metrics, name, camera_id):
    return sum(
        float(line.rpartition(" ")[2])
        for line in metrics.splitlines()
        if line.startswith(name) and f'camera_id="{camera_id}"' in line
    )


def logged(engine, camera_id):
    lines = [json.loads(line) for line in engine.log().splitlines()]
    return [one for one in lines if f"{camera_id}: " in json.dumps(one)]


@pytest.mark.parametrize("name", BROKEN)
def test_a_camera_that_cannot_work_says_why(story, name, record_property):
    state, words = BROKEN[name]
    shown = story.watcher.first(name, lambda row: row.status["status"] == state)
    assert shown is not None, story.watcher.history.get(name)
    assert words in shown.status["detail"]
    record_property("shown_s", round(shown.mono - story.started, 2))
    assert shown.mono - story.started < SHOWN_S
    claims = [row for row in story.watcher.history[name] if row.claims_live]
    assert all(row.mono > story.healed.get(name, float("inf")) for row in claims)
    assert counter(story.metrics, "surveillance_stream_errors_total", name) >= 1
    assert any(words in json.dumps(one) for one in logged(story.engine, name))


def test_a_refused_camera_is_not_hammered(story):
    assert story.tries <= 1 + story.tries_s // REFUSED_REST_S
    last = story.watcher.history["password"][-1].status
    assert last["status"] == "refused"
    assert last["next_try_wall_us"] > 0


@pytest.mark.parametrize("name", HIT)
def test_a_fault_is_shown_in_time_and_counted(story, name, record_property):
    hit = story.hit[name]
    shown = story.shown_after_hit(name)
    if name in LONG:
        assert shown is not None
        record_property("shown_s", round(shown.mono - hit.mono, 2))
        assert shown.mono - hit.mono < SHOWN_S
        assert shown.status["detail"]
    assert counter(story.metrics, "surveillance_stream_reconnects_total", name) >= 1
    if shown is not None:
        assert counter(story.metrics, "surveillance_stream_errors_total", name) >= 1
    assert any("next try" in json.dumps(one) for one in logged(story.engine, name))


@pytest.mark.parametrize("name", [*LONG, "silent"])
def test_it_comes_back_without_help(story, name, record_property):
    since = story.healed[name]
    back = story.watcher.first(name, lambda row: row.status["recording"], since)
    assert back is not None
    record_property("back_s", round(back.mono - since, 2))
    assert back.mono - since < BACK_S


@pytest.mark.parametrize("name", ["reset", "ended", "codec-change", "size-change"])
def test_a_broken_connection_is_made_anew_at_once(story, name, record_property):
    """Hardly more than the wait for a keyframe is missing."""
    last = max(
        (s for s in story.recordings["segments"] if s["camera_id"] == name),
        key=lambda segment: segment["start_wall_us"],
    )
    starts = [
        segment["start_wall_us"]
        for segment in story.recordings["segments"]
        if segment["camera_id"] == name and segment["start_wall_us"] > story.hit[name].wall_us
    ]
    record_property("records_s", round((min(starts) - story.hit[name].wall_us) / 1e6, 2))
    assert min(starts) - story.hit[name].wall_us < SHOWN_S * 1e6
    measure = measure_segment(story.engine.folder.recordings / last["path"])
    assert measure.codec == ("hevc" if name == "codec-change" else "h264")
    assert measure.width == (480 if name == "size-change" else 320)


@pytest.mark.parametrize("name", LONG)
def test_the_gap_is_in_the_books_with_its_reason(story, name):
    gaps = [gap for gap in story.recordings["gaps"] if gap["camera_id"] == name]
    assert gaps
    assert {gap["reason"] for gap in gaps} == {"camera_lost"}
    begun_us = gaps[-1]["start_wall_us"]
    assert story.hit[name].wall_us - 3_000_000 < begun_us < story.hit_done_us[name] + 1_500_000
    (row,) = [one for one in story.timeline["cameras"] if one["camera_id"] == name]
    assert [gaps[-1]["start_wall_us"], gaps[-1]["end_wall_us"], "camera_lost"] in row["gaps"]


def test_the_others_lose_nothing(story):
    segments = sorted(
        (s for s in story.recordings["segments"] if s["camera_id"] == "witness"),
        key=lambda segment: segment["start_wall_us"],
    )
    assert len(segments) >= 3
    for before, after in itertools.pairwise(segments):
        assert abs(after["start_wall_us"] - before["end_wall_us"]) < 200_000
    assert not [gap for gap in story.recordings["gaps"] if gap["camera_id"] == "witness"]
    assert counter(story.metrics, "surveillance_lost_packets_total", "witness") == 0


def test_everything_is_sound_afterwards(story):
    code, report = story.engine.check("--hash")
    found = {name: report[name] for name in report if report[name] and name != "journal"}
    assert (code, report["is_sound"]) == (0, True), found
