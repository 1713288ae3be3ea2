"""Wall layouts: which rectangles a canvas is cut into. Pure arithmetic, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Direction = Literal["left", "right", "up", "down"]


class Rect(NamedTuple):
    """A rectangle in whole device-independent pixels."""

    x: int
    y: int
    width: int
    height: int


class Cell(NamedTuple):
    """Where a tile lies on the layout's grid."""

    column: int
    row: int
    columns: int = 1
    rows: int = 1


@dataclass(frozen=True)
class Layout:
    """A grid and the tiles upon it, the most important tile first."""

    name: str
    columns: int
    rows: int
    cells: tuple[Cell, ...]


def _grid(name: str, columns: int, rows: int, tiles: int) -> Layout:
    cells = tuple(Cell(index % columns, index // columns) for index in range(tiles))
    return Layout(name, columns, rows, cells)


def _one_large(name: str, side: int) -> Layout:
    """A square grid with one large tile; the small ones stand right of it, then below."""
    large = side - 1
    right = tuple(Cell(large, row) for row in range(large))
    below = tuple(Cell(column, large) for column in range(side))
    return Layout(name, side, side, (Cell(0, 0, large, large), *right, *below))


LAYOUTS = (
    _grid("1", 1, 1, 1),
    _grid("4", 2, 2, 4),
    _one_large("6", 3),
    _one_large("8", 4),
    _grid("4x2", 4, 2, 8),
    _grid("3x3", 3, 3, 8),
    _grid("9", 3, 3, 9),
    _grid("16", 4, 4, 16),
)
LAYOUT_NAMES = tuple(layout.name for layout in LAYOUTS)


def find_layout(name: str) -> Layout:
    """The layout of that name; ValueError names those that exist."""
    for layout in LAYOUTS:
        if layout.name == name:
            return layout
    raise ValueError(f"There is no wall layout {name!r}; choose one of {', '.join(LAYOUT_NAMES)}")


def tile_rects(layout: Layout, width: int, height: int, gap: int) -> list[Rect]:
    """Rectangles of all tiles: they fill the canvas to its last pixel, `gap` pixels apart."""
    lefts = [round(column * (width + gap) / layout.columns) for column in range(layout.columns + 1)]
    tops = [round(row * (height + gap) / layout.rows) for row in range(layout.rows + 1)]
    return [
        Rect(
            lefts[cell.column],
            tops[cell.row],
            max(0, lefts[cell.column + cell.columns] - gap - lefts[cell.column]),
            max(0, tops[cell.row + cell.rows] - gap - tops[cell.row]),
        )
        for cell in layout.cells
    ]


def fit(outer: Rect, picture_width: int, picture_height: int) -> Rect:
    """The largest rectangle of the picture's aspect inside `outer`, centred: never cropped.

    Its width is even: FFmpeg's scaler takes nine times as long for an odd one (1013 x 568 pixels
    7.2 ms, 1012 x 568 0.8 ms). The pixel that this costs goes to a black bar.
    """
    if picture_width <= 0 or picture_height <= 0:
        return outer
    width, height = outer.width, round(outer.width * picture_height / picture_width)
    if height > outer.height:
        width, height = round(outer.height * picture_width / picture_height), outer.height
    width = max(width - width % 2, 1)
    return Rect(
        outer.x + (outer.width - width) // 2, outer.y + (outer.height - height) // 2, width, height
    )


def next_tile(layout: Layout, index: int, direction: Direction) -> int:
    """The tile an arrow key leads to; the same tile at the edge of the wall."""
    here = layout.cells[index]
    best, best_rank = index, (99, 99)
    for other, cell in enumerate(layout.cells):
        ahead, aside = _distance(here, cell, direction)
        rank = (ahead, cell.row + cell.column)
        if ahead >= 0 and aside <= 0 and other != index and rank < best_rank:
            best, best_rank = other, rank
    return best


def _distance(here: Cell, cell: Cell, direction: Direction) -> tuple[int, int]:
    """Cells between the facing edges, and cells between the flanks (0 or less: they overlap)."""
    right = cell.column - (here.column + here.columns)
    left = here.column - (cell.column + cell.columns)
    below = cell.row - (here.row + here.rows)
    above = here.row - (cell.row + cell.rows)
    ahead = {"left": left, "right": right, "up": above, "down": below}[direction]
    aside = max(above, below) if direction in ("left", "right") else max(left, right)
    return ahead, aside + 1
