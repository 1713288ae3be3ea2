"""The canvas, whose tiles may look back: one, or all of them."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QFont

from ui.live.ring_feed import Shot
from ui.wall.canvas import WallCanvas
from ui.wall.layouts import Rect
from ui.wall.moment import Moment
from ui.wall.past import Past, past_scene
from ui.wall.tile_painter import TileScene
from ui.wall.words import TileWords


class PastCanvas(WallCanvas):
    """A tile that looks back shows what it is given, says so, and leaves its ring alone.

    Signals: placed() when other cameras stand on the canvas, or elsewhere.
    """

    placed = Signal()

    @property
    def cameras_in_the_past(self) -> tuple[str, ...]:
        """Those whose tiles look back."""
        return tuple(self._pasts)

    def look_back(self, camera_id: str, wall_us: int) -> None:
        """The tile leaves the present; until it is given a picture it says that one is fetched."""
        tile = self._tiles.get(camera_id)
        if tile is None or camera_id in self._pasts:
            return
        if camera_id == self._maximised:
            self._stop_main()
        self._pasts[camera_id] = Past(wall_us)
        tile.leave_present()
        self._update_tile(camera_id)

    def show_past(self, camera_id: str, shot: Shot) -> None:
        """A picture with its time; a tile that has returned to the present ignores it."""
        tile = self._tiles.get(camera_id)
        if tile is not None and camera_id in self._pasts:
            self._pasts[camera_id] = Past(shot.wall_us, shot)
            tile.shot = shot
            self._update_tile(camera_id)

    def tell_past(self, camera_id: str, wall_us: int, words: TileWords) -> None:
        """There is no picture of that moment: why, in words, over the last one veiled."""
        if camera_id in self._pasts:
            self._pasts[camera_id] = replace(self._pasts[camera_id], wall_us=wall_us, words=words)
            self._update_tile(camera_id)

    def return_to_live(self, camera_id: str) -> None:
        """The tile shows the present again; one that does already is no error."""
        if self._pasts.pop(camera_id, None) is None:
            return
        tile = self._tiles.get(camera_id)
        if tile is not None:
            tile.enter_present()
        if camera_id == self._maximised:
            self._start_main()
        self._update_tile(camera_id)

    def past_of(self, camera_id: str) -> Past | None:
        """What the tile shows of the past; None while it is live."""
        return self._pasts.get(camera_id)

    def past_size(self, camera_id: str) -> tuple[int, int]:
        """Device pixels that a picture of that camera's tile may have; 0 x 0 when it has none.

        A zoomed tile wants all there are.
        """
        tile, rect = self._tiles.get(camera_id), self._rect_of(camera_id)
        if tile is None or rect.width == 0:
            return (0, 0)
        ratio = self.devicePixelRatioF()
        return (round(rect.width * ratio), round(rect.height * ratio))

    # Inside

    def _is_past(self, camera_id: str) -> bool:
        return camera_id in self._pasts

    def _forget(self, camera_id: str) -> None:
        self._pasts.pop(camera_id, None)
        super()._forget(camera_id)

    def _start_main(self) -> None:
        if not self._is_past(self._maximised):
            super()._start_main()

    def _place(self) -> None:
        super()._place()
        self.placed.emit()

    def _scene(self, camera_id: str, rect: Rect, now: Moment) -> TileScene:
        past = self._pasts.get(camera_id)
        if past is None:
            return super()._scene(camera_id, rect, now)
        font: QFont = self._font(rect.width)
        return past_scene(
            self._tiles[camera_id],
            past,
            rect,
            font,
            self.devicePixelRatioF(),
            connection=self._connection,
            is_selected=camera_id == self._selected and not self._maximised,
        )
