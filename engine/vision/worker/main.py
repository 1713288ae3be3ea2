"""The vision worker: newest due pictures in, tracks out."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from engine.base.child import ChildControl
from engine.base.clock import SystemClock
from engine.base.hub_channel import HubChannel
from engine.base.measures import Measures
from engine.base.spool import Spool
from engine.vision.errors import ModelError
from engine.vision.tracking import Tracker
from engine.vision.worker.best_shot import BestShots, SnapshotFiles
from engine.vision.worker.commands import CommandDesk
from engine.vision.worker.model_holder import ModelHolder
from engine.vision.worker.open_tracks import OpenTracks
from engine.vision.worker.reporter import Reporter
from engine.vision.worker.start import VisionWorkerStart
from engine.vision.worker.watch import Watched, order_by_age
from nvr_app.contract import wire
from nvr_app.contract.frame_ring import SlotInfo
from nvr_app.contract.status import CameraStatus
from nvr_app.contract.timebase import NS_PER_S

logger = logging.getLogger(__name__)

# How long a due picture may wait unseen: short against its 200 ms, long against a wake-up.
_POLL_S = 0.008
_SAMPLE_NS = NS_PER_S
_GONE_NS = 10 * NS_PER_S
# Recording comes first when the machine is short of time, but only just: at 5, a picture took half
# as long again to analyse on two busy cores, and every sixth one was passed over.
_NICENESS = 1


def run_vision_worker(start: VisionWorkerStart, control: ChildControl) -> None:
    """Watch the cameras that the hub announces until a stop is requested. Blocks; main thread."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    VisionWorker(start, control).run()


class VisionWorker:
    """One process: one detector, a tracker for each camera, one spool, one channel."""

    def __init__(self, start: VisionWorkerStart, control: ChildControl) -> None:
        self._control = control
        self._clock = SystemClock()
        self._measures = Measures()
        data_dir = Path(start.data_dir)
        self._spool = Spool(data_dir / "spool" / f"{start.name}.spool")
        self._spool.start()
        self._score_threshold = start.detection.score_threshold
        folders = [Path(folder) for folder in start.models_dirs]
        self._model = ModelHolder(folders, start.detection, self._measures)
        self._files = SnapshotFiles(data_dir)
        self._desk = CommandDesk(self._model, self._clock, self._score_threshold)
        self._channel = HubChannel(
            start.name,
            "vision",
            data_dir / "run",
            self._spool,
            self._clock,
            self._desk.do,
            self._take_rings,
        )
        self._reporter = Reporter(
            self._spool,
            self._channel.send,
            self._files,
            self._measures,
            self._clock,
            OpenTracks(data_dir / "spool" / f"{start.name}.tracks.json"),
        )
        self._announced: tuple[CameraStatus, ...] | None = None
        self._watched: dict[str, Watched] = {}
        self._due_frames = 0
        self._analysed_frames = 0
        self._sampled_mono_ns = 0

    def run(self) -> None:
        """Until a stop; everything that is tracked then ends in order."""
        self._reporter.end_inherited()
        self._channel.start()
        while not self._control.stop_requested.is_set():
            self._follow_rings()
            self._sample_if_due()
            if not self._analyse_oldest():
                self._clock.wait(self._control.stop_requested, _POLL_S)
        for watched in self._watched.values():
            self._end_tracks(watched)
            watched.detach()
        self._reporter.keep_book()
        self._files.close()
        self._channel.stop()
        self._channel.join(2.0)
        self._spool.close()

    def _take_rings(self, message: wire.RingAnnounced) -> None:
        """Called in the channel's thread; the loop looks at it next."""
        self._announced = message.cameras
        self._desk.take_cameras(message.cameras)

    def _follow_rings(self) -> None:
        announced, self._announced = self._announced, None
        if announced is None:
            return
        by_id = {status.camera_id: status for status in announced}
        for camera_id, status in by_id.items():
            watched = self._watched.get(camera_id)
            if watched is None:
                watched = Watched(camera_id, Tracker(self._score_threshold), BestShots())
                self._watched[camera_id] = watched
            watched.attach(status.ring)
        now_ns = self._clock.mono_ns()
        for camera_id, watched in self._watched.items():
            if camera_id not in by_id:
                watched.detach()
            watched.gone_mono_ns = 0 if watched.ring is not None else watched.gone_mono_ns or now_ns

    def _sample_if_due(self) -> None:
        now_ns = self._clock.mono_ns()
        passed_ns = now_ns - self._sampled_mono_ns
        if passed_ns < _SAMPLE_NS:
            return
        self._sampled_mono_ns = now_ns
        self._control.heartbeat()
        self._model.look(now_ns)
        self._reporter.keep_book()
        self._forget_gone(now_ns)
        for watched in self._watched.values():
            rate = watched.analysed * NS_PER_S / passed_ns
            watched.analysed = 0
            self._measures.level("surveillance_analysed_fps", watched.camera_id, value=rate)
            self._reporter.measure_rate(watched.camera_id, self._model.name, passed_ns)
        self._channel.send(
            wire.Sample(
                model=self._model.status(self._due_frames, self._analysed_frames),
                measurements=self._measures.take(),
            )
        )

    def _forget_gone(self, now_ns: int) -> None:
        """A camera that stays away: its tracks are over."""
        for camera_id, watched in list(self._watched.items()):
            if watched.gone_mono_ns and now_ns - watched.gone_mono_ns > _GONE_NS:
                self._end_tracks(watched)
                del self._watched[camera_id]

    def _analyse_oldest(self) -> bool:
        """Look at the picture of whoever has waited longest; whether there was one."""
        if not self._model.is_ready:
            return False
        due = [(w, info) for w in self._watched.values() if (info := w.newest()) is not None]
        if not due:
            return False
        watched, info = order_by_age(due)[0]
        self._note(watched, info)
        self._analyse(watched, info)
        return True

    def _note(self, watched: Watched, info: SlotInfo) -> None:
        is_due = info.due_number != watched.done_due
        shed = watched.note_done(info)
        if shed:
            self._measures.count(
                "surveillance_frames_dropped", watched.camera_id, "analysis", amount=shed
            )
        if is_due:
            self._due_frames += shed + 1
            self._analysed_frames += 1
            self._measures.count("surveillance_frames_analysed", watched.camera_id)

    def _analyse(self, watched: Watched, info: SlotInfo) -> None:
        picture = watched.copy(info.number)
        if picture is None or watched.ring is None:
            return  # overtaken while it was read: a newer one is there already
        ref = watched.ring.ref
        try:
            found, _ = self._model.detect(picture, ref.width, ref.height)
        except (ModelError, ValueError) as error:
            self._model.complain(watched.camera_id, error, self._clock.mono_ns())
            return
        self._measures.observe(
            "surveillance_pipeline_latency_ms",
            "detect",
            watched.camera_id,
            value=(self._clock.mono_ns() - info.mono_ns) / 1e6,
        )
        update = watched.tracker.update(found, info.wall_us, info.mono_ns)
        watched.shots.offer(update.seen, picture, info.wall_us)
        self._reporter.report(watched, info, update, self._model.name)

    def _end_tracks(self, watched: Watched) -> None:
        self._reporter.end(watched, watched.tracker.end_all(), self._model.name)
