"""When the dead are started again."""

from itertools import pairwise

from engine.supervisor.restart_policy import INCIDENT_RESTARTS, RestartHistory


def deaths(count, *, lived_s, every_s):
    """The history after so many deaths, and every delay."""
    history, delays = RestartHistory(), []
    for number in range(count):
        history, delay_s = history.next(lived_s, number * every_s)
        delays.append(delay_s)
    return history, delays


def test_the_first_restart_comes_at_once_then_they_thin_out_and_never_end():
    _, delays = deaths(20, lived_s=1, every_s=1)
    assert delays[0] == 0
    assert 5 <= delays[1] <= 5.5
    assert 10 <= delays[2] <= 11
    assert all(300 <= delay <= 330 for delay in delays[8:])
    assert all(b > a for a, b in pairwise(delays[:7]))


def test_who_lived_long_enough_is_started_at_once_again():
    _, delays = deaths(4, lived_s=61, every_s=100)
    assert delays == [0, 0, 0, 0]


def test_six_deaths_in_ten_minutes_are_an_incident_and_slow_ones_are_none():
    often, _ = deaths(INCIDENT_RESTARTS + 1, lived_s=61, every_s=90)
    assert often.is_incident
    seldom, _ = deaths(30, lived_s=61, every_s=130)
    assert not seldom.is_incident
