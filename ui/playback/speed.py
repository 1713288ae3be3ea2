"""When everything can be decoded and when keyframes must do. Pure."""

from __future__ import annotations

from collections.abc import Iterable

_USUAL_SHARE = 0.1
"""Of a processor, for one 1080p camera at its own pace, until it has been measured."""
_BACKWARDS = 1.3
"""Decoding backwards does parts of long groups of pictures twice."""
_USABLE = 0.6
"""The rest of the processors paints, and belongs to the engine where it is the same machine."""

_MOST_THREADS = 8

SLOWEST, FASTEST = 0.25, 16.0


def choose_keys_only(rate: float, shares: Iterable[float], processors: int) -> bool:
    """Whether only keyframes can be decoded at this rate; `shares` as lanes measured them."""
    if abs(rate) <= 1:
        return False
    needed = sum(share or _USUAL_SHARE for share in shares) * abs(rate)
    if rate < 0:
        needed *= _BACKWARDS
    return needed > processors * _USABLE


def decoder_threads(lanes: int, processors: int) -> int:
    """Threads for each lane's decoder. One lane alone gets twice the processors: pictures wait for
    one another, and a group of sixty is decoded in two thirds of the time that as many take.
    """
    return max(1, min(_MOST_THREADS, 2 * processors // max(1, lanes)))
