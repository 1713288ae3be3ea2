"""Synchronous playback: how far tiles are apart, what is shown of what is due, processor time."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.outcome import Options, Outcome, percentile
from benchmarks.recorded import Footage, Screen, application, clips, recorded, spin
from ui.playback.goal import Picture
from ui.playback.player import Player

_SECONDS = 20
_LIMIT_S = 20.0
_SETTLE_US = 1_000_000


def run(options: Options) -> Outcome:
    """8 x 640x360 at 15 fps, then 4 x 1080p at 30, each for `seconds` at its own pace."""
    app = application()
    outcome = Outcome("playback")
    seconds = options.seconds or _SECONDS
    for name, count, columns, width, height, fps, bitrate in (
        ("8 x 640x360", options.cameras or 8, 4, 640, 360, 15, 512),
        ("4 x 1080p", min(options.cameras or 4, 4), 2, 1920, 1080, 30, 4_000),
    ):
        with recorded(clips(count, width, height, fps, bitrate), seconds + 6) as footage:
            found = _play(footage, columns, fps, seconds)
        outcome.details[name] = found
        outcome.add(f"{name}: skew of tiles, p95", found["skew_ms_p95"], "ms", must=80, aim=40)
        outcome.add(f"{name}: skew of tiles, most", found["skew_ms_most"], "ms")
        outcome.add(f"{name}: late, p95", found["late_ms_p95"], "ms")
        outcome.add(f"{name}: shown of due", found["shown_percent"], "%")
        outcome.add(f"{name}: CPU", found["cpu_percent_of_core"], "% of a core")
    del app
    return outcome


def _play(footage: Footage, columns: int, fps: int, seconds: float) -> dict[str, Any]:
    player = Player()
    player.set_endpoint(footage.endpoint)
    screen = Screen(player, footage.camera_ids, columns)
    player.set_cameras(footage.camera_ids)
    screen.show()
    late_us: dict[str, list[float]] = {camera_id: [] for camera_id in footage.camera_ids}
    latest: dict[str, float] = {}
    skews: list[float] = []
    is_counting = False

    def painted(camera_id: str, picture: Picture, now_ns: int) -> None:
        """Lateness against the one clock; tiles that are equally late show the same moment."""
        if not is_counting:
            return
        late = player.position_at(now_ns) - picture.wall_us
        late_us[camera_id].append(late)
        latest[camera_id] = late
        if len(latest) == len(footage.camera_ids):
            skews.append(max(latest.values()) - min(latest.values()))

    screen.painted = painted
    player.seek(footage.start_us)
    player.play()
    spin(lambda: player.position_us > footage.start_us + _SETTLE_US, _LIMIT_S)
    is_counting = True
    from_us, cpu_s, started_s = player.position_us, time.process_time(), time.monotonic()
    spin(lambda: time.monotonic() - started_s > seconds, seconds + 1)
    elapsed_s = time.monotonic() - started_s
    cpu_s, played_us = time.process_time() - cpu_s, player.position_us - from_us
    is_counting = False
    player.stop()
    screen.close()
    late = [value for values in late_us.values() for value in values]
    due = played_us / 1e6 * fps * len(footage.camera_ids)
    return {
        "skew_ms_p95": round(percentile(skews, 0.95) / 1e3, 1),
        "skew_ms_most": round(max(skews, default=0.0) / 1e3, 1),
        "late_ms_p95": round(percentile(late, 0.95) / 1e3, 1),
        "shown_percent": round(100 * len(late) / due, 1) if due else 0.0,
        "cpu_percent_of_core": round(100 * cpu_s / elapsed_s, 1),
        "pace": round(played_us / 1e6 / elapsed_s, 3),
    }
