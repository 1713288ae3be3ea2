"""Synchronous playback of many cameras on one clock, without any widget.

A tile that looks back alone while the others are live is a player of one camera.
"""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from nvr_app.contract.endpoint import Endpoint
from ui.playback.clock import PlaybackClock
from ui.playback.goal import Goal, LaneKind, LaneState
from ui.playback.lane import Lane
from ui.playback.pace import choose_edge, choose_jump
from ui.playback.speed import FASTEST, SLOWEST, choose_keys_only, decoder_threads

_TICK_MS = 10
_IDLE_TICK_MS = 250
_MEMORY_BYTES = 320 * 1024**2
"""For the decoded pictures of all lanes together."""
_FIRST_WAIT_NS = 1_500_000_000
"""So long the clock waits for slower cameras after it was set; then it goes without them."""
_EDGE_LEAD_US = 800_000
_JOIN_TIMEOUT_S = 5.0


class Player(QObject):
    """Plays recorded footage. Use from the GUI thread; nothing here waits.

    Signals: frame(camera_id, Picture) a picture to paint now · lane_changed(camera_id, LaneState)
    what a camera's tile has to say · position_changed(wall_us) the moment shown, up to a hundred
    times a second while it plays · running_changed(is_running, rate) · edge_reached() playback has
    come to what is being recorded now.
    """

    frame = Signal(str, object)
    lane_changed = Signal(str, object)
    position_changed = Signal(object)
    running_changed = Signal(bool, float)
    edge_reached = Signal()
    _news = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.skips_gaps = True
        """Whether playback goes on behind a time in which no camera has footage."""
        self._endpoint: Endpoint | None = None
        self._clock = PlaybackClock()
        self._wanted: tuple[str, ...] = ()
        self._lanes: dict[str, Lane] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._states: dict[str, LaneState] = {}
        self._selected = ""
        self._wants_to_run = False
        self._number = 0
        self._hold_until_ns = 0
        self._is_at_edge = False
        self._pending_step = 0
        self._is_news_due = False
        self._told_position_us: int | None = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._news.connect(self._take_news, Qt.ConnectionType.QueuedConnection)

    # --- what is to be played

    def set_endpoint(self, endpoint: Endpoint | None) -> None:
        """The engine to ask; another one (it was restarted) is asked for everything anew."""
        if endpoint == self._endpoint:
            return
        self._endpoint = endpoint
        self._drop(tuple(self._lanes))
        self.set_cameras(self._wanted)

    def set_cameras(self, camera_ids: Iterable[str]) -> None:
        """Play these and no others; those that stay go on undisturbed."""
        self._wanted = wanted = tuple(dict.fromkeys(camera_ids))
        self._drop([camera_id for camera_id in self._lanes if camera_id not in wanted])
        fresh = [camera_id for camera_id in wanted if camera_id not in self._lanes]
        threads = decoder_threads(len(wanted), os.cpu_count() or 1)
        for lane in self._lanes.values():
            lane.threads = threads
        if self._endpoint is None:
            return
        myself = weakref.ref(self)

        def announce() -> None:
            player = myself()
            if player is not None:
                player._announce()  # noqa: SLF001  its own, by a reference that lets it go

        def position_us() -> int:
            player = myself()
            return player.position_us if player is not None else 0

        for camera_id in fresh:
            lane = Lane(
                camera_id, self._endpoint, position_us, announce, threads=threads,
                memory_bytes=_MEMORY_BYTES // max(1, len(wanted)),
            )  # fmt: skip
            self._lanes[camera_id] = lane
            lane.start()
            if self._number:
                lane.aim(self._goal(camera_id, self.position_us, is_scrub=False))
        if not self._selected or self._selected not in self._lanes:
            self._selected = next(iter(self._lanes), "")
        self._keep_time()

    def set_size(self, camera_id: str, width: int, height: int) -> None:
        """Pixels that its tile has: pictures come no larger than that."""
        if self._sizes.get(camera_id) == (width, height):
            return
        self._sizes[camera_id] = width, height
        lane = self._lanes.get(camera_id)
        if lane is not None and lane.goal is not None:
            lane.aim(self._goal(camera_id, self.position_us, is_scrub=False))

    def select(self, camera_id: str) -> None:
        """The camera whose pictures single steps go by."""
        if camera_id in self._lanes:
            self._selected = camera_id

    # --- controls

    @property
    def position_us(self) -> int:
        """Wall time that is shown; any thread."""
        return self._clock.position_us(time.monotonic_ns())

    def position_at(self, mono_ns: int) -> int:
        """Wall time that is shown at a moment of the monotonic clock."""
        return self._clock.position_us(mono_ns)

    @property
    def rate(self) -> float:
        return self._clock.rate

    @property
    def is_running(self) -> bool:
        """Whether it plays, or will as soon as there are pictures."""
        return self._wants_to_run

    @property
    def is_moving(self) -> bool:
        """Whether the clock goes at this moment, rather than waiting for pictures."""
        return self._clock.is_running

    @property
    def keys_only(self) -> bool:
        """Whether it is too fast to show more than keyframes."""
        return choose_keys_only(
            self._clock.rate, (lane.share for lane in self._lanes.values()), os.cpu_count() or 1
        )

    def seek(self, wall_us: int, *, scrub: bool = False) -> None:
        """Show a moment. `scrub`: the nearest keyframe before it will do, at once; for a hand that
        drags along the timeline. Playback goes on from there if it was running.
        """
        self._pending_step = 0
        self._aim(wall_us, self._clock.rate, is_scrub=scrub)

    def play(self) -> None:
        if not self._wants_to_run:
            self._wants_to_run = True
            goals = [lane.goal for lane in self._lanes.values()]
            if any(goal is None or goal.is_scrub or goal.is_backward != (self.rate < 0)
                   for goal in goals):  # fmt: skip
                self._aim(self.position_us, self.rate)
            self._tell_running()
            self._tick()
            self._keep_time()

    def pause(self) -> None:
        """The moment shown stays."""
        if self._wants_to_run:
            self._wants_to_run = False
            self._run_clock(is_running=False)
            self._tell_running()
            self._keep_time()

    def set_rate(self, rate: float) -> None:
        """From 0.25 to 16, or as much backwards; takes effect at once."""
        sign = -1.0 if rate < 0 else 1.0
        chosen = sign * min(FASTEST, max(SLOWEST, abs(rate)))
        if chosen == self._clock.rate:
            return
        self._aim(self.position_us, chosen)
        self._tell_running()

    def step(self, pictures: int) -> None:
        """Pause, then go to the selected camera's next (1) or previous (-1) picture."""
        self.pause()
        self._pending_step = 1 if pictures > 0 else -1
        lane = self._lanes.get(self._selected)
        if lane is None or lane.goal is None:
            return
        if lane.goal.is_backward != (pictures < 0) or lane.goal.keys_only or lane.goal.is_scrub:
            self._aim(self.position_us, 1.0 if pictures > 0 else -1.0)
        self._tick()

    def stop(self) -> None:
        """End all threads and wait for them; idempotent. Pictures already given stay valid."""
        self._timer.stop()
        for lane in self._drop(tuple(self._lanes)):
            lane.join(_JOIN_TIMEOUT_S)

    def state_of(self, camera_id: str) -> LaneState:
        return self._states.get(camera_id, LaneState(LaneKind.LOADING))

    # --- the clock

    def _aim(self, wall_us: int, rate: float, *, is_scrub: bool = False) -> None:
        """All lanes decode from a moment on; the clock waits for their first pictures."""
        now_ns = time.monotonic_ns()
        clock = replace(self._clock, rate=rate, is_running=False)
        self._clock = clock.at(wall_us, now_ns)
        self._is_at_edge = False
        self._hold_until_ns = now_ns + _FIRST_WAIT_NS
        self._number += 1
        for camera_id, lane in self._lanes.items():
            lane.aim(self._goal(camera_id, wall_us, is_scrub=is_scrub))
        self._tell_position(wall_us)
        self._keep_time()

    def _goal(self, camera_id: str, wall_us: int, *, is_scrub: bool) -> Goal:
        self._number += 1
        width, height = self._sizes.get(camera_id, (0, 0))
        return Goal(
            number=self._number,
            at_us=wall_us,
            rate=self._clock.rate,
            keys_only=self.keys_only,
            is_scrub=is_scrub,
            width=width,
            height=height,
        )

    def _run_clock(self, *, is_running: bool) -> None:
        if self._clock.is_running != is_running:
            self._clock = self._clock.running(time.monotonic_ns(), is_running=is_running)

    @Slot()
    def _tick(self) -> None:
        position_us = self.position_us
        for camera_id, lane in self._lanes.items():
            picture = lane.take(position_us)
            if picture is not None:
                self.frame.emit(camera_id, picture)
        self._look_at_states(position_us)
        self._step_if_due(position_us)
        if self._wants_to_run:
            self._let_run(position_us)
        self._tell_position(self.position_us)

    def _look_at_states(self, position_us: int) -> None:
        for camera_id, lane in self._lanes.items():
            state = lane.state(position_us)
            if self._states.get(camera_id) != state:
                self._states[camera_id] = state
                self.lane_changed.emit(camera_id, state)

    def _let_run(self, position_us: int) -> None:
        """Start the clock, stop it, or take it over a gap."""
        lanes, states = list(self._lanes.values()), list(self._states.values())
        if not lanes:
            return
        if not self._clock.is_running:
            is_ready = all(
                lane.is_ready or state.kind not in {LaneKind.LOADING, LaneKind.PLAYING}
                for lane, state in zip(lanes, states, strict=False)
            )
            if self._is_at_edge:
                is_ready = any(lane.lead_us(position_us) > _EDGE_LEAD_US for lane in lanes)
            elif time.monotonic_ns() > self._hold_until_ns:
                is_ready = any(lane.is_ready for lane in lanes)
            if is_ready and not self._jump_gap(position_us, states):
                self._is_at_edge = False
                self._run_clock(is_running=True)
            return
        if not self._jump_gap(position_us, states):
            self._stop_at_edge(position_us, states)

    def _jump_gap(self, position_us: int, states: list[LaneState]) -> bool:
        """Go on behind a time that no camera has; whether it did."""
        target_us = choose_jump(states, position_us, self._clock.rate) if self.skips_gaps else None
        if target_us is None:
            return False
        self._clock = self._clock.at(target_us, time.monotonic_ns())
        return True

    def _stop_at_edge(self, position_us: int, states: list[LaneState]) -> None:
        """Nothing more is recorded so far: wait for it, at its own pace."""
        edge_us = choose_edge(states, position_us, self._clock.rate)
        if edge_us is None:
            return
        self._clock = replace(
            self._clock.at(edge_us, time.monotonic_ns()),
            is_running=False,
            rate=min(1.0, self._clock.rate),
        )
        if not self._is_at_edge:
            self._is_at_edge = True
            self._tell_running()
            self.edge_reached.emit()

    def _step_if_due(self, position_us: int) -> None:
        lane = self._lanes.get(self._selected)
        if not self._pending_step or lane is None or not lane.is_ready:
            return
        neighbour = lane.neighbour(position_us)
        if neighbour is None:
            return
        self._pending_step = 0
        self._clock = self._clock.at(neighbour.wall_us, time.monotonic_ns())
        self._tick()

    # --- housekeeping

    def _announce(self) -> None:
        """From a lane's thread: one signal until it was heard."""
        if not self._is_news_due:
            self._is_news_due = True
            try:
                self._news.emit()
            except RuntimeError:  # Qt's half of the player is gone already
                return

    @Slot()
    def _take_news(self) -> None:
        self._is_news_due = False
        if not self._clock.is_running:  # while it runs, the timer looks in time
            self._tick()

    def _keep_time(self) -> None:
        if not self._lanes:
            self._timer.stop()
        else:
            self._timer.start(_TICK_MS if self._wants_to_run else _IDLE_TICK_MS)

    def _tell_position(self, position_us: int) -> None:
        if position_us != self._told_position_us:
            self._told_position_us = position_us
            self.position_changed.emit(position_us)

    def _tell_running(self) -> None:
        self.running_changed.emit(self._wants_to_run, self._clock.rate)

    def _drop(self, camera_ids: Iterable[str]) -> list[Lane]:
        gone = [self._lanes.pop(camera_id) for camera_id in camera_ids]
        for lane in gone:
            self._states.pop(lane.camera_id, None)
            lane.stop()
        return gone
