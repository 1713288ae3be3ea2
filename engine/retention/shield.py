"""What no clean-up may touch (invariant S6). Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Protection(NamedTuple):
    """Footage of [start, end) that is to stay; no cameras named: of all."""

    camera_ids: tuple[str, ...]
    start_wall_us: int
    end_wall_us: int


class Shield:
    """Merged intervals by camera: asking costs the same for one protection and for a million."""

    def __init__(self, protections: Iterable[Protection]) -> None:
        by_camera: dict[str, list[tuple[int, int]]] = {}
        for one in protections:
            for camera_id in one.camera_ids or (_ALL,):
                by_camera.setdefault(camera_id, []).append((one.start_wall_us, one.end_wall_us))
        self._spans: Mapping[str, _Spans] = {
            camera_id: _Spans(found) for camera_id, found in by_camera.items()
        }

    def covers(self, camera_id: str, start_wall_us: int, end_wall_us: int) -> bool:
        """Whether any moment of [start, end] is protected; of an instant too."""
        return any(
            spans.touch(start_wall_us, end_wall_us)
            for spans in (self._spans.get(camera_id), self._spans.get(_ALL))
            if spans is not None
        )


_ALL = ""


class _Spans:
    def __init__(self, spans: list[tuple[int, int]]) -> None:
        merged: list[tuple[int, int]] = []
        for start, end in sorted(spans):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            else:
                merged.append((start, end))
        self._starts = [start for start, _ in merged]
        self._ends = [end for _, end in merged]

    def touch(self, start: int, end: int) -> bool:
        place = bisect_left(self._ends, start)
        return place < len(self._ends) and self._starts[place] <= end
