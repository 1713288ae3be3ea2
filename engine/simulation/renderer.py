"""Pictures of a scene as a camera would send them: I420, with sensor noise.

The empty place with its noise is computed once; a frame costs one copy and the small regions
around what moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from engine.simulation.scene import ASPECT, PlacedDrawing, Scene, placed_drawings
from engine.simulation.shapes import Colour

Picture = npt.NDArray[np.uint8]

_NOISE_PICTURES = 6
_DAY_NOISE, _NIGHT_NOISE = 2.5, 4.0
_SUBPIXEL_BITS = 6
_SHADOW_STRENGTH = 0.45
# Lens and sensor soften every edge by this share of the picture's width.
_BLUR_SHARE = 0.7 / 640


@dataclass(frozen=True)
class _Region:
    """A rectangle of whole chroma samples, in pixels."""

    x0: int
    y0: int
    x1: int
    y1: int


class SceneRenderer:
    """Renders one scene at one size, 16:9 and even. Use from one thread.

    `backdrop` is what the scene's painter made; one painting serves all sizes.
    """

    def __init__(self, scene: Scene, backdrop: Picture, width: int, height: int) -> None:
        if abs(width / height - ASPECT) > 0.02 or width % 2 or height % 2:
            raise ValueError(f"a scene has an even size of 16:9, not {width} x {height}")
        self._scene = scene
        self._width, self._height = width, height
        self._sigma = _BLUR_SHARE * width
        sized = cv2.resize(backdrop, (width, height), interpolation=cv2.INTER_AREA)
        clean = np.asarray(sized, np.uint8)
        self._clean = as_infra_red(clean) if scene.is_night else clean
        self._work = self._clean.copy()
        seed = np.random.default_rng(sum(scene.name.encode()))
        strength = _NIGHT_NOISE if scene.is_night else _DAY_NOISE
        self._noise = [_noise(seed, width, height, strength) for _ in range(_NOISE_PICTURES)]
        planes = np.asarray(cv2.cvtColor(self._clean, cv2.COLOR_BGR2YUV_I420), np.uint8)
        self._empty = [_with_noise(planes, noise, height) for noise in self._noise]

    def picture(self, index: int, t_s: float) -> Picture:
        """The frame of a moment, shape (height * 3 / 2, width); the caller owns it.

        `index` chooses the noise, so that neighbours differ as a sensor's do.
        """
        which = index % _NOISE_PICTURES
        frame = self._empty[which].copy()
        regions = [self._paint(placed) for placed in placed_drawings(self._scene, t_s)]
        for region in regions:
            if region is not None:
                self._develop(frame, self._noise[which], region)
        for region in regions:
            if region is not None:
                area = np.s_[region.y0 : region.y1, region.x0 : region.x1]
                self._work[area] = self._clean[area]
        return frame

    def _paint(self, placed: PlacedDrawing) -> _Region | None:
        unit = placed.unit_height * self._height
        foot_x, foot_y = placed.x * self._width, placed.y * self._height
        left, top, right, bottom = placed.drawing.bounds()
        shadow_x, shadow_y = placed.drawing.shadow
        region = self._region(
            foot_x + min(left, -1.3 * shadow_x) * unit,
            foot_y + top * unit,
            foot_x + max(right, 1.3 * shadow_x) * unit,
            foot_y + max(bottom, 1.6 * shadow_y) * unit,
        )
        if region is None:
            return None
        patch = self._work[region.y0 : region.y1, region.x0 : region.x1]
        origin = foot_x - region.x0, foot_y - region.y0
        _cast_shadow(patch, origin, (shadow_x * unit, shadow_y * unit))
        sharp = patch.copy()
        outlines = [shape.outline for shape in placed.drawing.shapes]
        # A pixel's middle, not its corner, lies at whole coordinates.
        pixels = np.concatenate(outlines) * unit + (origin[0] - 0.5, origin[1] - 0.5)
        fixed = np.round(pixels * (1 << _SUBPIXEL_BITS)).astype(np.int32)
        first = 0
        for shape in placed.drawing.shapes:
            last = first + len(shape.outline)
            colour = self._colour(shape.colour, placed.label)
            cv2.fillPoly(sharp, [fixed[first:last]], colour, cv2.LINE_AA, _SUBPIXEL_BITS)
            first = last
        reach = 2 * int(np.ceil(self._sigma)) + 1
        drawn = cv2.cvtColor(cv2.absdiff(sharp, patch), cv2.COLOR_BGR2GRAY)
        mask = cv2.dilate(drawn, np.ones((reach, reach), np.uint8))
        cv2.copyTo(cv2.GaussianBlur(sharp, (reach, reach), self._sigma), mask, patch)
        return region

    def _colour(self, colour: Colour, label: str) -> Colour:
        return _infra_red(colour, label) if self._scene.is_night else colour

    def _region(self, x0: float, y0: float, x1: float, y1: float) -> _Region | None:
        margin = 4 * self._sigma + 2
        region = _Region(
            max(0, int((x0 - margin) // 2 * 2)),
            max(0, int((y0 - margin) // 2 * 2)),
            min(self._width, int((x1 + margin) // 2 * 2 + 2)),
            min(self._height, int((y1 + margin) // 2 * 2 + 2)),
        )
        return region if region.x1 > region.x0 and region.y1 > region.y0 else None

    def _develop(self, frame: Picture, noise: npt.NDArray[np.int16], region: _Region) -> None:
        """Turn a painted region into I420 in the frame, with the frame's noise."""
        patch = self._work[region.y0 : region.y1, region.x0 : region.x1]
        rows, columns = patch.shape[:2]
        planes = cv2.cvtColor(patch, cv2.COLOR_BGR2YUV_I420)
        area = np.s_[region.y0 : region.y1, region.x0 : region.x1]
        frame[: self._height][area] = cv2.add(planes[:rows], noise[area], dtype=cv2.CV_8U)
        chroma_shape = (2, self._height // 2, self._width // 2)
        chroma = frame[self._height :].reshape(chroma_shape)
        chroma[:, region.y0 // 2 : region.y1 // 2, region.x0 // 2 : region.x1 // 2] = planes[
            rows:
        ].reshape(2, rows // 2, columns // 2)


def as_infra_red(picture: Picture) -> Picture:
    """A day's picture as an infra-red lamp beside the lens shows it: grey, dark at the edges."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    height, width = grey.shape
    x = (np.arange(width, dtype=np.float32) / width - 0.5) * 2
    y = (np.arange(height, dtype=np.float32) / height - 0.58) * 2
    lamp = np.exp(-(x[None, :] ** 2) * 0.9 - (y[:, None] ** 2) * 0.8)
    dark = np.clip(10 + grey * (0.12 + 0.36 * lamp), 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(dark, cv2.COLOR_GRAY2BGR), np.uint8)


def _infra_red(colour: Colour, label: str) -> Colour:
    """Cloth and skin reflect infra-red well, whatever their colour by day; tyres do not."""
    blue, green, red = colour
    light = 0.114 * blue + 0.587 * green + 0.299 * red
    grey = int(78 + 0.7 * light if label == "person" else 26 + 0.8 * light)
    return grey, grey, grey


def _cast_shadow(patch: Picture, centre: tuple[float, float], axes: tuple[float, float]) -> None:
    # A soft thing can be computed small: a quarter of the size, enlarged smoothly.
    half_x, half_y = max(2.0, axes[0]) / 4, max(2.0, axes[1]) / 4
    y0 = max(0, int(centre[1] - 1.8 * axes[1]))
    floor = patch[y0 : int(centre[1] + 1.8 * axes[1]) + 2]
    rows, columns = floor.shape[:2]
    if not rows:
        return
    x = (np.arange(-(-columns // 4), dtype=np.float32) + 0.5 - centre[0] / 4) / half_x
    y = (np.arange(-(-rows // 4), dtype=np.float32) + 0.5 - (centre[1] - y0) / 4) / half_y
    far = x[None, :] ** 2 + y[:, None] ** 2
    light = 255 * (1 - _SHADOW_STRENGTH * np.clip(1.5 - far, 0, 1))
    small = cv2.cvtColor(light.astype(np.uint8), cv2.COLOR_GRAY2BGR)
    cv2.multiply(floor, cv2.resize(small, (columns, rows)), floor, scale=1 / 255)


def _noise(
    seed: np.random.Generator, width: int, height: int, strength: float
) -> npt.NDArray[np.int16]:
    white = seed.normal(0, strength * 1.25, (height, width)).astype(np.float32)
    # Demosaicing and the camera's own filter smear neighbours into each other.
    return np.asarray(cv2.GaussianBlur(white, (3, 3), 0.45), np.float32).round().astype(np.int16)


def _with_noise(clean: Picture, noise: npt.NDArray[np.int16], height: int) -> Picture:
    noisy = clean.copy()
    noisy[:height] = cv2.add(clean[:height], noise, dtype=cv2.CV_8U)
    return noisy
