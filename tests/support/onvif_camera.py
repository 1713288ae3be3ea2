"""A camera with a card: ONVIF Profile G over HTTP, live pictures and replay over RTSP.

Real sockets on the loopback; what it sees is a clip by the wall clock, so that every picture,
live or replayed, tells when it must have been taken.
"""

from __future__ import annotations

import base64
import hashlib
import re
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree as ET

from tests.support.card_clip import CardClip
from tests.support.rtsp_replay_server import RtspServer

DEVICE = "http://www.onvif.org/ver10/device/wsdl"
SEARCH = "http://www.onvif.org/ver10/search/wsdl"
REPLAY = "http://www.onvif.org/ver10/replay/wsdl"
SCHEMA = "http://www.onvif.org/ver10/schema"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
USER, PASSWORD = "keeper", "s3cret & <sound>"


class OnvifCamera:
    """Attributes may be changed while it runs."""

    def __init__(self, clip, *, card_from_us=0):
        self.clip = CardClip(clip)
        self.card = [(card_from_us, 2**52)] if card_from_us else []
        """Spans that its card holds, in true time."""
        self.offset_us = 0
        """How far its clock is ahead."""
        self.user, self.password = USER, PASSWORD
        self.has_profile_g = True
        self.fault = ""
        """What it does wrong: bomb, endless, redirect, page (HTTP); stall, garbage, cut, no_marks,
        no_end (RTSP)."""
        self.foreign_host = ""
        """The host that it names in every address."""
        self.asked = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.rtsp = RtspServer(self)

    def start(self):
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        self.rtsp.start()
        return self

    def close(self):
        self._http.shutdown()
        self._http.server_close()
        self.rtsp.close()

    @property
    def onvif_url(self):
        return f"http://127.0.0.1:{self._http.server_port}/onvif/device_service"

    @property
    def live_url(self):
        return f"rtsp://127.0.0.1:{self.rtsp.port}/live"

    def own_time(self, wall_us=None):
        wall_us = time.time_ns() // 1_000 if wall_us is None else wall_us
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=wall_us + self.offset_us)

    def _handler(camera):  # noqa: N805  the handler's own self is another
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                data = self.rfile.read(int(self.headers["Content-Length"]))
                status, body, headers = camera._answer(data)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if camera.fault != "endless":
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                    while camera.fault == "endless":
                        self.wfile.write(b"<a/>" * 4096)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        return Handler

    def _answer(self, data):
        if self.fault == "bomb":
            return 200, _BOMB, {}
        if self.fault == "redirect":
            return 302, b"", {"Location": "http://192.0.2.1/onvif/device_service"}
        if self.fault == "page":
            return 200, b"<html><p>Welcome<br></html>", {}
        root = ET.fromstring(data)  # noqa: S314  our own client's words
        question = root.find(f"{{{SOAP}}}Body")[0]
        name = question.tag.partition("}")[2]
        self.asked.append(name)
        if name != "GetSystemDateAndTime" and not self._is_login_right(root):
            return 400, _fault("ter:NotAuthorized", "Sender not authorized"), {}
        body = getattr(self, f"_{name}", None)
        if body is None:
            return 500, _fault("ter:ActionNotSupported", "not known"), {}
        return 200, _envelope(body(question)), {}

    def _is_login_right(self, root):
        """WS-Security's digest, made within five minutes of this camera's own clock."""

        def text(name):
            return next((e.text for e in root.iter() if e.tag.endswith(f"}}{name}")), "")

        created = text("Created")
        if not created or text("Username") != self.user:
            return False
        age = abs(datetime.fromisoformat(created) - self.own_time())
        digest = hashlib.sha1(  # noqa: S324  as the standard wants it
            base64.b64decode(text("Nonce")) + created.encode() + self.password.encode()
        ).digest()
        is_right = base64.b64encode(digest).decode() == text("Password")
        return is_right and age < timedelta(minutes=5)

    def _address(self, scheme, port, path):
        return f"{scheme}://{self.foreign_host or '127.0.0.1'}:{port}{path}"

    def _GetSystemDateAndTime(self, _):
        at = self.own_time()
        return (
            f'<tds:GetSystemDateAndTimeResponse xmlns:tds="{DEVICE}" xmlns:tt="{SCHEMA}">'
            "<tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType><tt:UTCDateTime><tt:Time>"
            f"<tt:Hour>{at.hour}</tt:Hour><tt:Minute>{at.minute}</tt:Minute>"
            f"<tt:Second>{at.second}</tt:Second></tt:Time><tt:Date><tt:Year>{at.year}</tt:Year>"
            f"<tt:Month>{at.month}</tt:Month><tt:Day>{at.day}</tt:Day></tt:Date></tt:UTCDateTime>"
            "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        )

    def _GetServices(self, _):
        spaces = [(DEVICE, "device_service")]
        if self.has_profile_g:
            spaces += [(SEARCH, "search"), (REPLAY, "replay")]
        services = "".join(
            f"<tds:Service><tds:Namespace>{space}</tds:Namespace><tds:XAddr>"
            f"{self._address('http', self._http.server_port, '/onvif/' + path)}</tds:XAddr>"
            "</tds:Service>"
            for space, path in spaces
        )
        return f'<tds:GetServicesResponse xmlns:tds="{DEVICE}">{services}</tds:GetServicesResponse>'

    def _GetRecordingSummary(self, _):
        since = f"<tt:DataFrom>{self._stamp(self.card[0][0])}</tt:DataFrom>" if self.card else ""
        until = f"<tt:DataUntil>{self._stamp(self.card[-1][1])}</tt:DataUntil>" if since else ""
        return (
            f'<s:GetRecordingSummaryResponse xmlns:s="{SEARCH}" xmlns:tt="{SCHEMA}"><s:Summary>'
            f"{since}{until}<tt:NumberRecordings>{len(self.card)}</tt:NumberRecordings>"
            "</s:Summary></s:GetRecordingSummaryResponse>"
        )

    def _FindRecordings(self, _):
        self._is_first = True
        return (
            f'<s:FindRecordingsResponse xmlns:s="{SEARCH}"><s:SearchToken>find &amp; tell'
            "</s:SearchToken></s:FindRecordingsResponse>"
        )

    def _GetRecordingSearchResults(self, question):
        """First a part, then the rest: a search may take its time."""
        assert question.findtext(f"{{{SEARCH}}}SearchToken") == "find & tell"
        state = "Searching" if self._is_first else "Completed"
        spans = [] if self._is_first else self.card
        self._is_first = False
        found = "".join(
            f"<tt:RecordingInformation><tt:RecordingToken>rec{n}</tt:RecordingToken>"
            f"<tt:EarliestRecording>{self._stamp(begin)}</tt:EarliestRecording>"
            f"<tt:LatestRecording>{self._stamp(end)}</tt:LatestRecording><tt:Track>"
            "<tt:TrackToken>v</tt:TrackToken><tt:TrackType>Video</tt:TrackType></tt:Track>"
            "</tt:RecordingInformation>"
            for n, (begin, end) in enumerate(spans)
        )
        return (
            f'<s:GetRecordingSearchResultsResponse xmlns:s="{SEARCH}" xmlns:tt="{SCHEMA}">'
            f"<s:ResultList><tt:SearchState>{state}</tt:SearchState>{found}</s:ResultList>"
            "</s:GetRecordingSearchResultsResponse>"
        )

    def _EndSearch(self, _):
        return f'<s:EndSearchResponse xmlns:s="{SEARCH}"/>'

    def _GetReplayUri(self, question):
        token = question.findtext(f"{{{REPLAY}}}RecordingToken")
        assert re.fullmatch(r"rec\d+", token)
        address = self._address("rtsp", self.rtsp.port, f"/replay/{token}")
        return (
            f'<r:GetReplayUriResponse xmlns:r="{REPLAY}"><r:Uri>{address}</r:Uri>'
            "</r:GetReplayUriResponse>"
        )

    def _stamp(self, wall_us):
        wall_us = min(wall_us, time.time_ns() // 1_000)
        return self.own_time(wall_us).strftime("%Y-%m-%dT%H:%M:%SZ")


def _envelope(body):
    return f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{body}</s:Body></s:Envelope>'.encode()


def _fault(code, reason):
    return _envelope(
        "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value "
        f'xmlns:ter="http://www.onvif.org/ver10/error">{code}</s:Value></s:Subcode></s:Code>'
        f'<s:Reason><s:Text xml:lang="en">{reason}</s:Text></s:Reason></s:Fault>'
    )


_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 50}">' for a, b in zip("abcdef", "bcdefg", strict=True))
    + f"]><s:Envelope xmlns:s='{SOAP}'><s:Body><x>&g;</x></s:Body></s:Envelope>"
).encode()
