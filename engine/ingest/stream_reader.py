"""One connection of one camera stream, reopened for as long as the camera is wanted."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import Protocol

from engine.base.backoff import CAMERA_RECONNECT, CAMERA_REFUSED
from engine.base.clock import Clock
from engine.media.errors import SourceError, SourceFault
from engine.media.source import MediaSource, SourcePacket, SourceSpec, StreamInfo, open_source
from nvr_app.contract.config import StreamRole

logger = logging.getLogger(__name__)

# A connection that lived this long starts the count of failures anew.
_GOOD_AFTER_S = 30.0


class StreamHandler(Protocol):
    """What becomes of the packets; called in the reader's thread."""

    def begin(self, source: MediaSource) -> None: ...

    def take(self, packet: SourcePacket, wall_us: int, mono_ns: int) -> None: ...

    def end(self, error: SourceError | None) -> None: ...


@dataclass(frozen=True)
class Link:
    """State of the connection; replaced as a whole, so any thread may read it."""

    phase: str
    """idle, connecting, open or waiting."""
    since_mono_ns: int
    error: str = ""
    fault: SourceFault | None = None
    next_try_wall_us: int = 0
    info: StreamInfo | None = None
    failures: int = 0


class StreamReader:
    """Owns a thread that connects, reads and waits. `pause` and `resume` from any thread."""

    def __init__(
        self,
        camera_id: str,
        role: StreamRole,
        spec: SourceSpec,
        handler: StreamHandler,
        clock: Clock,
    ) -> None:
        self._camera_id = camera_id
        self._role = role
        self._spec = spec
        self._handler = handler
        self._clock = clock
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._paused = False
        self._source: MediaSource | None = None
        self._thread = threading.Thread(target=self._run, name=f"{role} {camera_id}", daemon=True)
        self.link = Link("idle", clock.mono_ns())
        self.packets = 0
        self.last_packet_mono_ns = 0
        self.last_packet_wall_us = 0
        self.reconnects = 0

    @property
    def is_paused(self) -> bool:
        return self._paused

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def pause(self) -> None:
        """Disconnect at the next packet and stay away."""
        self._paused = True
        self._wake.set()

    def resume(self) -> None:
        """Connect again at once."""
        self._paused = False
        self._wake.set()

    def stop(self) -> None:
        """Disconnect at the next packet and end; idempotent."""
        self._stopping.set()
        self._wake.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; whether it ended in time."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def _is_leaving(self) -> bool:
        """We end the connection, not the camera."""
        return self._stopping.is_set() or self._paused

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            if self._paused:
                self._set_link("idle")
                self._sleep(3600.0)
                continue
            opened_ns = self._clock.mono_ns()
            error = self._connect_and_read(failures)
            lived_s = (self._clock.mono_ns() - opened_ns) / 1e9
            if self._is_leaving:
                continue
            failures = 1 if lived_s > _GOOD_AFTER_S else failures + 1
            self._wait_before_retry(error, failures)
        self._set_link("idle")

    def _connect_and_read(self, failures: int) -> SourceError | None:
        self._set_link("connecting", failures=failures)
        try:
            source = open_source(self._spec)
        except SourceError as refused:
            return refused
        self._source = source
        error: SourceError | None = None
        self.link = Link("open", self._clock.mono_ns(), info=source.info)
        self.last_packet_mono_ns = 0
        try:
            self._handler.begin(source)
            self._read(source)
            if not self._is_leaving:
                error = SourceError("closed", "the camera ended the stream")
        except SourceError as broken:
            error = broken
        finally:
            self._handler.end(error)
            self._source = None
            source.close()
        return error

    def _read(self, source: MediaSource) -> None:
        take, clock = self._handler.take, self._clock
        for packet in source.packets():
            mono_ns, wall_us = clock.mono_ns(), clock.wall_us()
            if packet.is_video:
                self.packets += 1
                self.last_packet_mono_ns = mono_ns
                self.last_packet_wall_us = wall_us
            take(packet, wall_us, mono_ns)
            if self._is_leaving:
                return

    def _wait_before_retry(self, error: SourceError | None, failures: int) -> None:
        self.reconnects += 1
        fault = error.fault if error else None
        policy = CAMERA_REFUSED if fault == "refused" else CAMERA_RECONNECT
        delay_s = policy.delay_s(failures)
        (logger.info if failures == 1 else logger.debug)(
            "%s: %s stream: %s; next try in %.0f s", self._camera_id, self._role, error, delay_s
        )
        self.link = Link(
            "waiting",
            self._clock.mono_ns(),
            error=str(error) if error else "",
            fault=fault,
            next_try_wall_us=self._clock.wall_us() + int(delay_s * 1e6),
            failures=failures,
        )
        self._sleep(delay_s)

    def _sleep(self, seconds: float) -> None:
        self._clock.wait(self._wake, seconds)
        self._wake.clear()

    def _set_link(self, phase: str, failures: int = 0) -> None:
        before = self.link
        self.link = Link(
            phase, self._clock.mono_ns(), error=before.error, fault=before.fault, failures=failures
        )
