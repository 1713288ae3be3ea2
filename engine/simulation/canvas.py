"""A canvas for the empty places that simulated cameras look at.

Coordinates are normalised to the picture (0..1), so one painting serves every size. Everything
is painted once a scene, so beauty may cost a few hundred milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from engine.simulation.shapes import Colour, Point

WIDTH, HEIGHT = 1280, 720
"""Every place is painted at this size and scaled to what a stream needs."""

_BITS = 6


class Canvas:
    """A picture in the making. Use from one thread."""

    def __init__(self) -> None:
        self._width, self._height = WIDTH, HEIGHT
        self._pixels = np.zeros((HEIGHT, WIDTH, 3), np.float32)
        self._seed = np.random.default_rng(7)

    def area(self, points: Sequence[Point], top: Colour, bottom: Colour | None = None) -> None:
        """Fill a polygon, with a gradient from its upper to its lower edge where two are given."""
        columns, rows = self._box(points)
        if columns.start >= columns.stop or rows.start >= rows.stop:
            return
        mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
        corners = self._fixed(points) - (np.array((columns.start, rows.start)) << _BITS)
        cv2.fillPoly(mask, [corners.astype(np.int32)], (255,), cv2.LINE_AA, _BITS)
        paint = np.asarray(top, np.float32)
        if bottom is not None:
            ys = [y for _, y in points]
            line = (np.arange(rows.start, rows.stop) + 0.5) / self._height
            share = np.clip((line - min(ys)) / max(1e-6, max(ys) - min(ys)), 0, 1)[:, None, None]
            paint = (paint * (1 - share) + np.asarray(bottom) * share).astype(np.float32)
        self._lay(columns, rows, mask, paint)

    def rect(
        self, x0: float, y0: float, x1: float, y1: float, top: Colour, bottom: Colour | None = None
    ) -> None:
        self.area(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), top, bottom)

    def line(self, start: Point, end: Point, colour: Colour, thickness: float) -> None:
        """A stroke whose thickness is a share of the picture's height."""
        half = thickness / 2 + 0.003
        corners = [
            (x + dx, y + dy)
            for x, y in (start, end)
            for dx in (-half, half)
            for dy in (-half, half)
        ]
        columns, rows = self._box(corners)
        if columns.start >= columns.stop or rows.start >= rows.stop:
            return
        mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
        ends = self._fixed([start, end]) - (np.array((columns.start, rows.start)) << _BITS)
        (x0, y0), (x1, y1) = ends.tolist()
        pixels = max(1, round(thickness * self._height))
        cv2.line(mask, (x0, y0), (x1, y1), (255,), pixels, cv2.LINE_AA, _BITS)
        self._lay(columns, rows, mask, np.asarray(colour, np.float32))

    def floor_lines(
        self, vanishing: Point, top_y: float, colour: Colour, *, columns: int, rows: int
    ) -> None:
        """Joints of slabs that run to a vanishing point, from `top_y` to the lower edge."""
        depth = (top_y - vanishing[1]) / (1 - vanishing[1])
        for column in range(-columns, columns + 1):
            x = 0.5 + 1.6 * column / columns
            far = vanishing[0] + (x - vanishing[0]) * depth, top_y
            self.line((x, 1.0), far, colour, 0.002)
        nearest, farthest = 1.0, 1 / depth
        for row in range(rows + 1):
            distance = nearest + (farthest - nearest) * row / rows
            y = vanishing[1] + (1 - vanishing[1]) / distance
            self.line((0.0, y), (1.0, y), colour, 0.002)

    def bricks(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        """A wall in running bond, each brick a little different."""
        rows = max(1, round((y1 - y0) / 0.022))
        height = (y1 - y0) / rows
        length = 0.034
        for row in range(rows):
            x = x0 - (row % 2) * length / 2
            top = y0 + row * height
            while x < x1:
                tone = float(self._seed.normal(1.0, 0.07))
                shade = _scaled(colour, tone)
                left, right = max(x0, x), min(x1, x + length - 0.003)
                if right > left:
                    self._block(left, top, right, top + height * 0.86, shade)
                x += length

    def _block(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        columns = slice(round(x0 * self._width), round(x1 * self._width))
        rows = slice(round(y0 * self._height), round(y1 * self._height))
        self._pixels[rows, columns] = colour

    def leaves(self, centre: Point, half_x: float, half_y: float, colour: Colour) -> None:
        """A bush or a treetop: many dabs, lit from the upper left."""
        for _ in range(220):
            angle = self._seed.uniform(0, 2 * np.pi)
            reach = np.sqrt(self._seed.uniform(0, 1))
            dx, dy = reach * np.cos(angle), reach * np.sin(angle)
            light = 0.82 - 0.26 * dy - 0.14 * dx + float(self._seed.normal(0, 0.08))
            x, y = centre[0] + dx * half_x, centre[1] + dy * half_y
            size = 0.16 * half_y * float(self._seed.uniform(0.6, 1.2))
            dab = [
                (x + size * np.cos(a) * self._height / self._width, y + size * np.sin(a))
                for a in np.linspace(0, 2 * np.pi, 9)[:-1]
            ]
            self.area(dab, _scaled(colour, light))

    def glow(self, centre: Point, reach: float, colour: Colour, strength: float) -> None:
        """Add light that fades with the distance; `reach` is a share of the height."""
        columns = (np.arange(self._width) / self._width - centre[0]) * self._width / self._height
        rows = np.arange(self._height) / self._height - centre[1]
        squared = (columns[None, :] ** 2 + rows[:, None] ** 2) / reach**2
        light = (strength * np.exp(-squared)).astype(np.float32)
        self._pixels += light[:, :, None] * np.asarray(colour, np.float32)

    def reflect(self, y: float, share: float) -> None:
        """Mirror what stands above `y` in a polished floor below it."""
        line = round(y * self._height)
        rows = min(line, self._height - line)
        mirror = cv2.GaussianBlur(self._pixels[line - rows : line][::-1], (0, 0), 6)
        fade = np.linspace(share, 0, rows, dtype=np.float32)[:, None, None]
        below = self._pixels[line : line + rows]
        below += fade * (mirror - below)

    def finished(self, *, grain: float = 5.0, vignette: float = 0.16) -> npt.NDArray[np.uint8]:
        """The picture as a lens shows it: surfaces not quite even, corners darker, edges soft."""
        grainy = self._pixels
        for cell, share in ((2, 0.5), (14, 0.6), (90, 0.9)):
            size = max(2, self._width // cell), max(2, self._height // cell)
            coarse = self._seed.normal(0, grain * share, (size[1], size[0])).astype(np.float32)
            fine = cv2.resize(coarse, (self._width, self._height), interpolation=cv2.INTER_CUBIC)
            grainy = grainy + fine[:, :, None]
        x = np.linspace(-1, 1, self._width, dtype=np.float32)[None, :]
        y = np.linspace(-1, 1, self._height, dtype=np.float32)[:, None]
        shaded = grainy * (1 - vignette * (x * x + y * y) / 1.2)[:, :, None]
        soft = cv2.GaussianBlur(shaded, (0, 0), 0.55 / 640 * self._width)
        return np.asarray(np.clip(soft, 0, 255), np.uint8)

    def _box(self, points: Sequence[Point]) -> tuple[slice, slice]:
        """The columns and rows that a polygon touches."""
        xs = [x * self._width for x, _ in points]
        ys = [y * self._height for _, y in points]
        return (
            slice(max(0, int(min(xs)) - 1), min(self._width, int(max(xs)) + 2)),
            slice(max(0, int(min(ys)) - 1), min(self._height, int(max(ys)) + 2)),
        )

    def _fixed(self, points: Sequence[Point]) -> npt.NDArray[np.int32]:
        size = np.asarray([self._width, self._height], np.float64)
        return np.round(np.asarray(points) * size * (1 << _BITS)).astype(np.int32)

    def _lay(
        self,
        columns: slice,
        rows: slice,
        mask: npt.NDArray[np.uint8],
        paint: npt.NDArray[np.float32],
    ) -> None:
        ground = self._pixels[rows, columns]
        ground += (mask.astype(np.float32) / 255)[:, :, None] * (paint - ground)


def _scaled(colour: Colour, factor: float) -> Colour:
    blue, green, red = (int(min(255, max(0, channel * factor))) for channel in colour)
    return blue, green, red
