"""Units of the three clocks: media time (PTS), wall time (UTC) and monotonic time."""

from __future__ import annotations

from datetime import UTC, datetime

US_PER_S = 1_000_000
US_PER_MS = 1_000
NS_PER_US = 1_000
NS_PER_S = 1_000_000_000


def utc_datetime(wall_us: int) -> datetime:
    """Wall time in µs since the epoch as an aware datetime in UTC."""
    return datetime.fromtimestamp(wall_us / US_PER_S, tz=UTC)


def iso_utc(wall_us: int) -> str:
    """ISO 8601 with milliseconds and Z, as every API field and log line shows time."""
    return utc_datetime(wall_us).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_wall_us(text: str) -> int:
    """Read ISO 8601 (naive means UTC) or a plain number of seconds; ValueError says which text."""
    try:
        return int(float(text) * US_PER_S)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is no time: write ISO 8601 such as 2026-01-31T08:30:00Z, or seconds"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * US_PER_S)
