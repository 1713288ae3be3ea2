"""The canvas: tiles, their pictures and when to paint them. It shows; it knows no mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from PySide6.QtCore import QRect, QSettings, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QFont,
    QHideEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QWidget

from nvr_app.contract.live import AnyMedia
from nvr_app.contract.notices import TracksMoved
from nvr_app.contract.status import CameraStatus
from ui.live.main_stream import MainStream
from ui.live.ring_feed import Shot
from ui.theme.tokens import DARK, WALL_GAP, Palette
from ui.wall.arrangement import Arrangement
from ui.wall.fonts import wall_font
from ui.wall.layouts import Rect, tile_rects
from ui.wall.marks import ink
from ui.wall.metrics import DROP_VEIL_ALPHA, POLL_INTERVAL_MS, STATE_INTERVAL_MS
from ui.wall.moment import Moment, read_moment
from ui.wall.past import Past
from ui.wall.scene import tile_scene
from ui.wall.tile import Tile
from ui.wall.tile_painter import TilePainter, TileScene, paint_outline


class Place(NamedTuple):
    """A tile on the canvas and the camera that stands there, if any."""

    camera_id: str | None
    rect: Rect


class WallCanvas(QWidget):
    """One widget paints all tiles. Use from the GUI thread alone.

    Signals: main_stream_wanted(camera_id) and main_stream_released(camera_id) frame the time in
    which `feed_media` of that camera is useful; selected(camera_id) when the selection moved.
    Nothing is read, decoded or painted while the widget is hidden.
    """

    main_stream_wanted = Signal(str)
    main_stream_released = Signal(str)
    selected = Signal(str)

    def __init__(
        self,
        settings: QSettings,
        parent: QWidget | None = None,
        *,
        palette: Palette = DARK,
        clock: Callable[[], Moment] = read_moment,
    ) -> None:
        super().__init__(parent)
        # Every pixel is painted by paintEvent: Qt need not clear behind it.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._tokens = palette
        self._clock = clock
        self._painter = TilePainter(palette)
        self._arrangement = Arrangement(settings)
        self._tiles: dict[str, Tile] = {}
        self._places: tuple[Place, ...] = ()
        self._scenes: dict[str, TileScene] = {}
        self._fonts: dict[int, QFont] = {}
        self._connection: str | None = None
        self._selected = ""
        self._maximised = ""
        self._drop_target = ""
        self._main: MainStream | None = None
        self._pasts: dict[str, Past] = {}
        self._poll_timer = QTimer(self)
        self._poll_timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._poll_timer.setInterval(POLL_INTERVAL_MS)
        self._poll_timer.timeout.connect(self._poll)
        self._state_timer = QTimer(self)
        self._state_timer.setInterval(STATE_INTERVAL_MS)
        self._state_timer.timeout.connect(self._review)

    # What the wall is told

    def set_cameras(self, cameras: list[CameraStatus]) -> None:
        """The full list: cameras not in it leave the wall."""
        present = {status.camera_id for status in cameras}
        for camera_id in [known for known in self._tiles if known not in present]:
            self._forget(camera_id)
        self._arrangement.set_known([status.camera_id for status in cameras])
        for status in cameras:
            self._tell(status)
        self._place()

    def update_cameras(self, cameras: Iterable[CameraStatus]) -> None:
        """News of some cameras; one not known so far joins the wall."""
        known = list(self._arrangement.known)
        before = len(known)
        for status in cameras:
            if status.camera_id not in self._tiles:
                known.append(status.camera_id)
            self._tell(status)
        if len(known) != before:
            self._arrangement.set_known(known)
            self._place()
        self._review()

    def remove_camera(self, camera_id: str) -> None:
        """The camera left the settings; an unknown one is no error."""
        self._forget(camera_id)
        known = [known for known in self._arrangement.known if known != camera_id]
        self._arrangement.set_known(known)
        self._place()

    def set_tracks(self, moved: TracksMoved) -> None:
        """Boxes of one camera; they go by themselves when no more news of them comes."""
        tile = self._tiles.get(moved.camera_id)
        if tile is not None:
            tile.set_tracks(moved.tracks, self._clock().mono_ns)
            self._update_tile(moved.camera_id)

    def set_connection(self, text: str | None) -> None:
        """Why the engine is out of reach (then nothing is claimed to be live), or None."""
        had_failed, self._connection = self._connection is not None, text
        if text is not None:
            self._stop_main()
        elif had_failed:
            self._start_main()
        self.update()

    def feed_media(self, camera_id: str, media: AnyMedia) -> None:
        """A packet of the maximised camera's main stream; of another it is ignored."""
        if self._main is not None and self._main.camera_id == camera_id:
            self._main.feed(media, self._clock().mono_ns)

    # What the wall tells

    @property
    def layout_name(self) -> str:
        return self._arrangement.layout.name

    @property
    def selected_camera(self) -> str:
        """Empty when none is."""
        return self._selected

    @property
    def maximised_camera(self) -> str:
        """Empty when none is."""
        return self._maximised

    def places(self) -> tuple[Place, ...]:
        """The tiles on the canvas now."""
        return self._places

    def shown_shot(self, camera_id: str) -> Shot | None:
        """The camera's newest picture on this canvas, live or not."""
        tile = self._tiles.get(camera_id)
        return tile.shot if tile else None

    def shown_scene(self, camera_id: str) -> TileScene | None:
        """What was last painted of that camera; None when it is not on the canvas."""
        return self._scenes.get(camera_id)

    def select(self, camera_id: str) -> None:
        """Select a camera, turning to its page; an unknown one is no error."""
        if camera_id not in self._tiles:
            return
        if self._arrangement.turn_to(camera_id):
            self._place()
        if camera_id != self._selected:
            self._selected = camera_id
            self.update()
            self.selected.emit(camera_id)

    def maximise(self, camera_id: str) -> None:
        """Give a camera the whole canvas and ask for its main stream."""
        if camera_id not in self._tiles or camera_id == self._maximised:
            return
        self.restore()
        self.select(camera_id)
        self._maximised = camera_id
        self._place()
        self._start_main()

    def restore(self) -> None:
        """Back from the maximised camera to the layout; nothing happens when there is none."""
        if not self._maximised:
            return
        self._stop_main()
        self._maximised = ""
        self._place()

    def shutdown(self) -> None:
        """Stop timers and the decoder, let go of shared memory; idempotent."""
        self._poll_timer.stop()
        self._state_timer.stop()
        self._stop_main()
        for tile in self._tiles.values():
            tile.close()

    # Qt

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._poll_timer.start()
        self._state_timer.start()
        self._start_main()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._poll_timer.stop()
        self._state_timer.stop()
        self._stop_main()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        bare = event.region()
        now = self._clock()
        for place in self._places:
            rect = QRect(*place.rect)
            if not event.region().intersects(rect):
                continue
            bare -= QRegion(rect)
            if place.camera_id is None:
                self._painter.paint_empty(
                    painter, rect, self._empty_text(), self._font(rect.width())
                )
                continue
            scene = self._scene(place.camera_id, place.rect, now)
            self._scenes[place.camera_id] = scene
            self._painter.paint(painter, place.camera_id, scene, self._font(rect.width()))
            if place.camera_id == self._drop_target:
                accent = self._tokens.accent
                painter.fillRect(rect, ink(accent, DROP_VEIL_ALPHA))
                paint_outline(painter, rect, ink(accent))
        if not bare.isEmpty():
            painter.setClipRegion(bare)
            painter.fillRect(bare.boundingRect(), ink(self._tokens.wall))
        painter.end()

    # Inside

    @Slot()
    def _poll(self) -> None:
        """Fetch what is new in the rings of the tiles on the canvas."""
        if self._connection is not None:
            return
        now, ratio = self._clock(), self.devicePixelRatioF()
        for place in self._places:
            if place.camera_id and self._tiles[place.camera_id].pull(place.rect, ratio, now):
                self.update(*place.rect)

    @Slot()
    def _review(self) -> None:
        """Paint tiles anew whose words or boxes changed without a new picture."""
        now = self._clock()
        for place in self._places:
            if place.camera_id is None:
                continue
            painted = self._scenes.get(place.camera_id)
            if painted != self._scene(place.camera_id, place.rect, now):
                self.update(*place.rect)

    @Slot()
    def _show_main(self) -> None:
        main = self._main
        picture = main.take() if main else None
        if main is None or picture is None:
            return
        for place in self._places:
            if place.camera_id == main.camera_id:
                tile = self._tiles[place.camera_id]
                tile.show_main(picture, place.rect, self.devicePixelRatioF())
                self.update(*place.rect)

    def _start_main(self) -> None:
        """Ask for the main stream while it can be seen and the engine can be reached."""
        if not self._maximised or self._main is not None:
            return
        if not self.isVisible() or self._connection is not None:
            return
        self._main = MainStream(self._maximised)
        self._main.picture_ready.connect(self._show_main)
        self._main.start()
        self.main_stream_wanted.emit(self._maximised)

    def _stop_main(self) -> None:
        main, self._main = self._main, None
        if main is None:
            return
        main.picture_ready.disconnect(self._show_main)
        main.stop()
        if main.camera_id in self._tiles:
            self._tiles[main.camera_id].drop_main()
        self.main_stream_released.emit(main.camera_id)

    def _place(self) -> None:
        """Lay out tiles anew; pictures of another size are converted at the next poll."""
        self._fonts.clear()
        whole = Rect(0, 0, self.width(), self.height())
        if self._maximised:
            self._places = (Place(self._maximised, whole),)
            ratio = self.devicePixelRatioF()
            self._tiles[self._maximised].fit_main(whole, ratio)
        else:
            layout = self._arrangement.layout
            rects = tile_rects(layout, whole.width, whole.height, WALL_GAP)
            shown = self._arrangement.shown()
            self._places = tuple(Place(*pair) for pair in zip(shown, rects, strict=True))
        present = {place.camera_id for place in self._places}
        for camera_id in [painted for painted in self._scenes if painted not in present]:
            del self._scenes[camera_id]
        self.update()

    def _tell(self, status: CameraStatus) -> None:
        tile = self._tiles.get(status.camera_id)
        if tile is None:
            self._tiles[status.camera_id] = Tile(status)
        else:
            tile.update(status)

    def _forget(self, camera_id: str) -> None:
        if camera_id == self._maximised:
            self.restore()
        if camera_id == self._selected:
            self._selected = ""
        self._painter.forget(camera_id)
        tile = self._tiles.pop(camera_id, None)
        if tile is not None:
            tile.close()
        # Until the next `_place` nothing may look for the tile.
        self._places = tuple(place for place in self._places if place.camera_id != camera_id)

    def _scene(self, camera_id: str, rect: Rect, now: Moment) -> TileScene:
        return tile_scene(
            self._tiles[camera_id],
            rect,
            self._font(rect.width),
            self.devicePixelRatioF(),
            now,
            connection=self._connection,
            is_selected=camera_id == self._selected and not self._maximised,
        )

    def _font(self, tile_width: int) -> QFont:
        font = self._fonts.get(tile_width)
        if font is None:
            font = self._fonts[tile_width] = wall_font(self.font(), tile_width)
        return font

    def _empty_text(self) -> str:
        return "" if self._tiles else self.tr("No cameras yet")

    def _rect_of(self, camera_id: str) -> Rect:
        """The camera's tile; an empty rectangle when it is not on the canvas."""
        for place in self._places:
            if place.camera_id == camera_id:
                return place.rect
        return Rect(0, 0, 0, 0)

    def _update_tile(self, camera_id: str) -> None:
        for place in self._places:
            if place.camera_id == camera_id:
                self.update(*place.rect)
