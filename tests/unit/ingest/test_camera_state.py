from engine.ingest.camera_state import Observation, choose_state, is_silent
from engine.ingest.stream_reader import Link

NOW = 100_000_000_000


def seen(link, *, last_s_ago=None, ever=False, paused=False, failure="", slow=False, fps=30.0):
    last = 0 if last_s_ago is None else NOW - int(last_s_ago * 1e9)
    return Observation(
        link=link,
        is_paused=paused,
        last_packet_mono_ns=last,
        fps=fps,
        recorder_failure=failure,
        disk_is_slow=slow,
        ever_active=ever,
    )


def link(phase, **more):
    return Link(phase, NOW - 60_000_000_000, **more)


def test_states_follow_the_connection():
    cases = [
        (seen(link("connecting")), "connecting"),
        (seen(link("open"), last_s_ago=0.1), "active"),
        (seen(link("open"), last_s_ago=1.6), "lost"),
        (seen(link("waiting", error="no route", fault="unreachable", failures=1)), "lost"),
        (seen(link("waiting", error="401", fault="refused", failures=3)), "refused"),
        (seen(link("waiting", error="av1", fault="unsupported", failures=1)), "unsupported"),
        (seen(link("open"), last_s_ago=0.1, failure="disk full"), "unwritable"),
        (seen(link("open"), last_s_ago=0.1, paused=True), "paused"),
        (seen(link("connecting"), ever=True), "lost"),
    ]
    for observation, state in cases:
        assert choose_state(observation, NOW)[0] == state, observation


def test_a_reconnecting_camera_keeps_its_reason():
    state, detail = choose_state(
        seen(link("connecting", error="cable", fault="unreachable", failures=2), ever=True), NOW
    )
    assert (state, detail) == ("lost", "cable")


def test_a_slow_camera_is_not_called_silent_between_its_pictures():
    assert not is_silent(NOW - 3_000_000_000, 0, 1.0, NOW)
    assert is_silent(NOW - 4_100_000_000, 0, 1.0, NOW)
    assert is_silent(NOW - 1_600_000_000, 0, 30.0, NOW)
