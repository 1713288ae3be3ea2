"""The camera worker: entry point and loop."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from engine.base.child import ChildControl
from engine.base.clock import SystemClock
from engine.base.errors import EngineError
from engine.base.hub_channel import HubChannel
from engine.base.measures import Measures
from engine.base.spool import Spool
from engine.ingest.camera import Camera
from engine.ingest.gop_buffer import GopBuffer
from engine.ingest.start import CameraWorkerStart
from engine.media.past_still import past_still
from engine.recording.disk_writer import WorkerDisks
from engine.recording.root_board import RootBoard
from engine.recording.root_usage import UsageBook
from engine.recording.storage_root import root_of
from nvr_app.contract import wire
from nvr_app.contract.commands import (
    AnyCommand,
    MakeStill,
    PauseCamera,
    ResumeCamera,
    StartRelay,
    StopRelay,
    TakeSnapshot,
)
from nvr_app.contract.live import AnyMedia
from nvr_app.contract.status import CameraStatus

logger = logging.getLogger(__name__)

_TICK_S = 0.25
_SAMPLE_TICKS = 4
_STOP_TIMEOUT_S = 8.0
_EXIT_HOPELESS = 75


def run_camera_worker(start: CameraWorkerStart, control: ChildControl) -> None:
    """Record the cameras of `start` until a stop is requested. Blocks; main thread."""
    CameraWorker(start, control).run()


class CameraWorker:
    """One process: cameras, one spool, one channel to the hub."""

    def __init__(self, start: CameraWorkerStart, control: ChildControl) -> None:
        self._control = control
        self._clock = SystemClock()
        self._measures = Measures()
        data_dir = Path(start.data_dir)
        self._spool = Spool(data_dir / "spool" / f"{start.name}.spool")
        self._spool.start()
        usage = UsageBook(data_dir / "spool", self._clock)
        self._board = RootBoard((root_of(one) for one in start.roots), self._clock, usage.usages)
        disks = WorkerDisks(self._board, usage)
        self._cameras = {
            camera.settings.id: Camera(
                camera, start, disks, self._spool, self._clock, self._measures
            )
            for camera in start.cameras
        }
        self._channel = HubChannel(
            start.name, "camera", data_dir / "run", self._spool, self._clock, self._do
        )
        self._relays: dict[int, GopBuffer] = {}

    def run(self) -> None:
        self._control.on_message(self._take_news)
        self._board.start()
        for camera in self._cameras.values():
            camera.start()
        self._channel.start()
        ticks = 0
        while not self._control.stop_requested.is_set():
            self._tick(is_sample_due=ticks % _SAMPLE_TICKS == 0)
            ticks += 1
            self._clock.wait(self._control.stop_requested, _TICK_S)
        self._stop()

    def _take_news(self, message: Mapping[str, object]) -> None:
        """Called in the control's thread: roots came, went or changed while cameras record."""
        match message:
            case {"type": "renewed", "start": dict() as start}:
                renewed = msgspec.convert(start, type=CameraWorkerStart)
                self._board.set_roots(root_of(one) for one in renewed.roots)
            case _:
                pass  # news for others

    def _tick(self, *, is_sample_due: bool) -> None:
        changed: list[CameraStatus] = []
        every: list[CameraStatus] = []
        for camera in self._cameras.values():
            status, has_changed = camera.tick()
            every.append(status)
            if has_changed:
                changed.append(status)
            if camera.is_hopeless:
                self._give_up(camera)
        if is_sample_due:
            self._control.heartbeat()
            self._channel.send(
                wire.Sample(cameras=tuple(every), measurements=self._measures.take())
            )
        elif changed:
            self._channel.send(wire.Sample(cameras=tuple(changed)))

    def _give_up(self, camera: Camera) -> None:
        logger.error(
            "%s: its connection is silent and cannot be ended; starting afresh",
            camera.settings.id,
        )
        self._stop()
        os._exit(_EXIT_HOPELESS)

    def _stop(self) -> None:
        for camera in self._cameras.values():
            camera.stop()
        for camera in self._cameras.values():
            camera.join(_STOP_TIMEOUT_S)
        self._board.stop()
        self._channel.stop()
        self._channel.join(2.0)
        self._spool.close()

    def _do(self, command: AnyCommand) -> bytes:
        match command:
            case PauseCamera(camera_id=camera_id):
                self._camera(camera_id).pause()
            case ResumeCamera(camera_id=camera_id):
                self._camera(camera_id).resume()
            case TakeSnapshot(camera_id=camera_id):
                return self._camera(camera_id).still()
            case MakeStill(media=media, at_us=at_us, width=width):
                return past_still(media, at_us, width)
            case StartRelay():
                self._start_relay(command)
            case StopRelay(relay_id=relay_id):
                gop = self._relays.pop(relay_id, None)
                if gop is not None:
                    gop.remove_listener(relay_id)
            case _:
                raise EngineError(f"a camera worker cannot do {type(command).__name__}")
        return b""

    def _start_relay(self, command: StartRelay) -> None:
        gop = self._camera(command.camera_id).gop(command.role)
        relay_id = command.relay_id

        def listen(media: AnyMedia) -> None:
            self._channel.send(wire.Relayed(relay_id=relay_id, media=media))

        if not gop.add_listener(relay_id, listen):
            raise EngineError(f"camera {command.camera_id} is not connected")
        self._relays[relay_id] = gop

    def _camera(self, camera_id: str) -> Camera:
        camera = self._cameras.get(camera_id)
        if camera is None:
            raise EngineError(f"camera {camera_id} is not in this worker")
        return camera
