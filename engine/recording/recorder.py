"""The media side of recording: packets of one camera become segments.

Runs in the thread that reads the camera and never waits: bytes go to the disk writer. A broken
timestamp, a leap of media time, a change of picture size or codec and a step of the wall clock
begin a new run at the next keyframe; until then packets go on into the open segment, so that
nothing is lost to the change itself.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from engine.base.clock import Clock
from engine.base.measures import Measures
from engine.media.parameter_sets import parameter_sets, picture_size
from engine.media.segment_muxer import MuxError, SegmentMuxer
from engine.media.source import MediaSource, SourcePacket
from engine.recording.cut_policy import boundary_offset_us, choose_cut, next_boundary_us
from engine.recording.disk_writer import DiskWriter
from engine.recording.first_gap import GAP_LIMIT_US, FirstGap
from engine.recording.media_time import MediaTime
from engine.recording.run_clock import STEP_LIMIT_US, RunClock
from engine.recording.segment_file import SegmentEnd, SegmentFile
from engine.recording.segment_path import SegmentName
from engine.recording.step_watch import StepWatch
from engine.recording.storage_root import StorageRoot
from nvr_app.contract.config import RecordingSettings
from nvr_app.contract.events import GapEnded, GapReason, RunEnded, RunStarted, SegmentOpened
from nvr_app.contract.status import OpenFile
from nvr_app.contract.timebase import US_PER_S

logger = logging.getLogger(__name__)

# After the disk refused, wait this long before the next segment is tried.
_RETRY_NS = 2_000_000_000

_JUMPED = "media time jumped"
_OUT_OF_STEP = "media time was out of step with the clock"
_WRONG_TIME = frozenset({_JUMPED, _OUT_OF_STEP})


@dataclass
class _Run:
    run_id: str
    clock: RunClock
    extradata: bytes | None
    width: int
    height: int
    segments: int = 0


@dataclass
class _Open:
    file: SegmentFile
    muxer: SegmentMuxer
    segment_id: str
    start_wall_us: int
    boundary_wall_us: int
    frames: int = 0
    keyframes: int = 0


class Recorder:
    """One camera's recorder. One thread: the one that reads the main stream."""

    def __init__(
        self,
        camera_id: str,
        settings: RecordingSettings,
        disk: DiskWriter,
        clock: Clock,
        measures: Measures,
        first_gap: FirstGap,
    ) -> None:
        self._camera_id = camera_id
        self._settings = settings
        self._segment_us = int(settings.segment_s * US_PER_S)
        self._offset_us = boundary_offset_us(camera_id, self._segment_us)
        self._disk = disk
        self._clock = clock
        self._measures = measures
        self._source: MediaSource | None = None
        self._run: _Run | None = None
        self._open: _Open | None = None
        self._break_reason = ""
        self._params = b""
        self._keyframe = b""
        self._time = MediaTime()
        self._steps = StepWatch()
        self._retry_at_ns = 0
        self._last_clock = RunClock(0, 0, 0)
        self._first_gap = first_gap
        self.covered_until_us = 0
        """Wall time up to which there is footage of ours; 0 = none yet."""
        self.gap_reason: GapReason = "unknown"
        self.failure = ""
        """Why nothing is being written, as a sentence; empty while recording works."""

    @property
    def is_recording(self) -> bool:
        return self._open is not None and not self._open.file.failure

    @property
    def open_file(self) -> OpenFile | None:
        """The segment that is being written, as far as it can be read; any thread."""
        segment = self._open
        if segment is None or segment.file.root is None:
            return None
        file = segment.file
        return OpenFile(
            segment_id=segment.segment_id,
            root=segment.file.root.name,
            path=file.path,
            start_wall_us=segment.start_wall_us,
            reach_wall_us=file.reach_wall_us,
            size_bytes=file.size_bytes,
        )

    def begin(self, source: MediaSource) -> None:
        """A connection was opened; its first keyframe starts a run."""
        self._source = source
        self._run = None
        self._params = b""
        self._break_reason = ""
        self._time = MediaTime()

    def take(self, packet: SourcePacket, arrival_mono_ns: int) -> None:
        """Record one packet."""
        if not packet.is_video:
            if self._open is not None:
                self._guard(self._open.muxer.mux_audio, packet)
            return
        self._notice_jump(packet.pts_us, arrival_mono_ns)
        pts_us = packet.pts_us + self._time.shift_us
        self._notice_drift(pts_us, arrival_mono_ns)
        if packet.is_keyframe:
            self._at_keyframe(packet, pts_us, arrival_mono_ns)
        self._write(packet, pts_us)

    def end(self, reason: str, gap: GapReason) -> None:
        """The connection ended: close the segment and the run."""
        self._close_segment()
        if self._run is not None:
            self._disk.post(
                RunEnded(
                    wall_us=self._clock.wall_us(),
                    camera_id=self._camera_id,
                    run_id=self._run.run_id,
                    reason=reason,
                )
            )
            self._run = None
        self.gap_reason = gap
        self._source = None

    def _notice_jump(self, pts_us: int, mono_ns: int) -> None:
        leap_us = self._time.take(pts_us, mono_ns)
        if leap_us:
            logger.warning(
                "%s: media time jumped by %.1f s; a new run begins at the next keyframe",
                self._camera_id,
                leap_us / US_PER_S,
            )
            self._break_reason = self._break_reason or _JUMPED
            self._measures.count("surveillance_stream_errors", self._camera_id, "timestamp_jump")

    def _notice_drift(self, pts_us: int, mono_ns: int) -> None:
        run = self._run
        if run is None or self._break_reason:
            return
        lateness_us = run.clock.drift_us(pts_us, mono_ns) - run.clock.correction_us
        if not self._steps.is_out_of_step(lateness_us, mono_ns):
            return
        logger.warning(
            "%s: media time is %.1f s %s the clock; a new run begins at the next keyframe",
            self._camera_id,
            abs(lateness_us) / US_PER_S,
            "behind" if lateness_us > 0 else "ahead of",
        )
        self._break_reason = _OUT_OF_STEP
        self._measures.count("surveillance_stream_errors", self._camera_id, "timestamp_drift")

    def _at_keyframe(self, packet: SourcePacket, pts_us: int, mono_ns: int) -> None:
        self._notice_parameters(packet)
        if self._run is not None:
            step_us = self._run.clock.clock_step_us(self._clock.wall_us(), self._clock.mono_ns())
            if abs(step_us) > STEP_LIMIT_US:
                self._break_reason = self._break_reason or "the wall clock was set"
        if self._run is None or self._break_reason:
            self._start_run(pts_us, mono_ns)
        run = self._run
        if run is None:
            return
        now_ns = self._clock.mono_ns()
        cut = choose_cut(
            is_open=self._open is not None,
            is_keyframe=True,
            wall_us=run.clock.wall_us(pts_us),
            boundary_us=self._open.boundary_wall_us if self._open else 0,
        )
        if cut == "rotate" or self._must_move():
            self._close_segment(until_us=run.clock.wall_us(pts_us))
        if self._open is None and now_ns >= self._retry_at_ns:
            run.clock = run.clock.settle(pts_us, mono_ns)
            self._measures.level(
                "surveillance_clock_offset_seconds",
                self._camera_id,
                value=run.clock.drift_us(pts_us, mono_ns) / US_PER_S,
            )
            self._open_segment(run, run.clock.wall_us(pts_us))

    def _must_move(self) -> bool:
        """Whether the open segment cannot or should not go on where it lies."""
        if self._open is None:
            return False
        file = self._open.file
        trouble = file.failure or self._disk.trouble(file)
        if trouble and not file.failure:
            logger.warning("%s: recording moves: %s", self._camera_id, trouble)
        return bool(trouble)

    def _notice_parameters(self, packet: SourcePacket) -> None:
        if self._source is None:
            return
        codec = self._source.info.codec
        found = parameter_sets(codec, bytes(packet.packet)) if codec != "mjpeg" else b""
        if found and self._params and found != self._params:
            self._break_reason = "the camera changed its picture"
            logger.info("%s: the camera changed its picture mid-stream", self._camera_id)
            self._keyframe = bytes(packet.packet)
        if found:
            self._params = found

    def _start_run(self, pts_us: int, mono_ns: int) -> None:
        source = self._source
        if source is None:
            return
        changed = self._break_reason == "the camera changed its picture" or (
            self._run is not None and self._run.extradata is not None
        )
        wall_us, now_ns = self._clock.wall_us(), self._clock.mono_ns()
        anchor_us = wall_us - (now_ns - mono_ns) // 1_000
        if self._break_reason in _WRONG_TIME and self._time.pause_us < GAP_LIMIT_US:
            # Pictures came all the time: only their stamps leave a hole before this one.
            self.covered_until_us = max(self.covered_until_us, anchor_us)
        self._close_segment()
        if self._run is not None:
            self._disk.post(
                RunEnded(
                    wall_us=self._clock.wall_us(),
                    camera_id=self._camera_id,
                    run_id=self._run.run_id,
                    reason=self._break_reason,
                )
            )
        width, height = source.info.width, source.info.height
        extradata = self._params if changed and self._params else None
        if extradata is not None:
            width, height = picture_size(source.info.codec, self._keyframe, width, height)
        self._run = _Run(
            secrets.token_hex(4), RunClock(anchor_us, mono_ns, pts_us), extradata, width, height
        )
        offset_us = (
            self._last_clock.clock_step_us(wall_us, now_ns)
            if self._last_clock.anchor_wall_us
            else 0
        )
        self._steps = StepWatch()
        self._last_clock = self._run.clock
        self._disk.post(
            RunStarted(
                wall_us=wall_us,
                camera_id=self._camera_id,
                run_id=self._run.run_id,
                codec=source.info.codec,
                width=width,
                height=height,
                anchor_wall_us=anchor_us,
                clock_offset_us=offset_us,
            )
        )
        self._break_reason = ""

    def _open_segment(self, run: _Run, start_wall_us: int) -> None:
        source = self._source
        if source is None:
            return
        run.segments += 1
        start_ms_us = start_wall_us // 1_000 * 1_000
        name = SegmentName(self._camera_id, start_ms_us, run.run_id, run.segments)

        def opened(root: StorageRoot) -> SegmentOpened:
            return SegmentOpened(
                wall_us=start_wall_us,
                camera_id=self._camera_id,
                segment_id=name.segment_id,
                run_id=run.run_id,
                root=root.name,
                path=name.path(),
                start_wall_us=start_wall_us,
                codec=source.info.codec,
                width=run.width,
                height=run.height,
                has_audio=source.audio is not None,
            )

        file = SegmentFile(opened=opened, path=name.path())
        self._disk.open(file)
        muxer = SegmentMuxer(
            lambda data: self._disk.write(file, data, self.covered_until_us),
            source.video,
            source.audio,
            fragment_s=self._settings.fragment_s,
            extradata=run.extradata,
        )
        boundary = next_boundary_us(start_wall_us, self._segment_us, self._offset_us)
        self._open = _Open(file, muxer, name.segment_id, start_wall_us, boundary)
        self._note_gap(start_wall_us)

    def _note_gap(self, start_wall_us: int) -> None:
        if self.covered_until_us == 0:
            self._first_gap.recording_begins(start_wall_us)
        elif self.covered_until_us < start_wall_us - GAP_LIMIT_US:
            self._disk.post(
                GapEnded(
                    wall_us=self._clock.wall_us(),
                    camera_id=self._camera_id,
                    start_wall_us=self.covered_until_us,
                    end_wall_us=start_wall_us,
                    reason=self.gap_reason,
                )
            )
        self.covered_until_us = start_wall_us

    def _write(self, packet: SourcePacket, pts_us: int) -> None:
        segment, run = self._open, self._run
        if segment is None or run is None:
            self._measures.count("surveillance_frames_dropped", self._camera_id, "no_segment")
            return
        if segment.file.failure:
            self._fail(segment.file.failure)
            return
        self.failure = ""
        segment.muxer.shift_us = self._time.shift_us
        self._guard(segment.muxer.mux_video, packet)
        segment.frames += 1
        segment.keyframes += packet.is_keyframe
        self.covered_until_us = max(self.covered_until_us, run.clock.wall_us(pts_us))

    def _guard(self, mux: Callable[[SourcePacket], None], packet: SourcePacket) -> None:
        try:
            mux(packet)
        except MuxError as error:
            if packet.is_video and self._open is not None:
                self._open.file.failure = str(error)
            logger.error("%s: %s", self._camera_id, error)
            self._measures.count("surveillance_stream_errors", self._camera_id, "mux")

    def _fail(self, failure: str) -> None:
        if self.failure != failure:
            self.failure = failure
            self.gap_reason = "storage"
            if self._open is None or not self._disk.can_move(self._open.file):
                self._retry_at_ns = self._clock.mono_ns() + _RETRY_NS
            self._measures.count("surveillance_storage_errors", "record")
        self._measures.count("surveillance_frames_dropped", self._camera_id, "storage")

    def _close_segment(self, until_us: int | None = None) -> None:
        segment = self._open
        if segment is None:
            return
        self._open = None
        if not segment.file.failure:
            self._finish(segment)
        end_us = self.covered_until_us if until_us is None else until_us
        if segment.file.is_broken and segment.file.reach_wall_us:
            # What was muxed since has not reached the file: it is part of the gap that follows.
            end_us = self.covered_until_us = segment.file.reach_wall_us
        self._disk.close_segment(
            segment.file,
            SegmentEnd(end_wall_us=end_us, frames=segment.frames, keyframes=segment.keyframes),
        )

    def _finish(self, segment: _Open) -> None:
        try:
            segment.muxer.finish()
        except MuxError as error:
            logger.error("%s: could not finish a segment: %s", self._camera_id, error)
