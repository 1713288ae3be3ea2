"""What a vision worker tells: boxes at once, events as facts, detections as measurements."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from engine.base.clock import Clock
from engine.base.measures import Measures
from engine.base.spool import Spool
from engine.vision.tracking import Track, TrackUpdate
from engine.vision.worker.best_shot import SnapshotFiles, snapshot_path
from engine.vision.worker.open_tracks import OpenTracks
from engine.vision.worker.watch import Watched
from nvr_app.contract import wire
from nvr_app.contract.events import AnyFact, TrackEnded, TrackStarted
from nvr_app.contract.frame_ring import SlotInfo
from nvr_app.contract.notices import TracksMoved, TrackView
from nvr_app.contract.timebase import NS_PER_S

logger = logging.getLogger(__name__)


class Reporter:
    """Belongs to the worker's loop."""

    def __init__(
        self,
        spool: Spool,
        send: Callable[[wire.FromWorker], None],
        files: SnapshotFiles,
        measures: Measures,
        clock: Clock,
        open_tracks: OpenTracks,
    ) -> None:
        self._spool = spool
        self._open = open_tracks
        self._send = send
        self._files = files
        self._measures = measures
        self._clock = clock
        self._drawn: set[str] = set()
        self._seen: Counter[str] = Counter()

    def report(self, watched: Watched, info: SlotInfo, update: TrackUpdate, model: str) -> None:
        """One analysed picture: new events first, they are what somebody waits for."""
        for track in update.seen:
            self._open.note(self._end_of(watched.camera_id, track, model, has_picture=True))
        if update.started:
            self._open.write()
        for track in update.started:
            self._started(watched, track, info, model)
        self._draw(watched.camera_id, info, update.shown)
        for track in update.seen:
            self._seen[watched.camera_id] += 1
            self._measures.count("surveillance_detections", watched.camera_id, track.label, model)
        self.end(watched, update.ended, model)

    def end(self, watched: Watched, tracks: Iterable[Track], model: str) -> None:
        """These tracks are over."""
        for track in tracks:
            picture = watched.shots.take(track.event_id)
            if picture is not None:
                path = snapshot_path(watched.camera_id, track.event_id, track.start_wall_us)
                self._files.save(path, picture)
            self._post(
                self._end_of(watched.camera_id, track, model, has_picture=picture is not None)
            )
            self._open.close(track.event_id)

    def end_inherited(self) -> None:
        """End what an earlier process left open, where it was seen last."""
        for end in self._open.inherited():
            self._post(msgspec.structs.replace(end, wall_us=self._clock.wall_us()))

    def keep_book(self) -> None:
        """Once a second."""
        self._open.write()

    def _end_of(self, camera_id: str, track: Track, model: str, *, has_picture: bool) -> TrackEnded:
        snapshot = snapshot_path(camera_id, track.event_id, track.start_wall_us)
        return TrackEnded(
            wall_us=self._clock.wall_us(),
            camera_id=camera_id,
            event_id=track.event_id,
            label=track.label,
            score=round(track.score, 4),
            start_wall_us=track.start_wall_us,
            end_wall_us=track.last_wall_us,
            hits=track.hits,
            path=tuple(track.path),
            best_box=track.best_box,
            best_wall_us=track.best_wall_us,
            snapshot=snapshot if has_picture else "",
            model=model,
        )

    def measure_rate(self, camera_id: str, model: str, passed_ns: int) -> None:
        """Detections per second since the last call."""
        if not model:
            return
        rate = self._seen.pop(camera_id, 0) * NS_PER_S / passed_ns
        self._measures.level("surveillance_detection_rate", camera_id, model, value=rate)

    def _started(self, watched: Watched, track: Track, info: SlotInfo, model: str) -> None:
        snapshot = snapshot_path(watched.camera_id, track.event_id, track.start_wall_us)
        self._post(
            TrackStarted(
                wall_us=self._clock.wall_us(),
                camera_id=watched.camera_id,
                event_id=track.event_id,
                label=track.label,
                score=round(track.score, 4),
                start_wall_us=track.start_wall_us,
                frame_arrival_wall_us=info.wall_us,
                box=track.box,
                model=model,
                snapshot=snapshot,
            )
        )
        picture = watched.shots.picture_of(track.event_id)
        if picture is not None:
            # Whoever is alarmed wants to see it now; the best picture replaces it at the end.
            self._files.save(snapshot, picture)

    def _draw(self, camera_id: str, info: SlotInfo, shown: tuple[Track, ...]) -> None:
        if not shown and camera_id not in self._drawn:
            return
        views = tuple(
            TrackView(
                track_id=track.event_id,
                label=track.label,
                score=round(track.score, 3),
                box=track.box,
            )
            for track in shown
        )
        moved = TracksMoved(camera_id=camera_id, frame_wall_us=info.wall_us, tracks=views)
        self._send(wire.Moved(tracks=(moved,)))
        if shown:
            self._drawn.add(camera_id)
        else:
            self._drawn.discard(camera_id)

    def _post(self, fact: AnyFact) -> None:
        try:
            self._spool.append(fact)
        except OSError as error:
            logger.error("an event could not be kept: %s; free some space", error)
