"""One camera on the wall: its status, its newest picture and where that came from."""

from __future__ import annotations

from nvr_app.contract.notices import TrackView
from nvr_app.contract.status import CameraStatus
from nvr_app.contract.timebase import NS_PER_S
from ui.live.decode_loop import DecodedPicture
from ui.live.media import Bitmap, Converter
from ui.live.ring_feed import RateLimit, RingFeed, Shot
from ui.wall.layouts import Rect, fit
from ui.wall.metrics import (
    BOXES_FADE_AFTER_NS,
    BOXES_GONE_AFTER_NS,
    POLL_INTERVAL_MS,
    PREVIEW_RATE_FPS,
)
from ui.wall.moment import Moment
from ui.wall.tile_state import TileState, is_fresh, tile_state
from ui.wall.zoom import View

_NS_PER_MS = 1_000_000
_ATTACH_AGAIN_NS = NS_PER_S
_USUAL_ASPECT = (16, 9)


class Tile:
    """Use from the GUI thread alone; `close` frees the shared memory."""

    def __init__(self, status: CameraStatus) -> None:
        self.status = status
        self.shot: Shot | None = None
        """What is on the screen; kept when the camera is lost, to be shown veiled."""
        self.view = View()
        # Two polls of tolerance: a picture that a poll found late must not hold up the next.
        self._feed = RingFeed(RateLimit(PREVIEW_RATE_FPS, 2 * POLL_INTERVAL_MS * _NS_PER_MS))
        self._converter = Converter()
        self._main: DecodedPicture | None = None
        self._is_past = False
        self._attach_again_ns = 0
        self._tracks: tuple[TrackView, ...] = ()
        self._tracks_mono_ns = 0
        self._feed.follow(status.ring)

    def update(self, status: CameraStatus) -> None:
        self.status = status
        self._feed.follow(status.ring)

    def set_tracks(self, tracks: tuple[TrackView, ...], mono_ns: int) -> None:
        self._tracks, self._tracks_mono_ns = tracks, mono_ns

    def boxes(self, mono_ns: int) -> tuple[tuple[TrackView, ...], float]:
        """The tracks to draw and their opacity, 1..0, at that moment."""
        age_ns = mono_ns - self._tracks_mono_ns
        if age_ns >= BOXES_GONE_AFTER_NS:
            return (), 0.0
        fading_ns = BOXES_GONE_AFTER_NS - BOXES_FADE_AFTER_NS
        return self._tracks, min(1.0, (BOXES_GONE_AFTER_NS - age_ns) / fading_ns)

    def state(self, now: Moment, *, is_engine_reachable: bool) -> TileState:
        last_mono_ns = self.shot.mono_ns if self.shot else None
        return tile_state(self.status, last_mono_ns, now, is_engine_reachable=is_engine_reachable)

    def picture_rect(self, rect: Rect) -> Rect:
        """Where the picture lies within the tile."""
        if self.shot is not None:
            return fit(rect, self.shot.picture_width, self.shot.picture_height)
        return fit(rect, *(self._feed.size or _USUAL_ASPECT))

    def pull(self, rect: Rect, pixel_ratio: float, now: Moment) -> bool:
        """Fetch the newest picture for that rectangle; True when there is one to paint."""
        if self._is_past:
            return False
        if not self._feed.is_attached and now.mono_ns >= self._attach_again_ns:
            self._attach_again_ns = now.mono_ns + _ATTACH_AGAIN_NS
            self._feed.retry()
        if self._main is not None:
            if is_fresh(self._main.arrival.mono_ns, now):
                return False
            self._main = None
        size = self._feed.size
        if size is None:
            return False
        width, height = self._pixels(fit(rect, *size), pixel_ratio, size)
        again = self.shot is not None and not self._has_size(width, height)
        shot = self._feed.shoot(width, height, now.mono_ns, again=again)
        if shot is None:
            return False
        self.shot = shot
        return True

    def show_main(self, picture: DecodedPicture, rect: Rect, pixel_ratio: float) -> None:
        """Show a picture of the main stream from now on, until it goes stale."""
        self._main = picture
        size = (picture.frame.width, picture.frame.height)
        width, height = self._pixels(fit(rect, *size), pixel_ratio, size)
        self.shot = Shot(
            self._converter.convert(picture.frame, width, height),
            picture.arrival.wall_us,
            picture.arrival.mono_ns,
            *size,
        )

    def leave_present(self) -> None:
        """From now on `shot` is whatever is put there; nothing live stays to be mistaken."""
        self._is_past, self._main, self.shot = True, None, None

    def enter_present(self) -> None:
        """The ring's next picture is shown again; nothing old stays to be mistaken."""
        self._is_past, self.shot = False, None

    def fit_main(self, rect: Rect, pixel_ratio: float) -> None:
        """Convert the main stream's picture anew after its place changed."""
        if self._main is not None:
            self.show_main(self._main, rect, pixel_ratio)

    def drop_main(self) -> None:
        """Go back to the substream; what is shown stays until its next picture."""
        self._main = None

    @property
    def shows_main(self) -> bool:
        return self._main is not None

    def full_size(self) -> Shot | None:
        """What is shown, as decoded; None where there is no picture to be had."""
        if self._is_past:
            return self.shot
        if self._main is None:
            return self._feed.full_size()
        frame = self._main.frame
        bitmap: Bitmap = Converter().convert(frame, frame.width, frame.height)
        arrival = self._main.arrival
        return Shot(bitmap, arrival.wall_us, arrival.mono_ns, frame.width, frame.height)

    def close(self) -> None:
        self._feed.close()

    def _pixels(self, rect: Rect, pixel_ratio: float, size: tuple[int, int]) -> tuple[int, int]:
        """Device pixels to convert to: those on the screen, or all there are when zoomed in."""
        if self.view.is_zoomed:
            return size
        width = round(rect.width * pixel_ratio)
        return max(width - width % 2, 1), round(rect.height * pixel_ratio)

    def _has_size(self, width: int, height: int) -> bool:
        if self.shot is None:
            return False
        image = self.shot.bitmap.image
        return (image.width(), image.height()) == (width, height)
