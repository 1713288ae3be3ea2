"""What is, at this moment: cameras, processes, the detector. Changes become notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from engine.base.clock import Clock
from engine.base.registry import MetricsRegistry
from engine.hub.notice_board import NoticeBoard
from nvr_app.contract.config import CameraSettings, DetectionSettings
from nvr_app.contract.events import CameraState
from nvr_app.contract.metrics import Level
from nvr_app.contract.notices import AnyNotice, CameraRemoved, CamerasChanged, ModelChanged
from nvr_app.contract.status import CameraStatus, ModelStatus, ProcessStatus
from nvr_app.contract.wire import Sample

_NO_WORKER = "its worker process is not there; it is being started"


class LiveState:
    """Written in the loop's thread; its values are immutable, so any thread may read one."""

    def __init__(self, board: NoticeBoard, registry: MetricsRegistry, clock: Clock) -> None:
        self._board = board
        self._registry = registry
        self._clock = clock
        self.cameras: dict[str, CameraSettings] = {}
        self.statuses: dict[str, CameraStatus] = {}
        self.producers: dict[str, str] = {}
        self.model = ModelStatus(state="loading", detail="the vision worker is starting")
        self.processes: tuple[ProcessStatus, ...] = ()
        self.on_rings: Callable[[], None] = lambda: None
        self._rings: object = None

    def set_cameras(self, cameras: Sequence[CameraSettings], detection: DetectionSettings) -> None:
        """The settings name these cameras now."""
        new = {camera.id: camera for camera in cameras}
        for camera_id in set(self.cameras) - set(new):
            self.statuses.pop(camera_id, None)
            self.producers.pop(camera_id, None)
            self._registry.drop_camera(camera_id)
            self._board.publish(CameraRemoved(camera_id=camera_id))
        for camera_id in new:
            self._registry.keep_camera(camera_id)
        self.cameras = new
        fresh = [self._placeholder(camera) for camera in cameras if self._is_outdated(camera)]
        for status in fresh:
            self.statuses[status.camera_id] = status
        if fresh:
            self._board.publish(CamerasChanged(cameras=tuple(fresh)))
        if not detection.enabled or not any(c.detect and c.enabled for c in cameras):
            self.take_model(
                ModelStatus(state="disabled", detail="object detection is switched off")
            )
        self._look_at_rings()

    def take_sample(self, producer: str, sample: Sample) -> None:
        """What a worker says of itself."""
        known = [self._merged(s) for s in sample.cameras if self._is_expected(s.camera_id)]
        for status in known:
            self.statuses[status.camera_id] = status
            self.producers[status.camera_id] = producer
        if known:
            self._board.publish(CamerasChanged(cameras=tuple(known)))
            self._look_at_rings()
        if sample.model is not None:
            self.take_model(sample.model)
        for measurement in sample.measurements:
            if isinstance(measurement, Level) and measurement.name == "surveillance_analysed_fps":
                self._note_analysed(measurement)

    def take_model(self, model: ModelStatus) -> None:
        """The detector's state."""
        if model != self.model:
            self.model = model
            self._board.publish(ModelChanged(model=model))

    def worker_lost(self, producer: str, detail: str = _NO_WORKER) -> None:
        """It has been gone, or silent, for a while: its last words are no longer true."""
        lost: list[CameraStatus] = []
        for camera_id, owner in self.producers.items():
            if owner != producer or camera_id not in self.statuses:
                continue
            self._registry.zero_camera(camera_id)
            if not self._is_expected(camera_id):
                continue
            status = msgspec.structs.replace(
                self.statuses[camera_id], status="lost", recording=False, detail=detail,
                since_wall_us=self._clock.wall_us(), received_fps=0.0, preview_fps=0.0,
                analysed_fps=0.0, motion=False, ring=None,
            )  # fmt: skip
            self.statuses[camera_id] = status
            lost.append(status)
        if lost:
            self._board.publish(CamerasChanged(cameras=tuple(lost)))
            self._look_at_rings()

    def vision_lost(self) -> None:
        """The vision worker's channel has been gone for a while."""
        if self.model.state != "disabled":
            self.take_model(
                ModelStatus(
                    state="broken",
                    detail="the vision worker is not there; it is being started again",
                    name=self.model.name,
                )
            )

    def take_processes(self, rows: Sequence[Mapping[str, object]]) -> None:
        """The supervisor's table."""
        before = {row.name for row in self.processes}
        restarts = {row.name: row.restarts for row in self.processes}
        self.processes = tuple(msgspec.convert(row, type=ProcessStatus) for row in rows)
        for row in self.processes:
            is_up = float(row.state == "running")
            self._registry.level("surveillance_process_up", row.name, value=is_up)
            self._registry.level(
                "surveillance_process_memory_bytes", row.name, value=row.memory_bytes
            )
            # Counted from this hub's first look: a counter may start anew with its process.
            grown = row.restarts - restarts.get(row.name, row.restarts)
            self._registry.count("surveillance_process_restarts", row.name, amount=max(grown, 0))
        for name in before - {row.name for row in self.processes}:
            self._registry.drop_process(name)

    def welcome(self) -> tuple[AnyNotice, ...]:
        """What a desk that has just joined must know."""
        return (
            CamerasChanged(cameras=self.ordered_statuses()),
            ModelChanged(model=self.model),
        )

    def ordered_statuses(self) -> tuple[CameraStatus, ...]:
        """Statuses in the order of the settings."""
        return tuple(self.statuses[c] for c in self.cameras if c in self.statuses)

    def watched(self) -> tuple[CameraStatus, ...]:
        """The cameras that the vision worker should look at."""
        return tuple(
            status
            for status in self.ordered_statuses()
            if status.ring is not None and self.cameras[status.camera_id].detect
        )

    def _look_at_rings(self) -> None:
        rings = tuple((status.camera_id, status.ring) for status in self.watched())
        if rings != self._rings:
            self._rings = rings
            self.on_rings()

    def _merged(self, status: CameraStatus) -> CameraStatus:
        before = self.statuses.get(status.camera_id)
        if before is None or not before.analysed_fps:
            return status
        return msgspec.structs.replace(status, analysed_fps=before.analysed_fps)

    def _note_analysed(self, level: Level) -> None:
        status = self.statuses.get(level.labels[0])
        if status is not None:
            self.statuses[status.camera_id] = msgspec.structs.replace(
                status, analysed_fps=level.value
            )

    def _is_expected(self, camera_id: str) -> bool:
        """Whether a worker should be there: one that was switched off is gone by intention."""
        camera = self.cameras.get(camera_id)
        return camera is not None and camera.enabled

    def _is_outdated(self, camera: CameraSettings) -> bool:
        status = self.statuses.get(camera.id)
        return (
            status is None
            or (status.name, status.location) != (camera.display_name, camera.location)
            or (status.status == "stopped") != (not camera.enabled)
        )

    def _placeholder(self, camera: CameraSettings) -> CameraStatus:
        state: CameraState = "connecting" if camera.enabled else "stopped"
        return CameraStatus(
            camera_id=camera.id,
            name=camera.display_name,
            location=camera.location,
            status=state,
            since_wall_us=self._clock.wall_us(),
            detail=_NO_WORKER if camera.enabled else "switched off in the settings",
        )
