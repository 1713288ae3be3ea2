"""A worker as the engine knows it, whose facts are a test's choice."""

from __future__ import annotations

import time

from engine.base.clock import SystemClock
from engine.base.hub_channel import HubChannel
from engine.base.spool import Spool
from nvr_app.contract.events import MotionEnded, TrackEnded, TrackStarted
from nvr_app.contract.geometry import Box

BOX = Box(0.25, 0.25, 0.75, 0.75)


def now_us():
    return time.time_ns() // 1000


class FactTeller:
    """Speaks to the hub through the workers' own channel and spool."""

    def __init__(self, data_dir):
        self._data_dir = data_dir
        self._spool = Spool(data_dir / "spool" / "teller.spool")
        self._channel = HubChannel(
            "teller", "vision", data_dir / "run", self._spool, SystemClock(), lambda _: b""
        )

    def start(self):
        self._spool.start()
        self._channel.start()

    def close(self):
        self._channel.stop()
        self._channel.join(5)
        self._spool.close()

    def tell(self, fact):
        self._spool.append(fact)
        return fact

    def begin_track(self, event_id, *, camera_id="a", label="person", ago_s=0.0, snapshot=""):
        start_us = now_us() - int(ago_s * 1e6)
        return self.tell(
            TrackStarted(
                wall_us=start_us, camera_id=camera_id, event_id=event_id, label=label, score=0.71,
                start_wall_us=start_us, frame_arrival_wall_us=start_us, box=BOX, model="tests",
                snapshot=snapshot,
            )
        )  # fmt: skip

    def end_track(self, begun, *, length_s=12.0, score=0.93, snapshot=None):
        end_us = begun.start_wall_us + int(length_s * 1e6)
        return self.tell(
            TrackEnded(
                wall_us=end_us, camera_id=begun.camera_id, event_id=begun.event_id,
                label=begun.label, score=score, start_wall_us=begun.start_wall_us,
                end_wall_us=end_us, hits=30, path=(), best_box=BOX,
                best_wall_us=begun.start_wall_us,
                snapshot=begun.snapshot if snapshot is None else snapshot, model="tests",
            )
        )  # fmt: skip

    def motion(self, event_id, *, camera_id="a", ago_s=0.0, length_s=3.0):
        start_us = now_us() - int(ago_s * 1e6)
        return self.tell(
            MotionEnded(
                wall_us=start_us, camera_id=camera_id, event_id=event_id, start_wall_us=start_us,
                end_wall_us=start_us + int(length_s * 1e6), peak=0.2,
            )
        )  # fmt: skip
