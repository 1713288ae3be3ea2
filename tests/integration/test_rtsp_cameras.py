"""Cameras of every kind on one real engine: what is sent lies in the files, and it plays."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import subprocess
import threading
import time

import av
import pytest

from benchmarks.rig.clips import ClipSpec, camera_clip
from benchmarks.rig.server import RtspServer, rig_missing
from nvr_app.contract.config import CameraSettings, Credentials
from nvr_app.secrets import Secrets
from tests.support.engine_process import Engine

pytestmark = [
    pytest.mark.rtsp,
    pytest.mark.skipif(rig_missing() is not None, reason=str(rig_missing())),
]

LOGIN = Credentials(user="guard", password="p@ss:w/ord")
RECORD_S = 9.0
BASE = {"width": 320, "height": 180, "fps": 15, "bitrate_kbit": 300, "gop_s": 1, "seconds": 120}


def camera(camera_id, main, sub="", **changes):
    return CameraSettings(
        id=camera_id, main=str(main), sub=str(sub), motion=False, detect=False, **changes
    )


def mjpeg_handler(pictures):
    """Multipart JPEG at ten a second, as the web page of a camera sends it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
            self.end_headers()
            with contextlib.suppress(OSError):
                while True:
                    for picture in pictures:
                        head = (
                            b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
                        )
                        self.wfile.write(head % len(picture) + picture + b"\r\n")
                        time.sleep(0.1)

        def log_message(self, *arguments):
            pass

    return Handler


@contextlib.contextmanager
def mjpeg_server(clip):
    with av.open(str(clip)) as container:
        pictures = [bytes(packet) for packet in container.demux(video=0) if packet.size][:100]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), mjpeg_handler(pictures))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/video"
    finally:
        server.shutdown()
        server.server_close()


def a_law_clip(clip, folder):
    """The clip with telephone sound, in QuickTime: MP4 holds no A-law."""
    target = folder / "pcma.mov"
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-i", str(clip), "-f", "lavfi",
         "-i", "sine=frequency=440:sample_rate=8000:duration=120", "-map", "0:v", "-map", "1:a",
         "-c:v", "copy", "-c:a", "pcm_alaw", "-ac", "1", str(target)],
        check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return target


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return {
        "main": camera_clip(ClipSpec(**BASE)),
        "sub": camera_clip(ClipSpec(**BASE | {"width": 160, "height": 96})),
        "h265": camera_clip(ClipSpec(**BASE, codec="h265")),
        # RTP carries JPEG in steps of eight lines (RFC 2435).
        "mjpeg": camera_clip(ClipSpec(**BASE | {"height": 184}, codec="mjpeg")),
        "aac": camera_clip(ClipSpec(**BASE, audio="aac")),
        "pcma": a_law_clip(camera_clip(ClipSpec(**BASE)), tmp_path_factory.mktemp("clips")),
    }


@pytest.fixture(scope="module")
def recorded(clips, tmp_path_factory):
    """An engine that has recorded every kind of camera and was stopped in order."""
    root = tmp_path_factory.mktemp("cameras")
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(RtspServer())
        users = {LOGIN.user: LOGIN.password}
        basic = stack.enter_context(RtspServer(users))
        digest = stack.enter_context(RtspServer(users, digest=True))
        tls = stack.enter_context(RtspServer(tls=True))
        page = stack.enter_context(mjpeg_server(clips["mjpeg"]))
        cameras = [
            camera(
                "h264",
                plain.add("/main", clips["main"], account=root / "h264.jsonl"),
                plain.add("/sub", clips["sub"]),
            ),
            camera("h265", plain.add("/h265", clips["h265"], codec="h265",
                                     account=root / "h265.jsonl")),
            camera("mjpeg", plain.add("/mjpeg", clips["mjpeg"], codec="mjpeg")),
            camera("aac", plain.add("/aac", clips["aac"], audio="aac")),
            camera("pcma", plain.add("/pcma", clips["pcma"], audio="pcma")),
            camera("udp", plain.add("/udp", clips["main"], udp=True), transport="udp"),
            camera("basic", basic.add("/a", clips["main"])),
            camera("digest", digest.add("/a", clips["main"])),
            camera("tls", tls.add("/a", clips["main"])),
            camera("http", page, kind="mjpeg"),
            camera("file", clips["main"], kind="file"),
        ]  # fmt: skip
        engine = Engine(root / "data", cameras)
        stack.callback(engine.close)
        for camera_id in ("basic", "digest"):
            Secrets(engine.folder).set_camera(camera_id, LOGIN)
        started_s = time.monotonic()
        engine.start()
        engine.until(lambda: engine.recording() == len(cameras), "every camera to record")
        time.sleep(RECORD_S)
        statuses = engine.statuses()
        engine.stop()
        ran_s = time.monotonic() - started_s
        plain.flush()
        yield engine, root, statuses, ran_s


