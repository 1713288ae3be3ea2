"""The decoded side of a camera: packets become pictures in the ring, and motion is watched."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from engine.base.clock import Clock
from engine.base.measures import Measures
from engine.ingest import motion
from engine.media.decoder import Decoder, copy_i420
from engine.media.source import EncodedPacket, StreamInfo
from nvr_app.contract.config import CameraSettings
from nvr_app.contract.events import AnyFact, MotionEnded
from nvr_app.contract.frame_ring import FrameRingWriter, ring_name
from nvr_app.contract.ids import new_id
from nvr_app.contract.status import RingRef
from nvr_app.contract.timebase import NS_PER_S, US_PER_S

logger = logging.getLogger(__name__)

_MOST_WIDTH = 960
_MOTION_HOLD_US = 2 * US_PER_S
# Where pictures serve eyes alone: how long after the last look they go on, and how rarely a
# keyframe is decoded meanwhile, so that there is a picture to begin with.
_LOOKED_AT_NS = 5 * NS_PER_S
_UNSEEN_INTERVAL_NS = 10 * NS_PER_S


class Preview:
    """One camera's pictures. Use from one thread, but `motion_active` and `ring` from any."""

    def __init__(
        self,
        camera: CameraSettings,
        analysis_fps: float,
        ring_owner: str,
        post: Callable[[AnyFact], None],
        clock: Clock,
        measures: Measures,
    ) -> None:
        self._camera = camera
        self._interval_ns = int(NS_PER_S / analysis_fps)
        self._ring_owner = ring_owner
        self._post = post
        self._clock = clock
        self._measures = measures
        self._decoder: Decoder | None = None
        self._ring: FrameRingWriter | None = None
        self._watch = motion.MotionDetector(camera.motion_threshold)
        self._motion = motion.MotionState()
        self._next_due_ns = 0
        self._due_number = 0
        self._decode_errors = 0
        self._begun_mono_ns = 0
        self._is_resting = False
        self.pictures = 0

    @property
    def ring(self) -> RingRef | None:
        ring = self._ring
        return ring.ref if ring is not None else None

    @property
    def motion_active(self) -> bool:
        return self._motion.is_active

    def begin(self, info: StreamInfo) -> None:
        """A connection was opened."""
        self._decoder = Decoder(info)
        self._watch = motion.MotionDetector(self._camera.motion_threshold)

    def take(self, packet: EncodedPacket, pts_us: int, wall_us: int, mono_ns: int) -> None:
        """Decode a packet that arrived then, publish its picture and watch for motion."""
        decoder = self._decoder
        if decoder is None:
            return
        frame = decoder.decode(packet)
        if decoder.errors != self._decode_errors:
            lost = decoder.errors - self._decode_errors
            self._decode_errors = decoder.errors
            self._measures.count(
                "surveillance_frames_dropped", self._camera.id, "decode", amount=max(lost, 0)
            )
        if frame is None:
            return
        width, height = _preview_size(frame.width, frame.height)
        ring = self._ring_of(width, height)
        picture = decoder.fit(frame, width, height)
        if mono_ns >= self._next_due_ns:
            self._next_due_ns += self._interval_ns
            if self._next_due_ns <= mono_ns:  # first picture, or the stream had stopped
                self._next_due_ns = mono_ns + self._interval_ns
            self._analyse(decoder.grey(picture, motion.WIDTH, motion.HEIGHT), wall_us)
            self._measures.observe(
                "surveillance_pipeline_latency_ms",
                "decode",
                self._camera.id,
                value=(self._clock.mono_ns() - mono_ns) / 1e6,
            )
        copy_i420(picture, ring.begin())
        ring.publish(
            pts_us=pts_us,
            wall_us=wall_us,
            mono_ns=mono_ns,
            motion=self._motion.is_active,
            due_number=self._due_number,
        )
        self.pictures += 1

    def rests(self, mono_ns: int, *, is_keyframe: bool) -> bool:
        """Whether the next packet need not be taken: nothing is analysed and nobody looks.

        Ask once for each packet, in their order.
        """
        if self._camera.motion:
            return False
        if not is_keyframe:
            return self._is_resting  # only a keyframe can be begun with
        ring = self._ring
        is_seen = ring is not None and mono_ns - ring.last_look_mono_ns < _LOOKED_AT_NS
        is_time = mono_ns - self._begun_mono_ns >= _UNSEEN_INTERVAL_NS
        self._is_resting = not is_seen
        if is_seen or is_time:
            self._begun_mono_ns = mono_ns
            return False
        return True

    def pause(self, wall_us: int) -> None:
        """The connection ended: motion ends with it; the ring stays for the next one."""
        self._end_motion(wall_us)
        self._motion = motion.MotionState()

    def close(self) -> None:
        """Free the ring; idempotent."""
        ring, self._ring = self._ring, None
        if ring is not None:
            ring.close()

    def _analyse(self, grey: Any, wall_us: int) -> None:  # numpy array of motion's size
        if not self._camera.motion:
            return
        seen = self._watch.update(grey)
        before = self._motion
        self._motion, ended = before.next(seen, wall_us, _MOTION_HOLD_US)
        if ended:
            self._post(_motion_fact(self._camera.id, before, self._clock.wall_us()))
        if self._motion.is_active and self._camera.detect:
            self._due_number += 1
            self._measures.count("surveillance_frames_due", self._camera.id)

    def _end_motion(self, wall_us: int) -> None:
        if self._motion.is_active:
            self._post(_motion_fact(self._camera.id, self._motion, wall_us))

    def _ring_of(self, width: int, height: int) -> FrameRingWriter:
        ring = self._ring
        if ring is not None and (ring.ref.width, ring.ref.height) == (width, height):
            return ring
        self.close()
        name = ring_name(self._ring_owner, self._camera.id)
        self._ring = FrameRingWriter(name, width, height)
        logger.info("%s: frame ring of %dx%d", self._camera.id, width, height)
        return self._ring


def _preview_size(width: int, height: int) -> tuple[int, int]:
    """The picture's own size, or half of it and so on until it is no wider than 960 pixels."""
    while width > _MOST_WIDTH:
        width, height = width // 2, height // 2
    return width // 2 * 2, height // 2 * 2


def _motion_fact(camera_id: str, state: motion.MotionState, wall_us: int) -> MotionEnded:
    return MotionEnded(
        wall_us=wall_us,
        camera_id=camera_id,
        event_id=new_id(),
        start_wall_us=state.since_wall_us,
        end_wall_us=state.last_wall_us,
        peak=round(state.peak, 4),
    )
