"""An RTSP server with faults on command; run by the system's Python, which has GStreamer's `gi`.

Commands come as JSON lines on standard input, each is answered by one JSON line on standard
output. The end of standard input ends the server. It stands alone: nothing of the project is
imported, because the system's Python does not have it.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402  versions are chosen first

_VIDEO = {
    "h264": "h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au"
    " ! rtph264pay name=pay0 pt=96",
    "h265": "h265parse config-interval=-1 ! video/x-h265,stream-format=byte-stream,alignment=au"
    " ! rtph265pay name=pay0 pt=96",
    "mjpeg": "jpegparse ! rtpjpegpay name=pay0 pt=26",
}
_AUDIO = {
    "aac": "aacparse ! rtpmp4gpay name=pay1 pt=97",
    "pcma": "rtppcmapay name=pay1 pt=8",
}


class Account:
    """What one mount was given to send: a line for each access unit.

    `[pts_ns, wall_ns, digests, mono_ns, last_packet_wall_ns, last_packet_mono_ns]`: the times when
    the unit reached the payloader and when the last of its RTP packets left it (0: none did). The
    server's sinks hold a packet until it is due, so these run ahead of the line, by 0.2 ms (median;
    at most 1 ms) for H.264 of one slice a frame: what is measured from the last packet on the line
    takes its times from the proxy's `RtpTap`, which does not depend on that.
    """

    def __init__(self, path: str, *, has_units: bool) -> None:
        self._file = Path(path).open("w", encoding="utf-8")  # noqa: SIM115  open as long as the mount
        self._has_units = has_units
        self._lock = threading.Lock()
        self._row: list[Any] | None = None

    def note(self, pts_ns: int, data: bytes) -> None:
        """An access unit comes in; it is written once its packets have left."""
        now = [time.time_ns(), time.monotonic_ns()]
        units = split_units(data) if self._has_units else [data]
        row = [pts_ns, now[0], [_digest(unit) for unit in units], now[1], 0, 0]
        with self._lock:
            self._write()
            self._row = row

    def note_packets(self) -> None:
        """Packets of the latest access unit leave; the last call for it counts."""
        with self._lock:
            if self._row is not None:
                self._row[4:] = time.time_ns(), time.monotonic_ns()

    def flush(self) -> None:
        """Everything noted so far is in the file afterwards, the unit in hand included."""
        with self._lock:
            self._write()
            self._file.flush()

    def close(self) -> None:
        """Its mount is gone; what comes late is not noted."""
        with self._lock:
            self._write()
            self._file.close()

    def _write(self) -> None:
        row, self._row = self._row, None
        if row is not None and not self._file.closed:
            self._file.write(json.dumps(row) + "\n")


def split_units(data: bytes) -> list[bytes]:
    """NAL units of a byte stream, without start codes."""
    units = []
    for piece in data.split(b"\x00\x00\x01")[1:]:
        unit = piece.rstrip(b"\x00")  # trailing zeros belong to the next start code
        if unit:
            units.append(unit)
    return units


def _digest(unit: bytes) -> str:
    return hashlib.blake2b(unit, digest_size=16).hexdigest()


class Server:
    """GStreamer's server on a port of the system's choice."""

    def __init__(self) -> None:
        Gst.init(None)
        self._loop = GLib.MainLoop()
        self._server = GstRtspServer.RTSPServer()
        self._server.set_address("127.0.0.1")
        self._server.set_service("0")
        self._mounts = self._server.get_mount_points()
        self._accounts: dict[str, Account] = {}
        self._media: dict[str, list[Any]] = {}

    def run(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        self._loop.run()

    def _listen(self) -> None:
        for line in sys.stdin:
            command = json.loads(line)
            done = threading.Event()
            answer: dict[str, Any] = {}

            def work(
                command: dict[str, Any] = command,
                answer: dict[str, Any] = answer,
                done: threading.Event = done,
            ) -> bool:
                try:
                    answer.update(getattr(self, "do_" + command.pop("do"))(**command) or {})
                except Exception as error:  # noqa: BLE001  whoever asked shall read it
                    answer["error"] = f"{type(error).__name__}: {error}"
                done.set()
                return False

            GLib.idle_add(work)
            done.wait()
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
        self._loop.quit()

    def do_start(self, users: dict[str, str], digest: bool, tls: bool) -> dict[str, Any]:
        """With users, every mount wants a login."""
        if users or tls:
            self._server.set_auth(self._make_auth(users, digest=digest, tls=tls))
        self._server.attach(None)
        return {"port": self._server.get_bound_port()}

    def _make_auth(self, users: dict[str, str], *, digest: bool, tls: bool) -> Any:
        auth = GstRtspServer.RTSPAuth()
        self._user = GstRtspServer.RTSPToken()
        self._user.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "user")
        if digest:
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        for name, password in users.items():
            if digest:
                auth.add_digest(name, password, self._user)
            else:
                basic = GstRtspServer.RTSPAuth.make_basic(name, password)
                auth.add_basic(basic, self._user)
        if not users:
            auth.set_default_token(self._user)
        if tls:
            auth.set_tls_certificate(_certificate())
        return auth

    def do_add(
        self,
        path: str,
        clip: str,
        codec: str,
        audio: str,
        udp: bool,
        account: str,
    ) -> None:
        """Serve a clip at this path; adding again replaces it for the next who connects."""
        quoted = clip.replace("\\", "\\\\").replace('"', '\\"')
        launch = f'( filesrc location="{quoted}" ! qtdemux name=demux demux.video_0 ! queue ! '
        launch += _VIDEO[codec]
        if audio:
            launch += f" demux.audio_0 ! queue ! {_AUDIO[audio]}"
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(launch + " )")
        factory.set_shared(True)
        # What is lost is lost on the way, not because the server had no room for a keyframe.
        factory.set_buffer_size(4 << 20)
        if not udp:
            factory.set_protocols(GstRtsp.RTSPLowerTrans.TCP)
        if self._server.get_auth() is not None:
            permissions = GstRtspServer.RTSPPermissions()
            for right in ("access", "construct"):
                permissions.add_permission_for_role("user", f"media.factory.{right}", True)
            factory.set_permissions(permissions)
        self._close_account(path)
        if account:
            self._accounts[path] = Account(account, has_units=codec != "mjpeg")
        factory.connect("media-configure", self._configure, path)
        self._mounts.add_factory(path, factory)

    def _configure(self, _factory: Any, media: Any, path: str) -> None:
        self._media.setdefault(path, []).append(media)
        media.connect("unprepared", self._forget, path)
        account = self._accounts.get(path)
        if account is None:
            return
        pay = media.get_element().get_by_name("pay0")
        pay.get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, _note, account)
        both = Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST
        pay.get_static_pad("src").add_probe(both, _note_packets, account)

    def _forget(self, media: Any, path: str) -> None:
        """A stream nobody watches any more is no longer ours to stop."""
        running = self._media.get(path, [])
        if media in running:
            running.remove(media)

    def _close_account(self, path: str) -> None:
        account = self._accounts.pop(path, None)
        if account is not None:
            account.close()

    def do_remove(self, path: str) -> None:
        """Nobody can connect to it any more; who is connected stays."""
        self._mounts.remove_factory(path)

    def do_stop(self, path: str) -> None:
        """End a mount's running stream in the midst of it, as a camera that goes away does."""
        for media in self._media.pop(path, []):
            media.get_element().send_event(Gst.Event.new_eos())
        self._disconnect(path)

    def do_disconnect_all(self) -> None:
        self._server.client_filter(lambda *_: GstRtspServer.RTSPFilterResult.REMOVE)

    def do_flush(self) -> None:
        for account in self._accounts.values():
            account.flush()

    def do_clients(self) -> dict[str, Any]:
        return {"clients": len(self._server.client_filter(None) or [])}

    def _disconnect(self, path: str) -> None:
        def choose(_server: Any, client: Any) -> Any:
            sessions = client.session_filter(None) or []
            matches = any(
                media.matches(path)[0] for one in sessions for media in (one.filter(None) or [])
            )
            result = GstRtspServer.RTSPFilterResult
            return result.REMOVE if matches else result.KEEP

        self._server.client_filter(choose)


def _note(_pad: Any, info: Any, account: Account) -> Any:
    buffer = info.get_buffer()
    good, mapped = buffer.map(Gst.MapFlags.READ)
    if good:
        account.note(buffer.pts, bytes(mapped.data))
        buffer.unmap(mapped)
    return Gst.PadProbeReturn.OK


def _note_packets(_pad: Any, _info: Any, account: Account) -> Any:
    account.note_packets()
    return Gst.PadProbeReturn.OK


def _certificate() -> Any:
    """Self-signed, made now, for this run alone."""
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = Path(folder) / "key.pem", Path(folder) / "cert.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", str(key), "-out", str(certificate)],
            check=True, capture_output=True,
        )  # fmt: skip
        return Gio.TlsCertificate.new_from_files(str(certificate), str(key))


if __name__ == "__main__":
    Server().run()
