"""One camera inside its worker: two connections, a recorder, a preview, a state."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from engine.base.clock import Clock
from engine.base.errors import EngineError
from engine.base.measures import Measures
from engine.base.spool import Spool
from engine.ingest.adoption import adopt_open_segments
from engine.ingest.camera_state import Observation, choose_state
from engine.ingest.gop_buffer import GopBuffer
from engine.ingest.handlers import MainHandler, SubHandler
from engine.ingest.preview import Preview
from engine.ingest.rates import Rate
from engine.ingest.start import CameraStart, CameraWorkerStart
from engine.ingest.stream_reader import StreamReader
from engine.media.jpeg import newest_still
from engine.media.source import SourceSpec
from engine.recording.disk_writer import DiskLimits, DiskWriter, WorkerDisks
from engine.recording.first_gap import FirstGap
from engine.recording.ledger import Ledger, OpenSegment, read_ledger, write_ledger
from engine.recording.recorder import Recorder
from nvr_app.contract.events import CameraStateChanged, GapEnded, GapReason
from nvr_app.contract.status import CameraStatus

logger = logging.getLogger(__name__)

# An open connection without pictures that FFmpeg's own timeout does not end (RTCP keeps it
# alive, say) can only be ended from outside: the worker gives itself up for a fresh one.
_HOPELESS_NS = 15_000_000_000


class Camera:
    """Construct, `start`, `tick` about four times a second from the worker's loop, `stop`."""

    def __init__(
        self,
        start: CameraStart,
        worker: CameraWorkerStart,
        disks: WorkerDisks,
        spool: Spool,
        clock: Clock,
        measures: Measures,
    ) -> None:
        self.settings = start.settings
        self._clock = clock
        self._measures = measures
        camera_id = start.settings.id
        self._ledger_path = Path(worker.data_dir) / "spool" / f"{camera_id}.ledger.json"
        self._board = disks.board
        limits = DiskLimits(
            buffer_bytes=worker.recording.buffer_bytes,
            sync_s=worker.recording.sync_s,
        )
        self._disk = DiskWriter(
            camera_id, disks, limits, spool, self._keep_ledger, clock, measures, self._adopt_later
        )
        ledger = read_ledger(self._ledger_path)
        reason: GapReason = "engine_stopped" if ledger.was_stopped else "crashed"
        self._first_gap = FirstGap(camera_id, reason, self._post_first_gap, clock)
        self._recorder = Recorder(
            camera_id, worker.recording, self._disk, clock, measures, self._first_gap
        )
        self._inherited = ledger
        self._main_gop = GopBuffer(camera_id, "main")
        self._sub_gop = GopBuffer(camera_id, "sub") if start.settings.sub else self._main_gop
        self._preview = Preview(
            start.settings,
            worker.detection.analysis_fps,
            worker.ring_owner,
            self._disk.post,
            clock,
            measures,
        )
        self._readers = self._make_readers(start)
        self._rate = Rate()
        self._preview_rate = Rate()
        self._bitrate = Rate()
        self._analysed = Rate()
        self._state = ("connecting", "")
        self._since_wall_us = clock.wall_us()
        self._ever_active = False
        self._last_reconnects = 0

    def _make_readers(self, start: CameraStart) -> dict[str, StreamReader]:
        camera = start.settings
        has_sub = bool(camera.sub)
        recorder = self._recorder if camera.record else None
        main = MainHandler(recorder, self._main_gop, None if has_sub else self._preview)
        self._main_handler = main
        readers = {
            "main": StreamReader(camera.id, "main", _spec(start, camera.main), main, self._clock)
        }
        if has_sub:
            readers["sub"] = StreamReader(
                camera.id,
                "sub",
                _spec(start, camera.sub),
                SubHandler(self._sub_gop, self._preview),
                self._clock,
            )
        return readers

    def start(self) -> None:
        """Begin to record; what an earlier worker left open is adopted meanwhile."""
        self._disk.start()
        for reader in self._readers.values():
            reader.start()
        self._main_handler.start()
        adopt_open_segments(
            self.settings.id, self._inherited, self._board, self._disk, self._clock, self._adopted
        )

    def tick(self) -> tuple[CameraStatus, bool]:
        """Status now, and whether the state has just changed (a fact was posted then)."""
        now_ns = self._clock.mono_ns()
        self._disk.watch()
        state, detail = self._observe(now_ns)
        changed = (state, detail) != self._state
        if changed:
            if state != self._state[0]:
                self._since_wall_us = self._clock.wall_us()
            self._state = (state, detail)
            self._announce(state, detail)
        status = self._status(now_ns)
        self._measure(status)
        return status, changed

    @property
    def is_hopeless(self) -> bool:
        """An open connection has been silent for so long that only a new process helps."""
        main = self._readers["main"]
        if main.link.phase != "open":
            return False
        since = max(main.last_packet_mono_ns, main.link.since_mono_ns)
        return self._clock.mono_ns() - since > _HOPELESS_NS

    def pause(self) -> None:
        """Disconnect until resumed."""
        for reader in self._readers.values():
            reader.pause()

    def resume(self) -> None:
        for reader in self._readers.values():
            reader.resume()

    def still(self) -> bytes:
        """JPEG of the newest main picture. Blocks for the decoding of a GOP. EngineError."""
        gop = self._main_gop.video()
        if gop is None:
            raise EngineError(f"camera {self.settings.id} has no picture: it is {self._state[0]}")
        return newest_still(*gop)

    def gop(self, role: str) -> GopBuffer:
        """Packets of a stream for a relay; a camera without substream gives its main stream."""
        return self._sub_gop if role == "sub" else self._main_gop

    def stop(self) -> None:
        """Ask both connections to end; idempotent."""
        for reader in self._readers.values():
            reader.stop()

    def join(self, timeout_s: float) -> None:
        """Wait for connections, then for the disk; the ledger then says "stopped in order"."""
        for reader in self._readers.values():
            if not reader.join(timeout_s):
                logger.warning("%s: a connection did not end in time", self.settings.id)
        self._main_handler.stop()
        self._disk.stop()
        if self._disk.join(timeout_s):
            self._keep_ledger(
                Ledger(
                    open=self._disk.ledger.open,  # of a disk that hangs
                    last_end_wall_us=self._recorder.covered_until_us,
                    was_stopped=True,
                )
            )
        self._preview.close()

    def _adopted(self, covered_until_us: int) -> None:
        """What the last worker left is in the books; called in the adopting thread."""
        self._first_gap.footage_ends(covered_until_us)
        self._disk.settle(lambda: self._settle(covered_until_us))

    def _adopt_later(self, segment: OpenSegment) -> None:
        """One of our own files of which it is not known what the disk has; in a lane's thread."""
        adopt_open_segments(
            self.settings.id,
            Ledger(open=(segment,)),
            self._board,
            self._disk,
            self._clock,
            lambda _: self._disk.forget(segment),
        )

    def _post_first_gap(self, gap: GapEnded) -> None:
        self._disk.post(gap)
        self._disk.settle(lambda: self._settle(gap.end_wall_us))

    def _settle(self, explained_until_us: int) -> None:
        """All time until then is footage or a gap in the journal; called in the disk's thread.

        A worker that is killed leaves its successor just what is not explained yet.
        """
        until_us = max(explained_until_us, self._inherited.last_end_wall_us)
        self._inherited = Ledger(last_end_wall_us=until_us)

    def _keep_ledger(self, ledger: Ledger) -> None:
        """Keep the book, with what was inherited and is not settled yet."""
        kept = msgspec.structs.replace(
            ledger,
            open=(*self._inherited.open, *ledger.open),
            last_end_wall_us=ledger.last_end_wall_us or self._inherited.last_end_wall_us,
        )
        write_ledger(self._ledger_path, kept)

    def _observe(self, now_ns: int) -> tuple[str, str]:
        main = self._readers["main"]
        seen = Observation(
            link=main.link,
            is_paused=main.is_paused,
            last_packet_mono_ns=main.last_packet_mono_ns,
            fps=main.link.info.nominal_fps if main.link.info else 0.0,
            recorder_failure=self._recorder.failure,
            disk_is_slow=self._disk.is_slow,
            ever_active=self._ever_active,
        )
        state, detail = choose_state(seen, now_ns)
        if state == "active":
            self._ever_active = True
        return state, detail

    def _announce(self, state: str, detail: str) -> None:
        log = logger.info if state in {"active", "connecting", "paused"} else logger.warning
        log("%s: %s%s", self.settings.id, state, f": {detail}" if detail else "")
        if state not in {"active", "connecting", "paused"}:
            self._measures.count("surveillance_stream_errors", self.settings.id, state)
        self._disk.post(
            CameraStateChanged(
                wall_us=self._clock.wall_us(),
                camera_id=self.settings.id,
                state=state,  # type: ignore[arg-type]  # choose_state returns CameraState
                detail=detail,
            )
        )

    def _status(self, now_ns: int) -> CameraStatus:
        main = self._readers["main"]
        info = main.link.info
        return CameraStatus(
            camera_id=self.settings.id,
            name=self.settings.display_name,
            location=self.settings.location,
            status=self._state[0],  # type: ignore[arg-type]  # choose_state returns CameraState
            since_wall_us=self._since_wall_us,
            detail=self._state[1],
            next_try_wall_us=main.link.next_try_wall_us if main.link.phase == "waiting" else 0,
            recording=self._recorder.is_recording and self._state[0] == "active",
            received_fps=self._rate.per_second(main.packets, now_ns),
            preview_fps=self._preview_rate.per_second(self._preview.pictures, now_ns),
            nominal_fps=info.nominal_fps if info else 0.0,
            codec=info.codec if info else "",
            width=info.width if info else 0,
            height=info.height if info else 0,
            bitrate_bps=self._bitrate.per_second(self._main_handler.received_bytes * 8, now_ns),
            last_fragment_wall_us=self._disk.last_write_wall_us,
            segment=self._recorder.open_file,
            disk_pending_bytes=self._disk.pending_bytes,
            disk_is_slow=self._disk.is_slow,
            ring=self._preview.ring,
            motion=self._preview.motion_active,
            reconnects=main.reconnects,
        )

    def _measure(self, status: CameraStatus) -> None:
        camera_id, level = self.settings.id, self._measures.level
        level(
            "surveillance_fps_per_camera", camera_id, self.settings.location,
            value=status.received_fps,
        )  # fmt: skip
        level("surveillance_preview_fps", camera_id, value=status.preview_fps)
        level("surveillance_motion_active", camera_id, value=float(status.motion))
        level("surveillance_disk_buffer_bytes", camera_id, value=float(self._disk.pending_bytes))
        for role, reader in self._readers.items():
            is_up = reader.link.phase == "open" and reader.last_packet_mono_ns > 0
            is_up = is_up and (role != "main" or status.status in {"active", "unwritable"})
            level("surveillance_stream_active", camera_id, role, value=float(is_up))
        reconnects = sum(reader.reconnects for reader in self._readers.values())
        if reconnects > self._last_reconnects:
            self._measures.count(
                "surveillance_stream_reconnects",
                camera_id,
                amount=reconnects - self._last_reconnects,
            )
            self._last_reconnects = reconnects
        self._main_handler.measure(camera_id, self._measures)


def _spec(start: CameraStart, url: str) -> SourceSpec:
    camera = start.settings
    return SourceSpec(
        kind=camera.kind,
        url=url,
        transport=camera.transport,
        credentials=start.credentials,
        verify_tls=camera.verify_tls,
    )


StateListener = Callable[[CameraStatus], None]