def files_of(engine, camera_id):
    return sorted((engine.folder.recordings / camera_id).rglob("*.mp4"))


ALL = ["h264", "h265", "mjpeg", "aac", "pcma", "udp", "basic", "digest", "tls", "http", "file"]


@pytest.mark.parametrize("camera_id", ALL)
def test_every_file_plays_from_its_first_frame(recorded, camera_id):
    engine, _, statuses, _ = recorded
    files = files_of(engine, camera_id)
    size = (320, 184 if camera_id in {"mjpeg", "http"} else 180)
    assert len(files) >= 2
    for path in files:
        with av.open(str(path)) as container:
            packets = [p for p in container.demux(video=0) if p.size]
        assert packets[0].is_keyframe
        assert packets[0].pts == 0
        with av.open(str(path)) as container:
            frames = list(container.decode(video=0))
        assert len(frames) == len(packets)
        assert frames[0].key_frame
        assert {(frame.width, frame.height) for frame in frames} == {size}
    assert statuses[camera_id]["status"] == "active"
    assert (statuses[camera_id]["width"], statuses[camera_id]["height"]) == size


@pytest.mark.parametrize("camera_id", ALL)
def test_footage_lasts_as_long_as_the_recording(recorded, camera_id):
    """Media time is not stretched or squeezed, and the index says the same as the files."""
    engine, _, _, ran_s = recorded
    length_s = 0.0
    for path in files_of(engine, camera_id):
        with av.open(str(path)) as container:
            times = [float(p.pts * p.time_base) for p in container.demux(video=0) if p.size]
        length_s += max(times) - min(times)
    assert RECORD_S - 2.5 < length_s < ran_s + 2


def test_check_finds_everything_sound(recorded):
    engine, *_ = recorded
    code, report = engine.check("--hash")
    assert (code, report["is_sound"]) == (0, True), report
    assert report["hashed"] == report["segments"] == sum(len(files_of(engine, c)) for c in ALL)


def nal_units(path, codec):
    """(is a coded slice, digest) of every unit in an MP4, in order."""
    found = []
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            data, at = bytes(packet), 0
            while at + 4 <= len(data):
                size = int.from_bytes(data[at : at + 4], "big")
                unit = data[at + 4 : at + 4 + size].rstrip(b"\0")
                at += 4 + size
                kind = unit[0] & 0x1F if codec == "h264" else (unit[0] >> 1) & 0x3F
                is_slice = 1 <= kind <= 5 if codec == "h264" else kind <= 31
                found.append((is_slice, hashlib.blake2b(unit, digest_size=16).hexdigest()))
    return found


@pytest.mark.parametrize(("camera_id", "clip"), [("h264", "main"), ("h265", "h265")])
def test_the_files_hold_what_the_camera_sent_unit_by_unit(recorded, clips, camera_id, clip):
    engine, root, *_ = recorded
    slices = {digest for is_slice, digest in nal_units(clips[clip], camera_id) if is_slice}
    rows = [json.loads(line) for line in (root / f"{camera_id}.jsonl").read_text().splitlines()]
    sent = [digest for row in rows for digest in row[2] if digest in slices]
    kept = [
        digest
        for path in files_of(engine, camera_id)
        for is_slice, digest in nal_units(path, camera_id)
        if is_slice
    ]
    assert len(kept) > 15 * (RECORD_S - 3)
    starts = [at for at, digest in enumerate(sent) if digest == kept[0]]
    assert any(sent[at : at + len(kept)] == kept for at in starts)


@pytest.mark.parametrize("camera_id", ["aac", "pcma"])
def test_sound_is_carried_along(recorded, camera_id):
    engine, *_ = recorded
    for path in files_of(engine, camera_id):
        with av.open(str(path)) as container:
            (sound,) = container.streams.audio
            assert sound.codec_context.name == "aac"
            video_s = float(
                container.streams.video[0].duration * container.streams.video[0].time_base
            )
            samples = sum(frame.samples for frame in container.decode(audio=0))
        assert samples / 8000 == pytest.approx(video_s, abs=0.6)


def test_no_password_is_written_anywhere(recorded):
    engine, *_ = recorded
    assert LOGIN.password not in engine.log()
    for path in engine.folder.root.rglob("*"):
        if path.is_file() and path.suffix != ".mp4":
            assert LOGIN.password.encode() not in path.read_bytes(), path
