"""Digital zoom: which part of a picture is shown. Pure arithmetic on 0..1 coordinates."""

from __future__ import annotations

from dataclasses import dataclass

ZOOM_MAX = 8.0
ZOOM_STEP = 1.25
"""Factor of one notch of the wheel."""


@dataclass(frozen=True)
class View:
    """The shown part: its left upper corner, and its size 1/zoom in both directions."""

    zoom: float = 1.0
    left: float = 0.0
    top: float = 0.0

    @property
    def is_zoomed(self) -> bool:
        return self.zoom > 1.0

    @property
    def size(self) -> float:
        return 1.0 / self.zoom


def zoomed(view: View, notches: float, x: float, y: float) -> View:
    """Zoom so that what lies under (x, y) of the shown part stays there; 1x shows all again."""
    zoom = min(ZOOM_MAX, view.zoom * ZOOM_STEP**notches)
    if zoom <= 1.0 + 1e-6:
        return View()
    size = 1.0 / zoom
    return _kept_inside(zoom, view.left + x * (view.size - size), view.top + y * (view.size - size))


def panned(view: View, dx: float, dy: float) -> View:
    """Move the picture by shares of the shown part, as if dragged; it never leaves its frame."""
    return _kept_inside(view.zoom, view.left - dx * view.size, view.top - dy * view.size)


def to_shown(view: View, x: float, y: float) -> tuple[float, float]:
    """Where a point of the whole picture lies in the shown part (outside 0..1: not shown)."""
    return (x - view.left) * view.zoom, (y - view.top) * view.zoom


def _kept_inside(zoom: float, left: float, top: float) -> View:
    room = 1.0 - 1.0 / zoom
    return View(zoom, min(max(left, 0.0), room), min(max(top, 0.0), room))
