"""A player's pictures on the wall's tiles, and words where there are none."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from nvr_app.contract.endpoint import Endpoint
from nvr_app.contract.timebase import US_PER_S
from ui.live.ring_feed import Shot
from ui.playback.goal import LaneKind, LaneState, Picture
from ui.playback.lane_words import lane_words
from ui.playback.player import Player
from ui.playback.speaker import Speaker
from ui.timeline.zone import Zone
from ui.wall.words import TileWords


class LookBack(QObject):
    """Some cameras under one clock. Use from the GUI thread; nothing here waits but `shutdown`.

    Signals: entered(camera_id, wall_us) and left(camera_id) frame the time in which a camera's tile
    belongs to this · picture(camera_id, Shot) · told(camera_id, wall_us, TileWords) where there is
    no picture · moved(wall_us) · changed() when speed or play changed · edge_reached() what is
    being recorded now has been reached · said(sentence) why nothing is heard.
    """

    entered = Signal(str, object)
    left = Signal(str)
    picture = Signal(str, object)
    told = Signal(str, object, object)
    moved = Signal(object)
    changed = Signal()
    edge_reached = Signal()
    said = Signal(str)

    def __init__(
        self, zone: Zone, size_of: Callable[[str], tuple[int, int]], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._zone = zone
        self._size_of = size_of
        self._cameras: tuple[str, ...] = ()
        self._words: dict[str, TileWords] = {}
        self._told_s = 0
        self._player = Player(self)
        self._speaker = Speaker(self._player, self)
        self._speaker.said.connect(self._say)
        self._player.frame.connect(self._take_picture)
        self._player.lane_changed.connect(self._take_state)
        self._player.position_changed.connect(self._move)
        self._player.running_changed.connect(self._tell_change)
        self._player.edge_reached.connect(self.edge_reached)

    @property
    def position_us(self) -> int:
        """The moment that is shown."""
        return self._player.position_us

    @property
    def is_playing(self) -> bool:
        return self._player.is_running

    @property
    def speed(self) -> float:
        """Negative: backwards."""
        return self._player.rate

    def set_endpoint(self, endpoint: Endpoint | None) -> None:
        """The engine to ask; None: there is none to reach."""
        self._player.set_endpoint(endpoint)
        self._speaker.set_endpoint(endpoint)

    def set_cameras(self, camera_ids: tuple[str, ...]) -> None:
        """Those that are seen; others leave, and cost nothing more."""
        before, self._cameras = self._cameras, camera_ids
        for camera_id in before:
            if camera_id not in camera_ids:
                self._words.pop(camera_id, None)
                self.left.emit(camera_id)
        for camera_id in camera_ids:
            if camera_id not in before:
                self.entered.emit(camera_id, self.position_us)
            self._player.set_size(camera_id, *self._size_of(camera_id))
        if set(before) != set(camera_ids):
            self._player.set_cameras(camera_ids)

    def select(self, camera_id: str) -> None:
        """Whose pictures single steps go by."""
        self._player.select(camera_id)

    def seek(self, wall_us: int, *, is_scrub: bool = False) -> None:
        """Look at that moment; while a hand still drags, the nearest keyframe will do."""
        self._player.seek(wall_us, scrub=is_scrub)

    def play(self, speed: float) -> None:
        """Go on from here, so fast."""
        self._player.set_rate(speed)
        self._player.play()

    def pause(self) -> None:
        """Stand still."""
        self._player.pause()

    def step(self, pictures: int) -> None:
        """To the next (1) or previous (-1) picture of the selected camera; stands still there."""
        self._player.step(pictures)

    def hear(self, camera_id: str) -> None:
        """Whose sound is heard, forwards and at its own pace; empty: nobody's."""
        self._speaker.listen(camera_id)

    def close(self) -> None:
        """Its tiles are live again; its threads end by themselves."""
        self.set_cameras(())
        self.hear("")
        self._player.pause()
        self.deleteLater()

    def shutdown(self) -> None:
        """End all threads and wait for them."""
        self._speaker.stop()
        self._player.stop()

    # Inside

    def _say(self, sentence: str) -> None:
        if sentence:
            self.said.emit(sentence)

    def _take_picture(self, camera_id: str, picture: Picture) -> None:
        self._words.pop(camera_id, None)
        shot = Shot(
            picture.bitmap, picture.wall_us, 0, picture.picture_width, picture.picture_height
        )
        self.picture.emit(camera_id, shot)

    def _take_state(self, camera_id: str, state: LaneState) -> None:
        words = lane_words(state, self._zone)
        if words is not None:
            self._words[camera_id] = words
            self.told.emit(camera_id, self.position_us, words)
        elif state.kind is LaneKind.LOADING:
            self._words.pop(camera_id, None)

    def _move(self, wall_us: int) -> None:
        """Tiles without pictures go along with the clock, second by second."""
        if wall_us // US_PER_S != self._told_s:
            self._told_s = wall_us // US_PER_S
            for camera_id, words in self._words.items():
                self.told.emit(camera_id, wall_us, words)
        self.moved.emit(wall_us)

    def _tell_change(self, is_running: bool, rate: float) -> None:
        del is_running, rate
        self.changed.emit()
