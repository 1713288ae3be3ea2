"""One camera's thread of playback: decodes ahead of the clock, within a bound of memory. No Qt
objects live in here but the pictures themselves.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator

from nvr_app.contract.endpoint import Endpoint
from ui.live.footage_media import UndecodableError
from ui.playback.finder import OutdatedError, Surroundings
from ui.playback.footage_http import FootageHttp, FootageUnavailableError
from ui.playback.goal import Goal, LaneKind, LaneState, Picture
from ui.playback.plan import Plans, Step

logger = logging.getLogger(__name__)

_AHEAD_US = 1_500_000
_LEAST_PICTURES = 4
_IDLE_S = 0.25
_RETRY_S = 1.0
_REMEMBERED_STATES = 64
_NEAR_US = 1_000_000
"""Where nothing covers the moment, a picture that begins so soon after it will do."""


class Lane:
    """`aim`, `take` and the rest from the GUI's thread: they never wait for the decoder.

    `on_news` is called in the lane's thread when there may be something to take.
    """

    def __init__(
        self,
        camera_id: str,
        endpoint: Endpoint,
        position_us: Callable[[], int],
        on_news: Callable[[], None],
        *,
        threads: int,
        memory_bytes: int,
    ) -> None:
        self.camera_id = camera_id
        self._position_us = position_us
        self._on_news = on_news
        self._memory_bytes = memory_bytes
        self.threads = threads
        self._http = FootageHttp(endpoint)
        self._wakeup = threading.Condition()
        self._goal: Goal | None = None
        self._pictures: deque[Picture] = deque()
        self._held_bytes = 0
        self._shown: Picture | None = None
        self._states: deque[LaneState] = deque(maxlen=_REMEMBERED_STATES)
        self._stopping = False
        self._plans = Plans(
            camera_id,
            self._http,
            Surroundings(
                position_us, self._is_current, self._tell, lambda: self.threads, memory_bytes // 2
            ),
        )
        self._thread = threading.Thread(target=self._run, name=f"playback {camera_id}", daemon=True)

    @property
    def share(self) -> float:
        """How much of a processor decoding this camera takes at its own pace; 0: not known."""
        return self._plans.cost_us * self._plans.fps / 1e6

    @property
    def goal(self) -> Goal | None:
        return self._goal

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Idempotent; the thread ends after what it has in hand."""
        with self._wakeup:
            self._stopping = True
            self._pictures.clear()
            self._wakeup.notify_all()
        self._http.abort()

    def join(self, timeout_s: float) -> None:
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def aim(self, goal: Goal) -> None:
        """Decode for another goal; what was decoded for the last is dropped."""
        with self._wakeup:
            self._goal = goal
            self._pictures.clear()
            self._held_bytes = 0
            self._shown = None
            self._states.clear()
            self._wakeup.notify_all()

    def take(self, position_us: int) -> Picture | None:
        """The picture of a moment, if it is another than the one taken last."""
        with self._wakeup:
            goal, pictures = self._goal, self._pictures
            if goal is None:
                return None
            while len(pictures) > 1 and _is_over(pictures, position_us, goal):
                self._held_bytes -= pictures.popleft().size_bytes
            if not pictures or pictures[0] is self._shown:
                self._wakeup.notify_all()
                return None
            first = pictures[0]
            soon_us = 0 if self._shown is not None else _NEAR_US
            if not goal.is_scrub and first.wall_us > position_us + soon_us:
                return None
            self._shown = first
            self._wakeup.notify_all()
            return first

    def neighbour(self, position_us: int) -> Picture | None:
        """The decoded picture that follows the one shown, in the direction of the goal."""
        with self._wakeup:
            goal = self._goal
            for picture in self._pictures:
                if picture is self._shown or goal is None:
                    continue
                if goal.is_backward != (picture.wall_us > position_us):
                    return picture
        return None

    @property
    def is_ready(self) -> bool:
        """Whether the goal's first picture was decoded."""
        with self._wakeup:
            return bool(self._pictures) or self._shown is not None

    def lead_us(self, position_us: int) -> int:
        """How far ahead of a moment pictures are decoded."""
        with self._wakeup:
            if not self._pictures:
                return 0
            return abs(self._pictures[-1].wall_us - position_us)

    def state(self, position_us: int) -> LaneState:
        """What this lane has to say of a moment; the latest word counts."""
        with self._wakeup:
            states, pictures = list(self._states), self._pictures
            is_idle = not pictures or (len(pictures) == 1 and pictures[0] is self._shown)
        for state in reversed(states):
            if state.kind in {LaneKind.GAP, LaneKind.DAMAGED}:
                if _spans(state, position_us):
                    return state
            elif state is states[-1] and is_idle:
                return state
        return LaneState(LaneKind.LOADING if self._shown is None else LaneKind.PLAYING)

    # --- the lane's thread

    def _run(self) -> None:
        try:
            self._play()
        finally:
            self._http.close()

    def _play(self) -> None:
        plan: Iterator[Step] | None = None
        number = -1
        while (goal := self._next_goal()) is not None:
            if goal.number != number or plan is None:
                number, plan = goal.number, self._plans.plan(goal)
            try:
                self._take_step(goal, next(plan))
            except StopIteration:
                self._rest(goal, None)
            except OutdatedError:
                plan = None
            except (FootageUnavailableError, UndecodableError) as error:
                self._plans.forget()
                self._fail(goal, str(error))
                plan = None
            except Exception:
                logger.exception("%s: playback failed", self.camera_id)
                self._fail(goal, "this footage could not be played; the log says why")
                plan = None

    def _next_goal(self) -> Goal | None:
        """The goal in force, once there is room for more; None: the end."""
        with self._wakeup:
            while not self._stopping:
                if self._goal is not None and self._has_room(self._goal):
                    return self._goal
                self._wakeup.wait(_IDLE_S)
        return None

    def _has_room(self, goal: Goal) -> bool:
        if len(self._pictures) < _LEAST_PICTURES:
            return True
        if self._held_bytes > self._memory_bytes:
            return False
        ahead_us = abs(self._pictures[-1].wall_us - self._position_us())
        return ahead_us < _AHEAD_US * max(1.0, abs(goal.rate))

    def _take_step(self, goal: Goal, step: Step) -> None:
        if step is None:
            self._on_news()
            self._rest(goal, _IDLE_S)
            return
        with self._wakeup:
            # A hand that drags is shown where it was a moment ago, rather than nothing at all.
            is_dragged = goal.is_scrub and self._goal is not None and self._goal.is_scrub
            if self._goal is not goal and not is_dragged:
                return
            self._pictures.append(step)
            self._held_bytes += step.size_bytes
        self._on_news()

    def _rest(self, goal: Goal, limit_s: float | None) -> None:
        """Wait for another goal."""
        with self._wakeup:
            self._wakeup.wait_for(lambda: self._stopping or self._goal is not goal, limit_s)

    def _fail(self, goal: Goal, sentence: str) -> None:
        if self._stopping or self._goal is not goal:
            return
        self._tell(LaneState(LaneKind.FAILED, reason=sentence))
        self._on_news()
        self._rest(goal, _RETRY_S)

    def _is_current(self, goal: Goal) -> bool:
        return self._goal is goal and not self._stopping

    def _tell(self, state: LaneState) -> None:
        with self._wakeup:
            if state not in self._states or state.kind in {LaneKind.EDGE, LaneKind.FAILED}:
                self._states.append(state)


def _is_over(pictures: deque[Picture], position_us: int, goal: Goal) -> bool:
    """Whether the next picture is the one to show rather than the first."""
    if goal.is_scrub:
        return True
    if goal.is_backward:
        return pictures[0].wall_us > position_us
    return pictures[1].wall_us <= position_us


def _spans(state: LaneState, position_us: int) -> bool:
    return (state.start_us is None or state.start_us <= position_us) and (
        state.end_us is None or position_us < state.end_us
    )
