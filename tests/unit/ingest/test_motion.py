import numpy as np

from engine.ingest.motion import HEIGHT, WIDTH, MotionDetector, MotionSeen, MotionState

RNG = np.random.default_rng(7)
S = 1_000_000


def scene(noise=2.0, brightness=100):
    picture = np.full((HEIGHT, WIDTH), brightness, np.float32)
    picture[:, 40:60] += 30
    return np.clip(picture + RNG.normal(0, noise, picture.shape), 0, 255).astype(np.uint8)


def test_a_still_noisy_scene_is_no_motion():
    for noise in (1.0, 4.0, 8.0):
        detector = MotionDetector(0.004)
        assert not any(detector.update(scene(noise)).is_motion for _ in range(60))


def test_a_walking_figure_is_motion():
    detector = MotionDetector(0.004)
    for _ in range(10):
        detector.update(scene())
    hits = 0
    for step in range(20):
        picture = scene()
        picture[30:60, 10 + 5 * step : 22 + 5 * step] = 40
        hits += detector.update(picture).is_motion
    assert hits >= 18


def test_a_lamp_that_is_switched_on_is_no_motion():
    detector = MotionDetector(0.004)
    for _ in range(10):
        detector.update(scene())
    seen = [detector.update(scene(brightness=180)).is_motion for _ in range(10)]
    assert not any(seen)


def test_motion_holds_through_short_pauses_and_ends_once():
    state, moving, still = MotionState(), MotionSeen(0.2, True), MotionSeen(0.0, False)
    state, ended = state.next(moving, 1 * S, 2 * S)
    assert state.is_active
    assert not ended
    state, ended = state.next(still, 2 * S, 2 * S)
    assert state.is_active
    assert not ended
    before = state
    state, ended = state.next(still, 4 * S, 2 * S)
    assert ended
    assert not state.is_active
    assert (before.since_wall_us, before.last_wall_us, before.peak) == (1 * S, 1 * S, 0.2)
    assert state.next(still, 5 * S, 2 * S) == (MotionState(), False)
