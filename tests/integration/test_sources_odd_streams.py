"""Streams whose timestamps or pictures break in the midst of a connection, on a real engine.

The cameras here are played by a server of a hundred lines: it alone can send timestamps that no
proper one would.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import socketserver
import struct
import subprocess
import threading
import time

import av
import pytest

from nvr_app.contract.config import CameraSettings
from tests.support.engine_process import Engine

FPS = 15
TICKS = 90_000 // FPS
ODD_AT_S = 4
RECORD_S = 14.0
_MOST_PAYLOAD = 1400


def units_of(data):
    return [unit.rstrip(b"\0") for unit in data.split(b"\0\0\1")[1:] if unit.strip(b"\0")]


def pictures(folder, size, seconds=120, gop=FPS):
    """Access units as lists of NAL units, with parameter sets before every keyframe."""
    target = folder / f"{size}-{gop}.h264"
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate={FPS}",
         "-t", str(seconds), "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", str(gop),
         "-x264-params", "repeat-headers=1:scenecut=0:aud=0", "-pix_fmt", "yuv420p",
         "-f", "h264", str(target)],
        check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    with av.open(str(target)) as container:
        return [units_of(bytes(p)) for p in container.demux(video=0) if p.size]


def rtp_payloads(unit):
    """A NAL unit as one packet, or in fragments (RFC 6184, 5.8)."""
    if len(unit) <= _MOST_PAYLOAD:
        return [unit]
    head, body = unit[0], unit[1:]
    pieces = [body[at : at + _MOST_PAYLOAD] for at in range(0, len(body), _MOST_PAYLOAD)]
    marks = [0x80, *[0] * (len(pieces) - 2), 0x40]
    return [
        bytes([(head & 0xE0) | 28, mark | (head & 0x1F)]) + piece
        for mark, piece in zip(marks, pieces, strict=True)
    ]


class OddCamera(socketserver.ThreadingTCPServer):
    """Interleaved RTSP for one H.264 stream; `timestamp(n)` is the n-th picture's RTP time."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, frames, timestamp):
        super().__init__(("127.0.0.1", 0), _Client)
        self.frames = frames
        self.timestamp = timestamp
        self.connections = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"rtsp://127.0.0.1:{self.server_address[1]}/odd"


class _Client(socketserver.BaseRequestHandler):
    def handle(self):
        self.server.connections += 1
        with contextlib.suppress(OSError), self.request.makefile("rb") as lines:
            while request := self._request(lines):
                method, sequence = request
                self._answer(method, sequence)
                if method == "PLAY":
                    self._play()

    def _request(self, lines):
        text = ""
        while (line := lines.readline().decode("ascii", "replace")).strip():
            text += line
        if not text:
            return None
        return text.split()[0], re.search(r"CSeq: *(\d+)", text)[1]

    def _answer(self, method, sequence):
        head = {
            "OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
            "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n",
            "PLAY": "Session: 1\r\n",
        }.get(method, "")
        body = ""
        if method == "DESCRIBE":
            body = (
                "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=odd\r\nt=0 0\r\n"
                "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
                "a=fmtp:96 packetization-mode=1\r\na=control:video\r\n"
            )
            head = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        self.request.sendall(f"RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\n{head}\r\n{body}".encode())

    def _play(self):
        number = 0
        started = time.monotonic()
        for count, units in enumerate(self.server.frames):
            time.sleep(max(0.0, started + count / FPS - time.monotonic()))
            stamp = self.server.timestamp(count) % 2**32
            payloads = [payload for unit in units for payload in rtp_payloads(unit)]
            for at, payload in enumerate(payloads):
                marker = 0x80 if at == len(payloads) - 1 else 0
                packet = struct.pack(">BBHII", 0x80, marker | 96, number, stamp, 7) + payload
                number = (number + 1) % 2**16
                self.request.sendall(struct.pack(">cBH", b"$", 0, len(packet)) + packet)


def jump_of(seconds):
    return lambda n: n * TICKS + (int(seconds * 90_000) if n >= ODD_AT_S * FPS else 0)


