"""Paints the timeline: its rows into a picture that is kept, and what moves above them."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen, QPixmap

from ui.theme.tokens import RADIUS_BOX, SPACE_1, SPACE_2, SPACE_3, Palette
from ui.timeline.axis import Axis
from ui.timeline.rows import Lane, Row, pixel_runs
from ui.timeline.ticks import Tick, axis_ticks
from ui.timeline.words import date_of
from ui.timeline.zone import Zone
from ui.wall.marks import ink

_LEAST = {Lane.RECORDED: 1, Lane.MOTION: 2, Lane.EVENT: 3, Lane.ALERT: 4, Lane.BOOKMARK: 3}
"""Pixels: what is short must still be seen, the more the rarer it is."""
_BAND = 4
_HATCH_ALPHA = 150


@dataclass(frozen=True)
class Places:
    """Where on the widget things lie."""

    rows: tuple[QRect, QRect]
    labels: QRect

    @property
    def body(self) -> QRect:
        return self.rows[0].united(self.rows[1])


@dataclass(frozen=True)
class Scene:
    """All that the kept picture depends on."""

    axis: Axis
    places: Places
    rows: tuple[Row | None, Row | None]


class TimelinePainter:
    """Use from the GUI thread."""

    def __init__(self, palette: Palette, zone: Zone) -> None:
        self._palette = palette
        self._zone = zone
        self._ticks: tuple[Axis, tuple[Tick, ...]] | None = None
        self._kept: tuple[tuple[Scene, QSize, float], QPixmap] | None = None

    def picture(self, scene: Scene, size: QSize, ratio: float) -> QPixmap:
        """The rows, rendered anew only where the scene is another."""
        key = (scene, size, ratio)
        if self._kept is None or self._kept[0] != key:
            self._kept = (key, self.render(scene, size, ratio))
        return self._kept[1]

    def render(self, scene: Scene, size: QSize, ratio: float) -> QPixmap:
        """The rows of a scene."""
        picture = QPixmap(size * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(ink(self._palette.panel))
        painter = QPainter(picture)
        for place, row in zip(scene.places.rows, scene.rows, strict=True):
            self._paint_row(painter, place, row, scene)
        painter.end()
        return picture

    def paint_labels(self, painter: QPainter, axis: Axis, places: Places, taken: QRectF) -> None:
        """Times below the rows; those that would touch `taken` (the cursor's own) are left out."""
        tokens = self._palette
        measures = QFontMetricsF(painter.font())
        if self._ticks is None or self._ticks[0] != axis:
            self._ticks = (axis, self._ticks_of(axis, measures))
        left = places.labels.left()
        bare = taken.adjusted(-SPACE_2, 0, SPACE_2, 0)
        for tick in self._ticks[1]:
            self._paint_tick(painter, tick, left + tick.x, places)
            if not tick.text:
                continue
            width = measures.horizontalAdvance(tick.text)
            place = QRectF(places.labels)
            place.setLeft(left + tick.x - width / 2)
            place.setWidth(width + 1)
            if not place.intersects(bare):
                painter.setPen(ink(tokens.text if tick.is_day else tokens.text_secondary))
                painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, tick.text)

    def _ticks_of(self, axis: Axis, measures: QFontMetricsF) -> tuple[Tick, ...]:
        return axis_ticks(
            axis,
            self._zone,
            measures.horizontalAdvance,
            lambda wall_us: date_of(wall_us, self._zone),
            gap=SPACE_3,
        )

    def _paint_tick(self, painter: QPainter, tick: Tick, x: float, places: Places) -> None:
        tokens = self._palette
        colour = ink(tokens.text_hint if tick.is_day else tokens.line)
        bottom = places.rows[1].bottom()
        painter.fillRect(QRectF(x, bottom + 1, 1, SPACE_1), colour)

    def _paint_row(self, painter: QPainter, place: QRect, row: Row | None, scene: Scene) -> None:
        tokens = self._palette
        painter.fillRect(place, ink(tokens.background))
        if row is None:
            return
        axis = scene.axis
        colours = {
            Lane.RECORDED: tokens.recorded,
            Lane.MOTION: tokens.motion,
            Lane.EVENT: tokens.event,
            Lane.ALERT: tokens.critical,
        }
        self._paint_gaps(painter, row, place, axis)
        for lane, colour in colours.items():
            self._fill(painter, row, lane, place, axis, ink(colour))
        # Shown though others record: in the row of all in its lower half.
        lower = place.adjusted(0, place.height() // 2, 0, 0)
        self._paint_gaps(painter, row, place if row.camera_id else lower, axis)
        band = QRect(place.left(), place.bottom() + 1 - _BAND, place.width(), _BAND)
        self._fill(painter, row, Lane.PROTECTED, band, axis, ink(tokens.protected))
        self._fill(painter, row, Lane.BOOKMARK, place, axis, ink(tokens.bookmark))

    def _fill(
        self, painter: QPainter, row: Row, lane: Lane, place: QRect, axis: Axis, colour: QColor
    ) -> None:
        rects = _rects(row, lane, place, axis)
        if rects:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRects(rects)

    def _paint_gaps(self, painter: QPainter, row: Row, place: QRect, axis: Axis) -> None:
        """Hatched: told by its shape, not by a colour."""
        rects = _rects(row, Lane.GAP, place, axis)
        if not rects:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink(self._palette.background))
        painter.drawRects(rects)
        hatch = QBrush(ink(self._palette.text_secondary, _HATCH_ALPHA), Qt.BrushStyle.BDiagPattern)
        painter.setBrush(hatch)
        painter.drawRects(rects)


