"""Digital zoom keeps the point under the pointer and never leaves the picture."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.wall.zoom import ZOOM_MAX, View, panned, to_shown, zoomed

share = st.floats(0.0, 1.0)


def test_one_notch_in_and_one_out_shows_everything_again():
    assert zoomed(zoomed(View(), 1, 0.3, 0.7), -1, 0.9, 0.1) == View()


def test_zooming_out_of_the_whole_picture_changes_nothing():
    assert zoomed(View(), -3, 0.5, 0.5) == View()


def test_the_zoom_has_an_end():
    assert zoomed(View(), 50, 0.5, 0.5).zoom == ZOOM_MAX


@given(share, share, st.floats(0.5, 5.0))
def test_what_lies_under_the_pointer_stays_there(x, y, notches):
    view = zoomed(View(), notches, x, y)
    # At first the shown part is the whole picture: (x, y) is the same point in both.
    assert to_shown(view, x, y) == pytest.approx((x, y), abs=1e-6)


@given(share, share, st.floats(-3, 3), st.floats(-3, 3))
def test_panning_never_leaves_the_picture(x, y, dx, dy):
    view = panned(zoomed(View(), 4, x, y), dx, dy)
    assert 0.0 <= view.left <= 1.0 - view.size + 1e-9
    assert 0.0 <= view.top <= 1.0 - view.size + 1e-9


def test_dragging_to_the_right_moves_the_picture_to_the_right():
    view = zoomed(View(), 4, 0.5, 0.5)
    assert to_shown(panned(view, 0.1, 0.0), 0.5, 0.5)[0] > to_shown(view, 0.5, 0.5)[0]
