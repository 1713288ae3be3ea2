"""Figures for people."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_STEP = 1000.0


def bytes_text(size_bytes: float) -> str:
    """81 GB, in decimal units as disks are sold."""
    value, unit = float(size_bytes), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if value < 10 and unit else f"{value:.0f} {_UNITS[unit]}"


def uptime_text(seconds: float) -> str:
    """41 d 6 h, 6 h 12 min, 12 min, 40 s."""
    minutes = int(seconds) // 60
    if minutes >= 24 * 60:
        return _translate("{} d {} h").format(minutes // 1440, minutes % 1440 // 60)
    if minutes >= 60:
        return _translate("{} h {} min").format(minutes // 60, minutes % 60)
    if minutes:
        return _translate("{} min").format(minutes)
    return _translate("{} s").format(int(seconds))


def _translate(text: str) -> str:
    return QCoreApplication.translate("Shell", text)
