"""Which detection belongs to which track, at the least total cost."""

from __future__ import annotations

from collections.abc import Sequence

_FAR = 1e6


def assign(costs: Sequence[Sequence[float]], most: float) -> list[tuple[int, int]]:
    """Pairs (row, column) of the cheapest assignment; none of them costs more than `most`.

    Rows of `costs` may be of any number, all of one length. Exact: the Hungarian method with
    potentials, O(rows^2 * columns); a few dozens of each take about a millisecond.
    """
    rows = len(costs)
    columns = len(costs[0]) if rows else 0
    if not rows or not columns:
        return []
    if rows > columns:
        turned = [[costs[row][column] for row in range(rows)] for column in range(columns)]
        return sorted((row, column) for column, row in assign(turned, most))
    # What costs too much must not push others aside: all such pairs are equally far.
    capped = [[cost if cost <= most else _FAR for cost in line] for line in costs]
    pairs = _hungarian(capped, columns)
    return sorted((row, column) for row, column in pairs if capped[row][column] <= most)


def _hungarian(costs: Sequence[Sequence[float]], columns: int) -> list[tuple[int, int]]:
    rows = len(costs)
    row_potential = [0.0] * (rows + 1)
    column_potential = [0.0] * (columns + 1)
    owner = [0] * (columns + 1)  # row (from 1) that holds each column; 0 = nobody
    for row in range(1, rows + 1):
        owner[0] = row
        way = _augment(costs, row_potential, column_potential, owner)
        column = next(end for end in way if end > 0 and owner[end] == 0)
        while column:
            before = way[column]
            owner[column] = owner[before]
            column = before
    return [(owner[column] - 1, column - 1) for column in range(1, columns + 1) if owner[column]]


def _augment(
    costs: Sequence[Sequence[float]],
    row_potential: list[float],
    column_potential: list[float],
    owner: list[int],
) -> dict[int, int]:
    """Find the cheapest way from row owner[0] to a free column; each column's predecessor."""
    columns = len(column_potential) - 1
    least = [float("inf")] * (columns + 1)
    way: dict[int, int] = {}
    predecessor = [0] * (columns + 1)
    done = [False] * (columns + 1)
    column = 0
    while True:
        done[column] = True
        row = owner[column]
        delta, following = float("inf"), 0
        for other in range(1, columns + 1):
            if done[other]:
                continue
            reduced = costs[row - 1][other - 1] - row_potential[row] - column_potential[other]
            if reduced < least[other]:
                least[other], predecessor[other] = reduced, column
            if least[other] < delta:
                delta, following = least[other], other
        for other in range(columns + 1):
            if done[other]:
                row_potential[owner[other]] += delta
                column_potential[other] -= delta
            else:
                least[other] -= delta
        column = following
        way[column] = predecessor[column]
        if owner[column] == 0:
            return way
