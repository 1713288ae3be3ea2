"""From asking for a moment of recorded 1080p to its picture on the screen."""

from __future__ import annotations

import random
import time

from benchmarks.outcome import Options, Outcome, percentile
from benchmarks.recorded import Footage, Screen, application, clips, recorded, spin
from ui.playback.goal import Picture
from ui.playback.player import Player

_SECONDS = 45
_SEEKS, _FIRST_SEEKS, _SCRUBS = 120, 15, 60
_LIMIT_S = 10.0


def run(options: Options) -> Outcome:
    """Random moments, one camera in full size; keyframes every two seconds."""
    app = application()
    outcome = Outcome("seek")
    mains = clips(1, 1920, 1080, 30, 4_000)
    with recorded(mains, options.seconds or _SECONDS) as footage:
        moments = random.Random(1)
        with_player = _player(footage)
        player, screen = with_player
        exact = [_seek_ms(player, screen, _moment(footage, moments)) for _ in range(_SEEKS)]
        scrubs = [
            _seek_ms(player, screen, _moment(footage, moments), scrub=True) for _ in range(_SCRUBS)
        ]
        player.stop()
        first = []
        for _ in range(_FIRST_SEEKS):
            player, screen = _player(footage)
            first.append(_seek_ms(player, screen, _moment(footage, moments)))
            player.stop()
            screen.close()
    del app
    outcome.add("seek to painted, p50", round(percentile(exact, 0.5), 1), "ms")
    outcome.add("seek to painted, p95", round(percentile(exact, 0.95), 1), "ms", must=300, aim=120)
    outcome.add("first seek of a player, p95", round(percentile(first, 0.95), 1), "ms")
    outcome.add("dragging: keyframe painted, p95", round(percentile(scrubs, 0.95), 1), "ms")
    outcome.details = {"seeks": len(exact), "slowest_ms": round(max(exact), 1)}
    return outcome


def _player(footage: Footage) -> tuple[Player, Screen]:
    player = Player()
    player.set_endpoint(footage.endpoint)
    screen = Screen(player, footage.camera_ids, 1)
    player.set_cameras(footage.camera_ids)
    screen.show()
    spin(screen.isVisible, _LIMIT_S)
    return player, screen


def _moment(footage: Footage, moments: random.Random) -> int:
    return moments.randrange(footage.start_us, footage.end_us)


def _seek_ms(player: Player, screen: Screen, wanted_us: int, *, scrub: bool = False) -> float:
    """Until the right picture was painted. RuntimeError: another came, or none."""
    ends: list[tuple[Picture, int]] = []
    screen.painted = lambda _, picture, now_ns: ends.append((picture, now_ns))
    started_ns = time.monotonic_ns()
    player.seek(wanted_us, scrub=scrub)
    if not spin(lambda: bool(ends), _LIMIT_S):
        raise RuntimeError(f"no picture of {wanted_us} within {_LIMIT_S:g} s")
    picture, now_ns = ends[0]
    if not picture.wall_us <= wanted_us < picture.until_us + 1_000:
        raise RuntimeError(f"the picture of {picture.wall_us} was shown for {wanted_us}")
    return (now_ns - started_ns) / 1e6
