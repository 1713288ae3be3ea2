"""Paints one tile: picture, boxes, name, time, and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter

from nvr_app.contract.notices import TrackView
from ui.live.ring_feed import Shot
from ui.theme.tokens import RADIUS_BOX, SPACE_1, SPACE_2, Palette
from ui.wall.label_cache import LabelCache
from ui.wall.marks import draw_mark, ink
from ui.wall.metrics import (
    BADGE_ALPHA,
    BOX_WIDTH,
    HEADLINE_GROWTH,
    LABEL_SHARE,
    LINE_SPACING,
    MARK_SHARE,
    SELECTION_WIDTH,
    VEIL_ALPHA,
)
from ui.wall.strip import Strip, StripCache
from ui.wall.tile_state import TileState
from ui.wall.words import TileWords
from ui.wall.zoom import View, to_shown


@dataclass(frozen=True, kw_only=True)
class TileScene:
    """All that a tile shows at this moment."""

    rect: QRect
    picture_rect: QRect
    shot: Shot | None
    view: View
    state: TileState
    words: TileWords
    badge: str
    strip: Strip
    boxes: tuple[TrackView, ...]
    boxes_opacity: float
    is_selected: bool
    is_lit: bool
    """Shown in full light: live, or a recorded picture of the very moment that is named."""
    past_mark: str = ""
    """Says that this is no live picture, and from when it is."""


class TilePainter:
    """Keeps rendered strips between paintings. Use from the GUI thread."""

    def __init__(self, palette: Palette) -> None:
        self._palette = palette
        self._strips = StripCache(palette)
        self._labels = LabelCache(palette)

    def paint(self, painter: QPainter, camera_id: str, scene: TileScene, font: QFont) -> None:
        self._paint_picture(painter, scene)
        if scene.is_lit:
            self._paint_boxes(painter, scene, font)
        else:
            self._paint_words(painter, scene, font)
        strip = self._strips.get(camera_id, scene.strip, font)
        painter.drawImage(
            QPoint(scene.rect.left(), scene.rect.bottom() + 1 - scene.strip.height), strip
        )
        if scene.badge and scene.state.is_live:
            self._paint_badge(painter, scene, font)
        if scene.past_mark:
            self._paint_past_mark(painter, scene, font)
        if scene.view.is_zoomed:
            self._paint_zoom(painter, scene, font)
        if scene.is_selected:
            paint_outline(painter, scene.rect, ink(self._palette.accent))

    def paint_empty(self, painter: QPainter, rect: QRect, text: str, font: QFont) -> None:
        """A tile without a camera."""
        painter.fillRect(rect, ink(self._palette.background))
        painter.setFont(font)
        painter.setPen(ink(self._palette.text_hint))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)

    def forget(self, camera_id: str) -> None:
        self._strips.forget(camera_id)

    def _paint_picture(self, painter: QPainter, scene: TileScene) -> None:
        black = ink(self._palette.wall)
        shot, target = scene.shot, scene.picture_rect
        if shot is None:
            painter.fillRect(scene.rect, ink(self._palette.background))
            return
        _paint_bars(painter, scene.rect, target, black)
        image = shot.bitmap.image
        if not scene.is_lit:
            image = image.convertToFormat(QImage.Format.Format_Grayscale8)
        if scene.view.is_zoomed:
            view = scene.view
            source = QRectF(
                view.left * image.width(),
                view.top * image.height(),
                view.size * image.width(),
                view.size * image.height(),
            )
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF(target), image, source)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        elif image.size() == target.size():
            painter.drawImage(target.topLeft(), image)
        else:
            painter.drawImage(target, image)
        if not scene.is_lit:
            painter.fillRect(target, ink(self._palette.background, VEIL_ALPHA))

    def _paint_boxes(self, painter: QPainter, scene: TileScene, font: QFont) -> None:
        if not scene.boxes:
            return
        target = scene.picture_rect
        small = QFont(font)
        small.setPixelSize(max(1, round(font.pixelSize() * LABEL_SHARE)))
        painter.save()
        painter.setClipRect(target)
        painter.setOpacity(scene.boxes_opacity)
        painter.setFont(small)
        for track in scene.boxes:
            left, top = to_shown(scene.view, track.box.x0, track.box.y0)
            right, bottom = to_shown(scene.view, track.box.x1, track.box.y1)
            box = QRect(
                QPoint(
                    target.left() + round(left * target.width()),
                    target.top() + round(top * target.height()),
                ),
                QPoint(
                    target.left() + round(right * target.width()) - 1,
                    target.top() + round(bottom * target.height()) - 1,
                ),
            )
            self._paint_box(painter, box, f"{track.label} {track.score:.2f}", target)
        painter.restore()

    def _paint_box(self, painter: QPainter, box: QRect, text: str, target: QRect) -> None:
        _paint_frame(painter, box, ink(self._palette.event))
        image = self._labels.get(text, painter.font(), painter.device().devicePixelRatioF())
        label = QRect(QPoint(0, 0), image.deviceIndependentSize().toSize())
        label.moveBottomLeft(box.topLeft())
        if label.top() < target.top():
            label.moveTopLeft(box.topLeft() if box.top() > target.top() else target.topLeft())
            label.moveLeft(box.left())
        label.moveRight(min(label.right(), target.right()))
        painter.drawImage(label.topLeft(), image)

    def _paint_words(self, painter: QPainter, scene: TileScene, font: QFont) -> None:
        """Headline with its mark, then as many whole lines as the tile has room for."""
        bold = QFont(font)
        bold.setPixelSize(round(font.pixelSize() * HEADLINE_GROWTH))
        bold.setWeight(QFont.Weight.DemiBold)
        room = scene.rect.adjusted(SPACE_2, SPACE_1, -SPACE_2, -scene.strip.height)
        wrapped = _wrapped(scene.words.lines, QFontMetrics(font), room.width())
        line_height = round(font.pixelSize() * LINE_SPACING)
        head_height = round(bold.pixelSize() * LINE_SPACING)
        lines = wrapped[: max(0, (room.height() - head_height) // line_height)]
        top = room.top() + (room.height() - head_height - len(lines) * line_height) // 2
        measures = QFontMetrics(bold)
        mark = round(bold.pixelSize() * MARK_SHARE)
        text_room = room.width() - mark - SPACE_2
        headline = measures.elidedText(scene.words.headline, Qt.TextElideMode.ElideRight, text_room)
        width = mark + SPACE_2 + measures.horizontalAdvance(headline)
        left = room.left() + (room.width() - width) // 2
        middle = QPointF(left + mark / 2, top + head_height / 2)
        draw_mark(painter, scene.state.mark, self._tone(scene), middle, mark)
        painter.setFont(bold)
        painter.setPen(ink(self._palette.text))
        head = QRect(left + mark + SPACE_2, top, text_room, head_height)
        painter.drawText(head, Qt.AlignmentFlag.AlignVCenter, headline)
        painter.setFont(font)
        painter.setPen(ink(self._palette.text_secondary))
        for index, line in enumerate(lines):
            place = QRect(
                room.left(), top + head_height + index * line_height, room.width(), line_height
            )
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, line)

    def _paint_badge(self, painter: QPainter, scene: TileScene, font: QFont) -> None:
        colour = self._tone(scene)
        mark = round(font.pixelSize() * MARK_SHARE)
        measures = QFontMetrics(font)
        width = measures.horizontalAdvance(scene.badge) + mark + 2 * SPACE_2 + SPACE_1
        badge = QRect(0, 0, width, measures.height() + SPACE_1)
        badge.moveTopRight(scene.rect.topRight())
        painter.fillRect(badge, ink(self._palette.background, BADGE_ALPHA))
        middle = QPointF(badge.left() + SPACE_2 + mark / 2, badge.top() + badge.height() / 2)
        draw_mark(painter, scene.state.mark, colour, middle, mark)
        painter.setFont(font)
        painter.setPen(colour)
        painter.drawText(
            badge.adjusted(mark + SPACE_2 + SPACE_1, 0, -SPACE_2, 0),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
            scene.badge,
        )

    def _paint_zoom(self, painter: QPainter, scene: TileScene, font: QFont) -> None:
        text = f"{scene.view.zoom:.1f}×"  # noqa: RUF001  the sign people read
        measures = QFontMetrics(font)
        badge = QRect(scene.rect.topLeft(), measures.size(0, text))
        badge.adjust(0, 0, 2 * SPACE_2, SPACE_1)
        if scene.past_mark:
            badge.moveTop(badge.bottom() + 1)
        painter.fillRect(badge, ink(self._palette.background, BADGE_ALPHA))
        painter.setFont(font)
        painter.setPen(ink(self._palette.text))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_past_mark(self, painter: QPainter, scene: TileScene, font: QFont) -> None:
        """Dark on a colour that no live tile wears at this place."""
        measures = QFontMetrics(font)
        mark = QRect(scene.rect.topLeft(), measures.size(0, scene.past_mark))
        mark.adjust(0, 0, 2 * SPACE_2, SPACE_1)
        painter.fillRect(mark, ink(self._palette.warn))
        painter.setFont(font)
        painter.setPen(ink(self._palette.on_accent))
        painter.drawText(mark, Qt.AlignmentFlag.AlignCenter, scene.past_mark)

    def _tone(self, scene: TileScene) -> QColor:
        return ink(getattr(self._palette, scene.state.tone.value))


def paint_outline(painter: QPainter, rect: QRect, colour: QColor) -> None:
    """The outline of a selected tile, inside its edge."""
    inset = SELECTION_WIDTH
    painter.fillRect(QRect(rect.left(), rect.top(), rect.width(), inset), colour)
    painter.fillRect(QRect(rect.left(), rect.bottom() + 1 - inset, rect.width(), inset), colour)
    painter.fillRect(QRect(rect.left(), rect.top(), inset, rect.height()), colour)
    painter.fillRect(QRect(rect.right() + 1 - inset, rect.top(), inset, rect.height()), colour)


def _paint_frame(painter: QPainter, box: QRect, colour: QColor) -> None:
    """A box's edge with its corners taken off: to the eye a small radius, painted quickly."""
    width, corner = BOX_WIDTH, RADIUS_BOX // 2
    inner = box.adjusted(corner, corner, -corner, -corner)
    for left, top, right, bottom in (
        (inner.left(), box.top(), inner.right(), box.top() + width - 1),
        (inner.left(), box.bottom() - width + 1, inner.right(), box.bottom()),
        (box.left(), inner.top(), box.left() + width - 1, inner.bottom()),
        (box.right() - width + 1, inner.top(), box.right(), inner.bottom()),
    ):
        painter.fillRect(QRect(QPoint(left, top), QPoint(right, bottom)), colour)


