"""What a tile may claim: every status, with every age of the last picture."""

from __future__ import annotations

from typing import get_args

import pytest

from nvr_app.contract.events import CameraState
from nvr_app.contract.status import CameraStatus
from ui.theme.tokens import DARK
from ui.wall.metrics import STALE_AFTER_NS, STATE_INTERVAL_MS
from ui.wall.moment import Moment
from ui.wall.tile_state import Mark, TileKind, TileState, Tone, is_degraded, tile_state

NOW = Moment(mono_ns=10_000_000_000, wall_us=1_700_000_000_000_000)
FRESH = NOW.mono_ns - STALE_AFTER_NS + 1
STALE = NOW.mono_ns - STALE_AFTER_NS


def camera(status="active", **more):
    return CameraStatus(
        camera_id="c1", name="Door", location="", status=status, since_wall_us=0, **more
    )


@pytest.mark.parametrize("status", get_args(CameraState))
@pytest.mark.parametrize("picture", [None, FRESH, STALE])
@pytest.mark.parametrize("reachable", [True, False])
def test_only_a_fresh_picture_of_a_running_camera_is_live(status, picture, reachable):
    state = tile_state(camera(status), picture, NOW, is_engine_reachable=reachable)
    expected = reachable and status in ("active", "unwritable") and picture == FRESH
    assert state.is_live is expected


@pytest.mark.parametrize("status", sorted(set(get_args(CameraState)) - {"active"}))
@pytest.mark.parametrize("picture", [None, FRESH, STALE])
def test_the_engines_word_decides_unless_the_camera_is_active(status, picture):
    assert tile_state(camera(status), picture, NOW).kind is TileKind(status)


@pytest.mark.parametrize(
    ("picture", "kind"),
    [(None, TileKind.WAITING), (FRESH, TileKind.LIVE), (STALE, TileKind.STALLED)],
)
def test_an_active_camera_is_judged_by_its_pictures(picture, kind):
    assert tile_state(camera(), picture, NOW).kind is kind


@pytest.mark.parametrize("status", get_args(CameraState))
def test_nothing_is_known_of_any_camera_without_the_engine(status):
    state = tile_state(camera(status), FRESH, NOW, is_engine_reachable=False)
    assert state == TileState(TileKind.UNREACHABLE, is_live=False)


def test_a_tile_is_grey_within_two_seconds():
    assert STALE_AFTER_NS + STATE_INTERVAL_MS * 1_000_000 < 2_000_000_000


@pytest.mark.parametrize(
    ("received", "nominal", "degraded"),
    [(14, 30, True), (23.9, 30, True), (24, 30, False), (30, 30, False), (0, 30, False)],
)
def test_a_rate_clearly_below_the_nominal_one_is_degraded(received, nominal, degraded):
    status = camera(received_fps=received, nominal_fps=nominal)
    assert is_degraded(status) is degraded
    assert tile_state(status, FRESH, NOW).kind is (TileKind.DEGRADED if degraded else TileKind.LIVE)


def test_a_camera_without_a_nominal_rate_is_never_degraded():
    assert not is_degraded(camera(received_fps=3, nominal_fps=0))


@pytest.mark.parametrize("kind", TileKind)
def test_every_state_has_a_shape_and_a_colour_of_the_palette(kind):
    state = TileState(kind, is_live=False)
    assert isinstance(state.mark, Mark)
    assert getattr(DARK, state.tone.value).startswith("#")


def test_shapes_tell_states_apart_without_colour():
    assert TileState(TileKind.LIVE, is_live=True).mark is Mark.DISC
    assert TileState(TileKind.DEGRADED, is_live=True).mark is Mark.DIAMOND
    assert TileState(TileKind.LOST, is_live=False).mark is Mark.SQUARE
    assert TileState(TileKind.PAUSED, is_live=False).mark is Mark.RING
    assert TileState(TileKind.LOST, is_live=False).tone is Tone.CRITICAL
