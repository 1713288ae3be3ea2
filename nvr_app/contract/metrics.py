"""Measurements that workers send to the hub's one registry; they may be dropped."""

from __future__ import annotations

import msgspec


class Increment(msgspec.Struct, frozen=True, array_like=True, tag="i"):
    """Add to a counter since the last sample."""

    name: str
    labels: tuple[str, ...]
    amount: float


class Level(msgspec.Struct, frozen=True, array_like=True, tag="l"):
    """Set a gauge."""

    name: str
    labels: tuple[str, ...]
    value: float


class Observations(msgspec.Struct, frozen=True, array_like=True, tag="o"):
    """Feed a histogram with each value."""

    name: str
    labels: tuple[str, ...]
    values: tuple[float, ...]


Measurement = Increment | Level | Observations