def _paint_bars(painter: QPainter, rect: QRect, picture: QRect, colour: QColor) -> None:
    above = picture.top() - rect.top()
    left = picture.left() - rect.left()
    if above > 0 or picture.bottom() < rect.bottom():
        painter.fillRect(QRect(rect.left(), rect.top(), rect.width(), above), colour)
        below = rect.bottom() - picture.bottom()
        painter.fillRect(QRect(rect.left(), picture.bottom() + 1, rect.width(), below), colour)
    if left > 0 or picture.right() < rect.right():
        painter.fillRect(QRect(rect.left(), rect.top(), left, rect.height()), colour)
        right = rect.right() - picture.right()
        painter.fillRect(QRect(picture.right() + 1, rect.top(), right, rect.height()), colour)


def _wrapped(lines: tuple[str, ...], measures: QFontMetrics, width: int) -> list[str]:
    """Lines broken at spaces to fit the width; a word too long is elided."""
    out: list[str] = []
    for line in lines:
        current = ""
        for word in line.split():
            longer = f"{current} {word}".strip()
            if current and measures.horizontalAdvance(longer) > width:
                out.append(current)
                current = word
            else:
                current = longer
        out.append(current)
    elide = Qt.TextElideMode.ElideRight
    return [measures.elidedText(line, elide, width) for line in out if line]
