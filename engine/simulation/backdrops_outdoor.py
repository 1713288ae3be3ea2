"""Empty places under the sky, painted by day."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.simulation.canvas import Canvas

_SKY_TOP, _SKY_LOW = (226, 190, 150), (236, 224, 206)
_ASPHALT, _ASPHALT_NEAR = (112, 110, 108), (96, 94, 92)
_KERB = (168, 172, 174)
_LEAF = (62, 116, 82)


def paint_front_door() -> npt.NDArray[np.uint8]:
    """A brick house with a porch, a garden path and hedges."""
    canvas = Canvas()
    canvas.rect(0, 0, 1, 0.6, (118, 130, 150))
    canvas.bricks(0, 0, 1, 0.57, (92, 110, 158))
    canvas.rect(0, 0.54, 1, 0.585, (140, 146, 150), (120, 126, 130))
    # The door with its frame, glass, step and lamp.
    canvas.rect(0.425, 0.06, 0.575, 0.58, (226, 230, 232))
    canvas.rect(0.44, 0.085, 0.56, 0.57, (86, 66, 40), (70, 54, 34))
    for x in (0.452, 0.505):
        canvas.rect(x, 0.11, x + 0.043, 0.27, (198, 184, 158), (150, 146, 134))
        canvas.rect(x, 0.31, x + 0.043, 0.53, (76, 58, 36), (64, 48, 30))
    canvas.rect(0.549, 0.33, 0.555, 0.36, (120, 190, 214))
    canvas.rect(0.6, 0.15, 0.618, 0.21, (60, 62, 64))
    canvas.glow((0.609, 0.18), 0.09, (150, 210, 240), 0.35)
    canvas.area(
        ((0.39, 0.58), (0.61, 0.58), (0.63, 0.625), (0.37, 0.625)), (178, 182, 184), (150, 154, 156)
    )
    for x in (0.1, 0.72):
        canvas.rect(x - 0.012, 0.1, x + 0.192, 0.43, (228, 232, 234))
        canvas.rect(x, 0.12, x + 0.18, 0.41, (196, 176, 146), (112, 106, 98))
        canvas.rect(x + 0.087, 0.12, x + 0.093, 0.41, (228, 232, 234))
        canvas.rect(x, 0.255, x + 0.18, 0.263, (228, 232, 234))
        canvas.rect(x - 0.02, 0.43, x + 0.2, 0.45, (200, 204, 206))
    canvas.rect(0, 0.585, 1, 1, (84, 142, 104), (70, 124, 88))
    canvas.area(
        ((0.37, 0.625), (0.63, 0.625), (0.98, 1), (0.02, 1)), (172, 178, 182), (150, 156, 162)
    )
    for y, half in ((0.665, 0.167), (0.72, 0.218), (0.79, 0.284), (0.885, 0.373)):
        canvas.line((0.5 - half, y), (0.5 + half, y), (136, 142, 148), 0.003)
    canvas.rect(0, 0.8, 1, 0.97, (166, 172, 176), (154, 160, 166))
    canvas.line((0, 0.8), (1, 0.8), (134, 140, 146), 0.004)
    canvas.line((0, 0.97), (1, 0.97), (134, 140, 146), 0.004)
    for x in (0.06, 0.17, 0.28, 0.72, 0.83, 0.94):
        canvas.leaves((x, 0.57), 0.072, 0.075, _LEAF)
    canvas.glow((0.1, 0.0), 0.9, (150, 190, 205), 0.16)
    return canvas.finished(grain=4.0)


def paint_plaza() -> npt.NDArray[np.uint8]:
    """A paved square with house fronts, trees and benches."""
    canvas = Canvas()
    canvas.rect(0, 0, 1, 0.2, _SKY_TOP, _SKY_LOW)
    fronts = ((0.0, 0.2, 0.03, (150, 178, 196)), (0.2, 0.44, 0.0, (178, 196, 206)),
              (0.44, 0.63, 0.05, (142, 158, 176)), (0.63, 0.83, 0.01, (170, 190, 186)),
              (0.83, 1.0, 0.04, (158, 172, 190)))  # fmt: skip
    for x0, x1, y0, colour in fronts:
        darker = tuple(int(channel * 0.9) for channel in colour)
        canvas.rect(x0, y0, x1, 0.36, colour, (darker[0], darker[1], darker[2]))
        columns = round((x1 - x0) / 0.05)
        for column in range(columns):
            x = x0 + (column + 0.28) * (x1 - x0) / columns
            for y in (0.075, 0.16):
                canvas.rect(x, y, x + 0.022, y + 0.055, (112, 100, 86), (86, 80, 74))
        canvas.rect(x0 + 0.01, 0.25, x1 - 0.01, 0.36, (100, 94, 88), (74, 70, 68))
        canvas.rect(x0 + 0.01, 0.235, x1 - 0.01, 0.255, (84, 110, 150))
    canvas.rect(0, 0.36, 1, 1, (176, 186, 192), (148, 158, 166))
    canvas.floor_lines((0.5, 0.1), 0.365, (150, 160, 167), columns=12, rows=14)
    canvas.area(
        ((0.3, 0.5), (0.7, 0.5), (0.78, 0.62), (0.22, 0.62)), (160, 168, 176), (152, 160, 170)
    )
    for x in (0.09, 0.5, 0.91):
        canvas.rect(x - 0.006, 0.26, x + 0.006, 0.42, (58, 70, 84))
        canvas.leaves((x, 0.2), 0.06, 0.11, _LEAF)
        canvas.area(
            ((x - 0.03, 0.42), (x + 0.03, 0.42), (x + 0.035, 0.44), (x - 0.035, 0.44)),
            (112, 120, 126),
        )
    for x in (0.28, 0.72):
        canvas.rect(x - 0.05, 0.395, x + 0.05, 0.41, (78, 104, 132))
        canvas.rect(x - 0.05, 0.42, x + 0.05, 0.432, (70, 94, 120))
        canvas.rect(x - 0.042, 0.43, x - 0.036, 0.45, (60, 62, 64))
        canvas.rect(x + 0.036, 0.43, x + 0.042, 0.45, (60, 62, 64))
    canvas.glow((0.25, 0.7), 0.7, (190, 210, 220), 0.12)
    return canvas.finished(grain=3.0)


def paint_car_park() -> npt.NDArray[np.uint8]:
    """Empty bays below a retaining wall, a driveway before them."""
    canvas = Canvas()
    canvas.rect(0, 0, 1, 0.16, (90, 78, 66), (130, 122, 112))
    for x in (0.05, 0.2, 0.37, 0.55, 0.68, 0.86, 0.98):
        canvas.leaves((x, 0.14), 0.09, 0.1, (54, 92, 66))
    canvas.rect(0, 0.19, 1, 0.33, (140, 144, 148), (116, 120, 124))
    for step in range(12):
        canvas.rect(step * 0.09, 0.19, step * 0.09 + 0.002, 0.33, (104, 108, 112))
    canvas.rect(0, 0.33, 1, 1, _ASPHALT, _ASPHALT_NEAR)
    canvas.rect(0, 0.33, 1, 0.345, _KERB)
    for step in range(-3, 12):
        far = 0.02 + step * 0.12
        near = 0.5 + (far - 0.5) * 1.3 - 0.03
        canvas.area(
            ((far, 0.35), (far + 0.006, 0.35), (near + 0.008, 0.52), (near, 0.52)), (206, 210, 210)
        )
    canvas.rect(0, 0.9, 1, 0.915, (196, 200, 200))
    for step in range(7):
        canvas.rect(step * 0.17, 0.7, step * 0.17 + 0.08, 0.708, (186, 190, 190))
    for x in (0.22, 0.8):
        canvas.rect(x - 0.004, 0.0, x + 0.004, 0.34, (70, 74, 76))
        canvas.rect(x - 0.03, 0.0, x + 0.03, 0.015, (190, 196, 198))
    return canvas.finished(grain=5.0)


def paint_gate() -> npt.NDArray[np.uint8]:
    """A yard's entrance: fence, sliding gate, keeper's hut and a raised barrier."""
    canvas = Canvas()
    canvas.rect(0, 0, 1, 0.34, (120, 104, 88), (150, 144, 136))
    for x in (0.03, 0.16, 0.3, 0.46, 0.6, 0.72):
        canvas.leaves((x, 0.22), 0.1, 0.13, (50, 84, 62))
    canvas.rect(0, 0.3, 1, 0.42, (76, 104, 84), (84, 112, 92))
    canvas.rect(0, 0.42, 1, 1, _ASPHALT, _ASPHALT_NEAR)
    canvas.rect(0, 0.42, 1, 0.435, _KERB)
    # Mesh fence: posts, rails and thin wires.
    for step in range(58):
        canvas.line((step * 0.013, 0.14), (step * 0.013, 0.42), (128, 134, 136), 0.0015)
    for y in (0.14, 0.28, 0.41):
        canvas.line((0, y), (0.75, y), (140, 146, 148), 0.005)
    for x in (0.02, 0.2, 0.38, 0.56, 0.74):
        canvas.rect(x - 0.005, 0.12, x + 0.005, 0.43, (150, 156, 158))
    # The hut.
    canvas.rect(0.78, 0.06, 0.99, 0.44, (176, 184, 188), (150, 158, 162))
    canvas.rect(0.77, 0.04, 1.0, 0.075, (96, 100, 104))
    canvas.rect(0.8, 0.13, 0.88, 0.27, (120, 112, 102), (84, 80, 76))
    canvas.rect(0.91, 0.12, 0.97, 0.44, (112, 118, 124), (96, 102, 108))
    # The barrier stands open.
    canvas.rect(0.755, 0.34, 0.775, 0.45, (60, 150, 214))
    for band in range(8):
        colour = (236, 238, 238) if band % 2 else (50, 46, 190)
        y = 0.34 - band * 0.045
        canvas.rect(0.761, y - 0.045, 0.768, y, colour)
    canvas.area(((0.0, 0.56), (1, 0.56), (1, 0.568), (0, 0.568)), (180, 184, 184))
    canvas.rect(0, 0.93, 1, 0.945, (190, 194, 194))
    return canvas.finished(grain=5.0)


def paint_motorway() -> npt.NDArray[np.uint8]:
    """Two carriageways with a barrier between them, fields behind."""
    canvas = Canvas()
    canvas.rect(0, 0, 1, 0.14, _SKY_TOP, _SKY_LOW)
    canvas.area(
        ((0, 0.1), (0.3, 0.06), (0.62, 0.1), (1, 0.07), (1, 0.3), (0, 0.3)),
        (120, 150, 132),
        (96, 150, 124),
    )
    for x in (0.06, 0.13, 0.34, 0.4, 0.66, 0.74, 0.93):
        canvas.leaves((x, 0.13), 0.035, 0.05, (66, 104, 76))
    canvas.rect(0, 0.19, 1, 0.32, (92, 156, 122), (88, 144, 112))
    canvas.rect(0, 0.31, 1, 0.55, (140, 140, 138), (128, 128, 126))
    canvas.rect(0, 0.325, 1, 0.331, (226, 228, 228))
    canvas.rect(0, 0.525, 1, 0.531, (226, 228, 228))
    for step in range(9):
        canvas.rect(step * 0.125, 0.427, step * 0.125 + 0.05, 0.433, (220, 222, 222))
    canvas.rect(0, 0.55, 1, 0.6, (92, 140, 110), (86, 132, 104))
    canvas.rect(0, 0.545, 1, 0.556, (176, 180, 182), (150, 154, 156))
    for step in range(17):
        canvas.rect(step * 0.06, 0.55, step * 0.06 + 0.005, 0.585, (130, 134, 136))
    canvas.rect(0, 0.6, 1, 1, (130, 130, 128), (112, 112, 110))
    canvas.rect(0, 0.615, 1, 0.623, (228, 230, 230))
    canvas.rect(0, 0.955, 1, 0.965, (228, 230, 230))
    for step in range(6):
        canvas.rect(step * 0.19, 0.775, step * 0.19 + 0.085, 0.784, (222, 224, 224))
    return canvas.finished(grain=4.0)
