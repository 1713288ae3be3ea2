"""Empty places under a roof, painted by day."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.simulation.canvas import Canvas

_WHITE = (238, 240, 240)
_STEEL = (120, 116, 110)


def paint_lobby() -> npt.NDArray[np.uint8]:
    """A reception hall: glass front, counter, plants and a polished floor."""
    canvas = Canvas()
    canvas.rect(0, 0, 1, 0.12, (214, 220, 222), (200, 207, 210))
    for x in (0.12, 0.37, 0.62, 0.87):
        canvas.rect(x - 0.06, 0.035, x + 0.06, 0.06, (250, 252, 252))
    canvas.rect(0, 0.12, 1, 0.47, (186, 196, 202), (168, 180, 188))
    # The glass front with the street's light behind it.
    canvas.rect(0.3, 0.14, 0.72, 0.47, (236, 228, 214), (196, 202, 196))
    canvas.rect(0.3, 0.36, 0.72, 0.47, (170, 186, 178), (150, 160, 156))
    for x in (0.3, 0.405, 0.51, 0.615, 0.72):
        canvas.rect(x - 0.004, 0.14, x + 0.004, 0.47, _STEEL)
    canvas.rect(0.3, 0.22, 0.72, 0.228, _STEEL)
    # A wooden wall with the counter before it.
    canvas.rect(0, 0.12, 0.24, 0.47, (96, 132, 164), (78, 110, 140))
    for step in range(9):
        canvas.rect(0.027 * step, 0.12, 0.027 * step + 0.002, 0.47, (66, 96, 124))
    canvas.rect(0.78, 0.18, 0.94, 0.36, (206, 198, 182), (188, 176, 158))
    canvas.rect(0.8, 0.2, 0.92, 0.34, (150, 120, 84), (108, 138, 150))
    canvas.rect(0, 0.47, 1, 1, (158, 166, 170), (118, 126, 132))
    canvas.floor_lines((0.5, 0.05), 0.47, (140, 148, 152), columns=9, rows=9)
    canvas.reflect(0.47, 0.34)
    canvas.area(((0, 0.4), (0.2, 0.4), (0.23, 0.43), (0.23, 0.56), (0, 0.6)), (150, 158, 162))
    canvas.area(((0, 0.43), (0.23, 0.43), (0.23, 0.56), (0, 0.6)), (84, 92, 98), (60, 66, 72))
    canvas.area(((0, 0.4), (0.2, 0.4), (0.235, 0.43), (0, 0.435)), _WHITE)
    for x, y in ((0.27, 0.5), (0.76, 0.5)):
        canvas.area(
            (
                (x - 0.02, y - 0.03),
                (x + 0.02, y - 0.03),
                (x + 0.015, y + 0.04),
                (x - 0.015, y + 0.04),
            ),
            (96, 104, 110),
            (70, 76, 82),
        )
        canvas.leaves((x, y - 0.1), 0.032, 0.085, (70, 124, 84))
    canvas.glow((0.51, 0.5), 0.5, (200, 214, 220), 0.16)
    return canvas.finished(grain=2.2)


def paint_corridor() -> npt.NDArray[np.uint8]:
    """A long hall with doors to both sides and light strips."""
    canvas = Canvas()
    left, right, top, bottom = 0.4, 0.6, 0.2, 0.44
    canvas.rect(0, 0, 1, 1, (150, 158, 162))
    canvas.rect(0, bottom, 1, 1, (112, 120, 124), (92, 98, 104))
    canvas.floor_lines((0.5, 0.14), bottom, (104, 110, 114), columns=8, rows=8)
    canvas.area(((0, -0.3), (1, -0.3), (right, top), (left, top)), (196, 200, 200), (160, 164, 164))
    canvas.area(
        ((0, -0.3), (left, top), (left, bottom), (0, 1.04)), (176, 184, 186), (140, 148, 150)
    )
    canvas.area(
        ((1, -0.3), (right, top), (right, bottom), (1, 1.04)), (190, 198, 200), (150, 158, 160)
    )
    canvas.rect(left, top, right, bottom, (206, 210, 210), (186, 190, 190))
    canvas.rect(0.465, 0.26, 0.535, bottom, (110, 124, 138), (92, 104, 116))
    canvas.rect(0.485, 0.28, 0.515, 0.34, (196, 200, 196))
    for depth in (0.12, 0.4, 0.62, 0.8):
        near = depth
        far = depth + 0.13 * (1 - depth)
        for edge, wall in ((0.0, left), (1.0, right)):
            x0, x1 = edge + (wall - edge) * near, edge + (wall - edge) * far
            foot0, foot1 = 1.04 + (bottom - 1.04) * near, 1.04 + (bottom - 1.04) * far
            head0, head1 = -0.02 + (top + 0.05 + 0.02) * near, -0.02 + (top + 0.05 + 0.02) * far
            canvas.area(
                ((x0, head0), (x1, head1), (x1, foot1), (x0, foot0)), (96, 108, 120), (84, 94, 104)
            )
    for depth in (0.1, 0.45, 0.7, 0.85):
        y0 = -0.3 + (top + 0.3) * depth
        y1 = -0.3 + (top + 0.3) * (depth + 0.3 * (1 - depth) * 0.5)
        half0, half1 = 0.12 * (1 - depth) + 0.012, 0.12 * (1 - depth) * 0.85 + 0.012
        canvas.area(
            ((0.5 - half0, y0), (0.5 + half0, y0), (0.5 + half1, y1), (0.5 - half1, y1)),
            (252, 252, 250),
        )
    # A rail and a skirting along both walls.
    for edge, wall in ((0.0, left), (1.0, right)):
        canvas.line((edge, 0.62), (wall, 0.345), (120, 128, 132), 0.008)
        canvas.line((edge, 1.02), (wall, bottom), (74, 80, 84), 0.009)
    return canvas.finished(grain=2.5)


def paint_loading_bay() -> npt.NDArray[np.uint8]:
    """Three roller doors in a hall wall, a ramp edge and painted lanes."""
    canvas = Canvas()
    canvas.rect(0, 0, 1, 0.56, (150, 156, 158), (132, 138, 140))
    for step in range(34):
        canvas.rect(step * 0.03, 0, step * 0.03 + 0.004, 0.56, (122, 128, 130))
    canvas.rect(0, 0, 1, 0.05, (86, 92, 96))
    for number, x in enumerate((0.06, 0.39, 0.72)):
        canvas.rect(x - 0.014, 0.11, x + 0.234, 0.56, (70, 74, 76))
        canvas.rect(x, 0.13, x + 0.22, 0.54, (196, 178, 150), (168, 150, 124))
        for row in range(11):
            y = 0.13 + row * 0.037
            canvas.rect(x, y, x + 0.22, y + 0.005, (140, 124, 102))
        canvas.rect(x + 0.09, 0.065, x + 0.13, 0.105, (60, 170, 226))
        for stroke in range(number + 1):
            mark = x + 0.103 + 0.008 * stroke
            canvas.rect(mark, 0.073, mark + 0.004, 0.097, (40, 40, 40))
        for side in (x - 0.012, x + 0.22):
            for band in range(6):
                colour = (40, 190, 236) if band % 2 else (40, 40, 40)
                canvas.rect(side, 0.38 + band * 0.027, side + 0.012, 0.407 + band * 0.027, colour)
    canvas.rect(0, 0.56, 1, 1, (122, 126, 128), (98, 102, 104))
    canvas.rect(0, 0.555, 1, 0.575, (84, 88, 90))
    canvas.floor_lines((0.5, -0.6), 0.575, (110, 114, 116), columns=4, rows=3)
    for x in (0.02, 0.345, 0.665, 0.985):
        far = 0.5 + (x - 0.5) * 0.98
        near = 0.5 + (x - 0.5) * 1.45
        canvas.area(
            ((far, 0.585), (far + 0.01, 0.585), (near + 0.018, 1), (near, 1)),
            (70, 178, 214),
            (64, 164, 200),
        )
    canvas.glow((0.2, 0.02), 0.5, (225, 232, 235), 0.12)
    canvas.glow((0.8, 0.02), 0.5, (225, 232, 235), 0.12)
    return canvas.finished(grain=3.5)
