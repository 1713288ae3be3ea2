"""Where the common clock goes when cameras have nothing to show. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ui.playback.goal import LaneKind, LaneState

_AWAY = {LaneKind.GAP, LaneKind.EDGE}


def choose_jump(states: Sequence[LaneState], position_us: int, rate: float) -> int | None:
    """Where to go on, when no camera at all has footage here; None: stay."""
    if not states or any(state.kind not in _AWAY for state in states):
        return None
    gaps = [state for state in states if state.kind is LaneKind.GAP]
    if rate > 0:
        target_us = min((gap.end_us for gap in gaps if gap.end_us is not None), default=None)
    else:
        target_us = max((gap.start_us for gap in gaps if gap.start_us is not None), default=None)
    return None if target_us == position_us else target_us


def choose_edge(states: Sequence[LaneState], position_us: int, rate: float) -> int | None:
    """Where the clock is to wait for more, when nothing follows on any camera; None: go on."""
    if not states or any(state.kind is not LaneKind.EDGE for state in states):
        return None
    ends = [state.start_us for state in states if state.start_us is not None]
    return min(position_us, max(ends)) if rate > 0 and ends else position_us
