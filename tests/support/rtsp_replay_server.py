"""RTSP of the simulated camera: `/live` at its own pace, `/replay/…` as fast as it is read."""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
import socket
import struct
import threading
import time
from datetime import UTC, datetime

from tests.support.replay_packets import PAYLOAD_TYPE, mark, payloads_of, rtp

_CLOCK = re.compile(r"clock=(\S+?)-(\S*)$")


class RtspServer:
    """Serves for an `OnvifCamera`; `cut_live` ends the live stream until `live_again`."""

    def __init__(self, camera):
        self.camera = camera
        self.is_live = True
        self.replays = 0
        self.requests = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._live = set()
        self._lock = threading.Lock()

    def start(self):
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.cut_live()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def cut_live(self):
        self.is_live = False
        with self._lock:
            for connection in self._live:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def live_again(self):
        self.is_live = True

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError, ValueError), connection:
            _Dialogue(self, connection).run()
        with self._lock:
            self._live.discard(connection)


class _Dialogue:
    def __init__(self, server, connection):
        self.server = server
        self.camera = server.camera
        self.connection = connection
        self.file = connection.makefile("rb")
        self.nonce = secrets.token_hex(8)
        self.sequence = 0

    def run(self):
        while True:
            line = self.file.readline().decode()
            if not line:
                return
            method, url, _ = line.split(" ", 2)
            headers = {}
            while line := self.file.readline().decode().strip():
                name, _, value = line.partition(":")
                headers[name.strip().lower()] = value.strip()
            self.server.requests.append((method, url, headers))
            if method == "TEARDOWN":
                return
            self.answer(method, url, headers)

    def answer(self, method, url, headers):
        cseq, is_replay = headers["cseq"], "/replay/" in url
        if method == "OPTIONS":
            self.say(cseq, 200, {"Public": "DESCRIBE, SETUP, PLAY, TEARDOWN"})
        elif not is_replay and not self.server.is_live:
            self.say(cseq, 404)
        elif not self.is_login_right(method, headers):
            challenge = f'Digest realm="camera", nonce="{self.nonce}", qop="auth"'
            self.say(cseq, 401, {"WWW-Authenticate": challenge})
        elif is_replay and method != "GET_PARAMETER" and headers.get("require") != "onvif-replay":
            self.say(cseq, 551)
        elif method == "DESCRIBE":
            self.describe(cseq, url)
        elif method == "SETUP":
            transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
            self.say(cseq, 200, {"Transport": transport, "Session": "7;timeout=60"})
        elif method == "PLAY":
            self.replay(cseq, headers) if is_replay else self.live(cseq)
        else:
            self.say(cseq, 200)

    def describe(self, cseq, url):
        encoding = {"h264": "H264", "hevc": "H265"}[self.camera.clip.codec]
        sdp = (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\n"
            f"m=video 0 RTP/AVP {PAYLOAD_TYPE}\r\na=rtpmap:{PAYLOAD_TYPE} {encoding}/90000\r\n"
            f"a=fmtp:{PAYLOAD_TYPE} packetization-mode=1\r\na=control:video\r\n"
        )
        head = {"Content-Type": "application/sdp", "Content-Base": f"{url}/"}
        self.say(cseq, 200, head, sdp)

    def is_login_right(self, method, headers):
        if not self.camera.password:
            return True
        line = headers.get("authorization", "")
        given = {m[1]: m[2] or m[3] for m in re.finditer(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', line)}

        def h(text):
            return hashlib.md5(text.encode()).hexdigest()  # noqa: S324  as the standard wants it

        secret = h(f"{self.camera.user}:camera:{self.camera.password}")
        what = h(f"{method}:{given.get('uri')}")
        if given.get("qop"):
            wanted = h(f"{secret}:{self.nonce}:{given['nc']}:{given['cnonce']}:auth:{what}")
        else:
            wanted = h(f"{secret}:{self.nonce}:{what}")
        return given.get("response") == wanted

    def say(self, cseq, status, headers=None, body=""):
        lines = [f"RTSP/1.0 {status} {'OK' if status == 200 else 'No'}", f"CSeq: {cseq}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.connection.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())

    def live(self, cseq):
        self.say(cseq, 200, {"Session": "7"})
        with self.server._lock:
            self.server._live.add(self.connection)
        now_us = time.time_ns() // 1_000
        for wall_us, frame in self.camera.clip.frames_from(now_us):
            if not self.server.is_live:
                raise OSError("cut")
            time.sleep(max(0.0, wall_us / 1e6 - time.time()))
            self.send(frame.nals, wall_us, b"")

    def replay(self, cseq, headers):
        begin, end = (_time_us(text) for text in _CLOCK.search(headers["range"]).groups())
        offset_us = self.camera.offset_us
        begin, end = begin - offset_us, end - offset_us
        held = [(max(a, begin), min(b, end)) for a, b in self.camera.card if a < end and b > begin]
        if not held:
            return self.say(cseq, 457)
        self.say(cseq, 200, {"Session": "7", "Range": headers["range"]})
        self.server.replays += 1
        if self.camera.fault == "stall":
            time.sleep(60)
        if self.camera.fault == "garbage":
            self.connection.sendall(b"$\0\0\x40" + bytes(64) + secrets.token_bytes(4_000))
            time.sleep(60)
        for number, (first, last) in enumerate(held):
            self.replay_span(first, last, is_last=number == len(held) - 1)
        if self.camera.fault == "no_end":
            time.sleep(60)
        return None

    def replay_span(self, first, last, *, is_last):
        clip = self.camera.clip
        waiting = None
        for n, (wall_us, frame) in enumerate(clip.frames_from(first)):
            if waiting is not None:
                over = wall_us >= last
                flags = (0x40 | (0x10 if is_last else 0)) if over else 0
                self.send_marked(*waiting, flags)
                if over:
                    return
            waiting = (frame, wall_us)
            if self.camera.fault == "cut" and n > 30:
                raise OSError("cut")

    def send_marked(self, frame, wall_us, flags):
        extension = mark(wall_us + self.camera.offset_us, flags)
        self.send(frame.nals, wall_us, b"" if self.camera.fault == "no_marks" else extension)

    def send(self, nals, wall_us, extension):
        payloads = list(payloads_of(self.camera.clip.codec, nals, 1_400))
        data = bytearray()
        for n, payload in enumerate(payloads):
            packet = rtp(
                payload, self.sequence, wall_us, is_last=n == len(payloads) - 1,
                mark=extension if n == 0 else b"",
            )  # fmt: skip
            self.sequence += 1
            data += struct.pack(">cBH", b"$", 0, len(packet)) + packet
        self.connection.sendall(data)


def _time_us(text):
    moment = datetime.strptime(text, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
