"""Keeps Python 3.11 alive under PySide6 6.12, which loses a reference to None with every call."""

from __future__ import annotations

import ctypes
import sys

import PySide6

_PLENTY = 1 << 60
_BROKEN_RELEASE = (6, 12)


def keep_none_alive() -> None:
    """Give None more references than can ever be lost; call at start, again does no harm.

    Measured with PySide6 6.12.0 on Python 3.11: each call that returns nothing costs None one
    reference, and after some thousand the process aborts ("deallocating None"). 6.11.1 does not,
    and from Python 3.12 on None cannot die.
    """
    if sys.version_info >= (3, 12) or PySide6.__version_info__[:2] < _BROKEN_RELEASE:
        return
    if sys.getrefcount(None) < _PLENTY // 2:
        ctypes.c_ssize_t.from_address(id(None)).value += _PLENTY
