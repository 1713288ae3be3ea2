"""Sentences of a tile: what is wrong, since when, what happens next."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication

from nvr_app.contract.status import CameraStatus
from nvr_app.contract.timebase import US_PER_MS, US_PER_S
from ui.wall.moment import Moment
from ui.wall.tile_state import TileKind, TileState, is_degraded

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


class TileWords(NamedTuple):
    """The headline over a veiled picture, and the lines under it."""

    headline: str
    lines: tuple[str, ...]


def clock_text(wall_us: int) -> str:
    """Local time of day to the second."""
    return _second_text(wall_us // US_PER_S)


@lru_cache(maxsize=256)
def _second_text(wall_s: int) -> str:
    """Every tile asks for the same few seconds, fifteen times each."""
    return datetime.fromtimestamp(wall_s).astimezone().strftime("%H:%M:%S")


def exact_clock_text(wall_us: int) -> str:
    """Local time of day to the millisecond."""
    return f"{clock_text(wall_us)}.{wall_us // US_PER_MS % 1000:03d}"


def date_time_text(wall_us: int) -> str:
    """Local date and time, in the order that sorts."""
    return _date_text(wall_us // US_PER_S)


@lru_cache(maxsize=256)
def _date_text(wall_s: int) -> str:
    return datetime.fromtimestamp(wall_s).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def file_time_text(wall_us: int) -> str:
    """Local time as file names bear it, to the millisecond."""
    return _local(wall_us).strftime("%Y%m%dT%H%M%S.") + f"{wall_us // US_PER_MS % 1000:03d}"


def duration_text(duration_us: int) -> str:
    """0:42, 1:02:09, then days and hours; a clock that is behind counts as 0:00."""
    seconds = max(0, duration_us) // US_PER_S
    if seconds >= _DAY_S:
        return QCoreApplication.translate("Wall", "{days} d {hours} h").format(
            days=seconds // _DAY_S, hours=seconds % _DAY_S // _HOUR_S
        )
    minutes, rest = divmod(seconds, _MINUTE_S)
    if seconds >= _HOUR_S:
        return f"{seconds // _HOUR_S}:{minutes % _MINUTE_S:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}"


def rate_text(status: CameraStatus) -> str:
    """14 of 30 fps; empty while the rate is as promised."""
    if not is_degraded(status):
        return ""
    return QCoreApplication.translate("Wall", "{arriving} of {nominal} fps").format(
        arriving=round(status.received_fps), nominal=round(status.nominal_fps)
    )


def badge_text(status: CameraStatus, state: TileState) -> str:
    """What stands in the upper right corner of a live picture; empty when all is well."""
    if state.kind is TileKind.UNWRITABLE:
        return QCoreApplication.translate("Wall", "storage refused")
    return rate_text(status) if state.kind is TileKind.DEGRADED else ""


def tile_words(
    status: CameraStatus,
    state: TileState,
    picture_wall_us: int,
    now: Moment,
    connection: str | None = None,
) -> TileWords:
    """Words over a tile that is not live. `picture_wall_us` is 0 before the first picture."""
    lines = []
    if state.kind is TileKind.UNREACHABLE and connection:
        lines.append(connection)
    if picture_wall_us:
        lines.append(
            QCoreApplication.translate("Wall", "no picture since {time}").format(
                time=clock_text(picture_wall_us)
            )
        )
    if state.kind is not TileKind.UNREACHABLE and status.next_try_wall_us > now.wall_us:
        wait_s = -(-(status.next_try_wall_us - now.wall_us) // US_PER_S)
        lines.append(
            QCoreApplication.translate("Wall", "next try in {seconds} s").format(seconds=wait_s)
        )
    if state.kind is not TileKind.UNREACHABLE and status.detail and status.status != "active":
        lines.append(status.detail)
    return TileWords(_headline(status, state.kind, now), tuple(lines))


def _headline(status: CameraStatus, kind: TileKind, now: Moment) -> str:
    if kind is TileKind.LOST:
        return QCoreApplication.translate("Wall", "Lost for {duration}").format(
            duration=duration_text(now.wall_us - status.since_wall_us)
        )
    return {
        TileKind.LIVE: QCoreApplication.translate("Wall", "Live"),
        TileKind.DEGRADED: QCoreApplication.translate("Wall", "Degraded"),
        TileKind.UNWRITABLE: QCoreApplication.translate("Wall", "Storage refused"),
        TileKind.WAITING: QCoreApplication.translate("Wall", "Waiting for the first picture"),
        TileKind.STALLED: QCoreApplication.translate("Wall", "No picture"),
        TileKind.CONNECTING: QCoreApplication.translate("Wall", "Connecting"),
        TileKind.REFUSED: QCoreApplication.translate("Wall", "Password refused"),
        TileKind.PAUSED: QCoreApplication.translate("Wall", "Paused"),
        TileKind.UNSUPPORTED: QCoreApplication.translate("Wall", "Stream not supported"),
        TileKind.STOPPED: QCoreApplication.translate("Wall", "Stopped"),
        TileKind.UNREACHABLE: QCoreApplication.translate("Wall", "Engine unreachable"),
        TileKind.PAST: QCoreApplication.translate("Wall", "Playback"),
    }[kind]


def _local(wall_us: int) -> datetime:
    return datetime.fromtimestamp(wall_us / US_PER_S).astimezone()


def tool_tip_text(status: CameraStatus) -> str:
    """Raw figures, for those who ask."""
    template = QCoreApplication.translate(
        "Wall",
        "{name} · {location}\n{width} x {height} {codec}, {rate:.1f} fps of {nominal:.1f},"
        " {megabits:.2f} Mbit/s\npreview {preview:.1f} fps, analysed {analysed:.1f} fps,"
        " {reconnects} reconnects",
    )
    return template.format(
        name=status.name,
        location=status.location or "-",
        width=status.width,
        height=status.height,
        codec=status.codec or "-",
        rate=status.received_fps,
        nominal=status.nominal_fps,
        megabits=status.bitrate_bps / 1e6,
        preview=status.preview_fps,
        analysed=status.analysed_fps,
        reconnects=status.reconnects,
    )