def paint_selection(
    painter: QPainter, axis: Axis, places: Places, span: tuple[int, int], palette: Palette
) -> None:
    """The chosen range: a frame with handles at both ends."""
    body = places.body
    left = body.left() + axis.x_of(span[0])
    right = body.left() + axis.x_of(span[1])
    area = QRectF(left, body.top() - SPACE_1, max(right - left, 1.0), body.height() + 2 * SPACE_1)
    painter.fillRect(area, ink(palette.accent, 46))
    for x, inwards in ((left, 1), (right, -1)):
        painter.fillRect(QRectF(x - 1, area.top(), 2, area.height()), ink(palette.accent))
        for y in (area.top(), area.bottom() - 2):
            foot = QRectF(x, y, inwards * SPACE_2, 2).normalized()
            painter.fillRect(foot, ink(palette.accent))


def cursor_frame(painter: QPainter, x: float, places: Places, text: str) -> QRectF:
    """Where the cursor's time stands, inside the labels' line."""
    width = QFontMetricsF(painter.font()).horizontalAdvance(text) + 2 * SPACE_2
    frame = QRectF(x - width / 2, places.labels.top(), width, places.labels.height())
    frame.moveLeft(min(max(frame.left(), places.body.left()), places.body.right() + 1 - width))
    return frame


def paint_cursor(
    painter: QPainter,
    x: float,
    places: Places,
    frame: QRectF,
    text: str,
    palette: Palette,
    *,
    is_live: bool,
) -> None:
    """The line where one looks, with its time at the foot; in the present it is green."""
    body = places.body
    colour = ink(palette.ok if is_live else palette.text)
    painter.fillRect(QRectF(x - 1, body.top() - SPACE_1, 2, body.height() + SPACE_2), colour)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(frame, RADIUS_BOX, RADIUS_BOX)
    painter.setPen(ink(palette.on_accent))
    painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, text)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def paint_now(painter: QPainter, x: float, places: Places, palette: Palette) -> None:
    """The edge of the present, dotted."""
    body = places.body
    pen = QPen(ink(palette.text_secondary), 1, Qt.PenStyle.DotLine)
    painter.setPen(pen)
    painter.drawLine(QPointF(x, body.top() - SPACE_1), QPointF(x, body.bottom() + SPACE_1))


def _rects(row: Row, lane: Lane, place: QRect, axis: Axis) -> list[QRect]:
    left, top, height = place.left(), place.top(), place.height()
    return [
        QRect(left + first, top, end - first, height)
        for first, end in pixel_runs(row.shape(lane), axis, least=_LEAST.get(lane, 1))
    ]