TIMES = {
    "steady": lambda n: n * TICKS,
    "forward": jump_of(+1000),
    "backward": jump_of(-1000),
    "hop": jump_of(+2),
    "hop-back": jump_of(-2),
    "wrap": lambda n: 2**32 - ODD_AT_S * 90_000 + n * TICKS,
    "frozen": lambda n: 5 * TICKS,
    "zigzag": lambda n: n * TICKS + (-3 * TICKS if n % 7 == 3 else 0),
    "fast": lambda n: n * TICKS * 3 // 2,
}


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    root = tmp_path_factory.mktemp("odd")
    small, large = pictures(root, "320x180"), pictures(root, "480x272")
    at = ODD_AT_S * FPS
    played = {name: (small, times) for name, times in TIMES.items()}
    played["size"] = ([*small[:at], *large[at : 2 * at], *small[2 * at :]], TIMES["steady"])
    played["no-sets"] = (
        [[u for u in units if (u[0] & 0x1F) not in {7, 8} or n == 0]
         for n, units in enumerate(small)],
        TIMES["steady"],
    )  # fmt: skip
    servers = {name: OddCamera(*what) for name, what in played.items()}
    cameras = [
        CameraSettings(id=name, main=server.url, motion=False, detect=False)
        for name, server in servers.items()
    ]
    engine = Engine(root / "data", cameras)
    try:
        engine.start()
        engine.until(lambda: engine.recording() == len(cameras), "every camera to record")
        time.sleep(RECORD_S)
        metrics = engine.ask("/metrics")[1].decode()
        engine.stop()
        yield engine, servers, metrics, time.time_ns() // 1000
    finally:
        engine.close()
        for server in servers.values():
            server.shutdown()
            server.server_close()


def segments_of(engine, camera_id):
    import duckdb

    with duckdb.connect(str(engine.folder.database), read_only=True) as base:
        rows = base.execute(
            "SELECT path, start_wall_us, end_wall_us, frames FROM segments WHERE camera_id = ? "
            "ORDER BY start_wall_us",
            [camera_id],
        ).fetchall()
        gaps = base.execute("FROM gaps WHERE camera_id = ?", [camera_id]).fetchall()
    return rows, gaps


ALL = [*TIMES, "size", "no-sets"]


@pytest.mark.parametrize("name", ALL)
def test_every_picture_is_kept_and_plays(story, name):
    """No frame is lost between the first and the last, whatever the timestamps say."""
    engine, servers, _, _ = story
    rows, gaps = segments_of(engine, name)
    assert servers[name].connections == 1
    assert gaps == []
    total = 0
    for path, _, _, frames in rows:
        with av.open(str(engine.folder.recordings / path)) as container:
            decoded = list(container.decode(video=0))
        assert len(decoded) == frames
        assert decoded[0].key_frame
        times = [frame.pts for frame in decoded]
        assert times == sorted(set(times))
        total += frames
    assert total >= (RECORD_S - 1) * FPS


@pytest.mark.parametrize("name", ALL)
def test_wall_time_has_neither_hole_nor_overlap(story, name):
    engine, _, _, stopped_us = story
    rows, _ = segments_of(engine, name)
    spans = [(start, end) for _, start, end, _ in rows]
    # Where the camera's own clock is wrong, its media time goes astray until that is noticed.
    tolerance_us = 2_500_000 if name == "fast" else 500_000
    for (_, end), (start, _) in itertools.pairwise(spans):
        assert abs(start - end) < tolerance_us, spans
    began_us, ended_us = spans[0][0], spans[-1][1]
    assert ended_us - began_us > (RECORD_S - 2) * 1e6, spans
    assert ended_us < stopped_us + 1_000_000, spans


def test_jumps_are_counted_and_logged(story):
    engine, _, metrics, _ = story
    for name, reason, words in (
        ("forward", "timestamp_jump", r"media time jumped by (999|1000)\.\d s"),
        # FFmpeg takes a step to before the first picture for a 32-bit counter that wrapped.
        ("backward", "timestamp_jump", r"media time jumped by -?\d+\.\d s"),
        ("hop", "timestamp_drift", r"media time is \d\.\d s ahead of the clock"),
        ("hop-back", "timestamp_drift", r"media time is \d\.\d s behind the clock"),
        ("fast", "timestamp_drift", r"media time is \d\.\d s ahead of the clock"),
    ):
        row = f'surveillance_stream_errors_total{{camera_id="{name}",reason="{reason}"}}'
        assert row in metrics
        assert re.search(f"{name}: {words}", engine.log())
    for name in ("steady", "wrap", "zigzag", "size", "no-sets"):
        assert f'surveillance_stream_errors_total{{camera_id="{name}"' not in metrics


def test_a_picture_that_changes_its_size_begins_a_new_run(story):
    engine, _, _, _ = story
    rows, _ = segments_of(engine, "size")
    sizes = []
    for path, *_ in rows:
        with av.open(str(engine.folder.recordings / path)) as container:
            found = {(frame.width, frame.height) for frame in container.decode(video=0)}
        assert len(found) == 1
        sizes.extend(found)
    assert [key for key, _ in itertools.groupby(sizes)] == [(320, 180), (480, 272), (320, 180)]


def test_everything_is_sound_afterwards(story):
    engine, _, _, _ = story
    code, report = engine.check("--hash")
    assert (code, report["is_sound"]) == (0, True), report
