"""Query parameters that mean moments."""

from __future__ import annotations

from engine.hub.api.errors import BadRequestError
from nvr_app.contract.timebase import parse_wall_us

FAR_FUTURE_US = 2**62


def moment_us(text: str | None, name: str, default_us: int) -> int:
    """Wall time in µs. BadRequestError names the parameter."""
    if text is None or text == "":
        return default_us
    try:
        return parse_wall_us(text)
    except (ValueError, OverflowError) as error:
        raise BadRequestError(f"parameter {name}: {error}") from None


def interval_us(start: str | None, end: str | None) -> tuple[int, int]:
    """A half-open interval. BadRequestError when it ends before it starts."""
    start_us = moment_us(start, "start", 0)
    end_us = moment_us(end, "end", FAR_FUTURE_US)
    if end_us < start_us:
        raise BadRequestError("parameter end lies before start")
    return start_us, end_us
