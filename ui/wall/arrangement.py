"""Which camera stands on which tile: remembered per layout, changed by swapping."""

from __future__ import annotations

import json

from PySide6.QtCore import QSettings

from ui.wall.layouts import Layout, find_layout

DEFAULT_LAYOUT = "8"
_LAYOUT_KEY = "wall/layout"
_ORDER_KEY = "wall/order/{layout}"


def merged_order(saved: list[str], known: list[str]) -> list[str]:
    """Known cameras: first those with a saved place, then the others as they come."""
    present = set(known)
    placed = [camera_id for camera_id in dict.fromkeys(saved) if camera_id in present]
    seated = set(placed)
    return placed + [camera_id for camera_id in known if camera_id not in seated]


class Arrangement:
    """Layout, page and order. Only what a person changed is written to the settings.

    Cameras that do not fit on one page of the layout stand on further ones.
    """

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings
        self._known: list[str] = []
        self._order: list[str] = []
        self._page = 0
        try:
            self.layout: Layout = find_layout(str(settings.value(_LAYOUT_KEY, DEFAULT_LAYOUT)))
        except ValueError:  # written by another version
            self.layout = find_layout(DEFAULT_LAYOUT)

    @property
    def known(self) -> tuple[str, ...]:
        """All cameras, in the order they were told."""
        return tuple(self._known)

    @property
    def page_count(self) -> int:
        return max(1, -(-len(self._order) // len(self.layout.cells)))

    @property
    def page(self) -> int:
        """Counted from 0."""
        return min(self._page, self.page_count - 1)

    def shown(self) -> tuple[str | None, ...]:
        """Camera of every tile of the page; None where a tile is empty."""
        tiles = len(self.layout.cells)
        here = self._order[self.page * tiles : (self.page + 1) * tiles]
        return (*here, *([None] * (tiles - len(here))))

    def set_known(self, camera_ids: list[str]) -> None:
        self._known = camera_ids
        self._order = merged_order(self._saved_order(), camera_ids)

    def choose(self, name: str) -> None:
        """Change the layout and remember it; ValueError for an unknown name."""
        self.layout = find_layout(name)
        self._settings.setValue(_LAYOUT_KEY, name)
        self._page = 0
        self._order = merged_order(self._saved_order(), self._known)

    def swap(self, first: str, second: str) -> None:
        """Exchange two cameras' places in this layout and remember it."""
        one, other = self._order.index(first), self._order.index(second)
        self._order[one], self._order[other] = second, first
        # Cameras away for now keep their place among those present.
        present, seats = set(self._order), iter(self._order)
        saved = dict.fromkeys(self._saved_order())
        kept = [next(seats) if camera_id in present else camera_id for camera_id in saved]
        self._settings.setValue(self._order_key(), json.dumps([*kept, *seats]))

    def turn_page(self, step: int) -> bool:
        """Go to another page; False where there is none."""
        page = min(max(self.page + step, 0), self.page_count - 1)
        has_turned = page != self.page
        self._page = page
        return has_turned

    def turn_to(self, camera_id: str) -> bool:
        """Go to the page of that camera; False when it stands there already or is unknown."""
        if camera_id not in self._order:
            return False
        page = self._order.index(camera_id) // len(self.layout.cells)
        return self.turn_page(page - self.page)

    def _order_key(self) -> str:
        return _ORDER_KEY.format(layout=self.layout.name)

    def _saved_order(self) -> list[str]:
        text = str(self._settings.value(self._order_key(), "[]"))
        try:
            saved = json.loads(text)
        except ValueError:  # edited by hand: the order is a convenience, not worth an alarm
            return []
        return [str(camera_id) for camera_id in saved] if isinstance(saved, list) else []
