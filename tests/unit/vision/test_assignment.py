"""The assignment is exact: against every permutation, on small tables."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.vision.assignment import assign

tables = st.integers(1, 5).flatmap(
    lambda columns: st.lists(
        st.lists(st.floats(0, 3), min_size=columns, max_size=columns), min_size=1, max_size=5
    )
)


def best_by_trial(costs):
    rows, columns = len(costs), len(costs[0])
    if rows > columns:
        return best_by_trial([list(line) for line in zip(*costs, strict=True)])
    return min(
        sum(costs[row][column] for row, column in enumerate(chosen))
        for chosen in permutations(range(columns), rows)
    )


@settings(deadline=None)
@given(tables)
def test_no_other_assignment_is_cheaper(costs):
    pairs = assign(costs, most=100)
    assert len(pairs) == min(len(costs), len(costs[0]))
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert abs(sum(costs[r][c] for r, c in pairs) - best_by_trial(costs)) < 1e-6


def test_pairs_that_cost_too_much_are_left_apart():
    assert assign([[0.2, 9], [9, 9]], most=1.0) == [(0, 0)]
    assert assign([], most=1.0) == []
    assert assign([[]], most=1.0) == []
