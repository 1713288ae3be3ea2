"""Cells of an events file: what a spreadsheet would take for a formula is disarmed."""

import pytest

from engine.hub.api.event_files import csv_cell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_is_text(text):
    assert csv_cell(text) == f"'{text}"


@pytest.mark.parametrize(("value", "cell"), [("car", "car"), (-0.5, -0.5), (None, "")])
def test_everything_else_stays_as_it_is(value, cell):
    assert csv_cell(value) == cell
