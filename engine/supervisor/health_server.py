"""`/health` on a port of the supervisor's own: a stuck hub cannot keep it from answering."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class HealthServer:
    """Serves in a thread. OSError at `start`: the port is in use."""

    def __init__(
        self, host: str, port: int, version: str, describe: Callable[[], Mapping[str, object]]
    ) -> None:
        self._address = (host, port)
        self._version = version
        self._describe = describe
        self._started_s = time.monotonic()
        self._server: ThreadingHTTPServer | None = None

    @property
    def port(self) -> int:
        return self._server.server_address[1] if self._server else 0

    def start(self) -> None:
        """Listen; port 0 lets the system choose."""
        body = self._body

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_GET(self) -> None:
                if self.path.split("?")[0] != "/health":
                    self.send_error(404)
                    return
                data = json.dumps(body()).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its base names it
                """Probes every few seconds are no news."""

        self._server = ThreadingHTTPServer(self._address, Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()

    def stop(self) -> None:
        """Idempotent."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def _body(self) -> dict[str, object]:
        return {
            "status": "alive",
            "timestamp": datetime.now(tz=UTC).isoformat(timespec="seconds"),
            "service": "nvr-supervisor",
            "version": self._version,
            "uptime_seconds": int(time.monotonic() - self._started_s),
            **self._describe(),
        }
