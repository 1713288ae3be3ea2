"""The card of a simulated camera over real sockets: found, replayed, and every kind of trouble."""

import time

import pytest

from engine.base.clock import SystemClock
from engine.card.describe import describe_card
from engine.card.errors import CardError, CardRefusedError, NoProfileGError
from engine.card.profile_g import Card
from engine.media.replay.errors import NothingRecordedError, ReplayError, ReplayRefusedError
from engine.media.replay.session import ReplaySession
from nvr_app.contract.config import CameraSettings, Credentials
from tests.support.card_clip import make_unlike_clip
from tests.support.onvif_camera import PASSWORD, USER, OnvifCamera

S = 1_000_000
LOGIN = Credentials(user=USER, password=PASSWORD)


def now_us():
    return time.time_ns() // 1_000


@pytest.fixture(scope="module")
def unlike(tmp_path_factory):
    return make_unlike_clip(tmp_path_factory.mktemp("card") / "unlike.mp4")


@pytest.fixture
def camera(unlike):
    one = OnvifCamera(unlike, card_from_us=now_us() - 3_600 * S).start()
    yield one
    one.close()


@pytest.fixture
def ask(camera):
    made = []

    def connect(login=LOGIN):
        made.append(Card(camera.onvif_url, login, SystemClock()))
        made[-1].connect()
        return made[-1]

    yield connect
    for card in made:
        card.close()


def replayed(camera, card, start_us, end_us):
    """(wall_us, unit) of a replay, by our clock."""
    url = card.replay_url(card.recordings()[0].token)
    session = ReplaySession(url, LOGIN, SystemClock(), lambda: None)
    try:
        video = session.open()
        return [
            (unit.mark.wall_us - camera.offset_us, unit)
            for unit in session.units(video, start_us + camera.offset_us, end_us + camera.offset_us)
        ]
    finally:
        session.close()


def test_every_picture_of_a_replay_bears_the_time_at_which_it_was_taken(camera, ask):
    end_us = now_us() - 5 * S
    start_us = end_us - 30 * S
    came = replayed(camera, ask(), start_us, end_us)
    assert came[0][1].is_keyframe
    within = [wall_us for wall_us, _ in came if wall_us >= start_us]
    assert len(within) == pytest.approx(450, abs=1)  # fifteen a second, none missing
    for wall_us, unit in came:
        assert abs(camera.clip.moment_of(unit.nals, wall_us) - wall_us) <= 1


def test_h265_is_replayed_too(tmp_path):
    clip = make_unlike_clip(tmp_path / "unlike.mp4", seconds=2, codec="libx265")
    camera = OnvifCamera(clip, card_from_us=now_us() - 3_600 * S).start()
    card = Card(camera.onvif_url, LOGIN, SystemClock())
    try:
        card.connect()
        end_us = now_us() - 5 * S
        came = replayed(camera, card, end_us - 4 * S, end_us)
        assert len(came) >= 59
        for wall_us, unit in came:
            assert abs(camera.clip.moment_of(unit.nals, wall_us) - wall_us) <= 1
    finally:
        card.close()
        camera.close()


def test_what_the_card_holds_is_told_by_our_clock(camera, ask):
    camera.offset_us = 100 * S
    found = ask().overview()
    assert found.recordings == 1
    assert abs(found.start_wall_us - camera.card[0][0]) < 2 * S
    assert abs(found.offset_us - 100 * S) < 1.6 * S


def test_a_clock_that_is_years_off_can_be_logged_in_with_but_is_not_trusted(camera, ask):
    camera.offset_us = -6 * 365 * 86_400 * S
    card = ask()
    assert card.overview().recordings == 1  # the login was made for the camera's time
    with pytest.raises(CardError, match="6 years behind ours"):
        card.require_trusted_clock()


def test_a_wrong_password_and_none_are_told_apart(camera, ask):
    with pytest.raises(CardRefusedError, match="refuses this login"):
        ask(Credentials(user=USER, password="other"))
    with pytest.raises(CardRefusedError, match="nvr camera password"):
        ask(None)
    session = ReplaySession(
        f"rtsp://127.0.0.1:{camera.rtsp.port}/replay/rec0",
        Credentials(user=USER, password="other"), SystemClock(), lambda: None,
    )  # fmt: skip
    with pytest.raises(ReplayRefusedError, match="refuses this login"):
        session.open()
    session.close()


def test_a_camera_without_a_card_service_and_one_with_an_empty_card(camera, ask):
    camera.card = []
    card = ask()
    assert card.overview().recordings == 0
    assert card.recordings() == []
    camera.has_profile_g = False
    with pytest.raises(NoProfileGError, match="Profile G"):
        ask()


def test_time_that_the_card_does_not_hold_is_said_so(camera, ask):
    with pytest.raises(NothingRecordedError):
        replayed(camera, ask(), now_us() - 9_000 * S, now_us() - 8_000 * S)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("bomb", "no sound XML"), ("page", "no sound XML"), ("endless", "more than 1 MiB"),
        ("redirect", "sends us elsewhere"),
    ],
)  # fmt: skip
def test_no_answer_does_harm(camera, ask, fault, words):
    camera.fault = fault
    with pytest.raises(CardError, match=words):
        ask()


def test_a_camera_that_names_a_stranger_is_spoken_to_all_the_same(camera, ask):
    camera.foreign_host = "192.0.2.1"
    end_us = now_us() - 5 * S
    assert len(replayed(camera, ask(), end_us - 2 * S, end_us)) >= 29


@pytest.mark.parametrize(
    ("fault", "words"), [("garbage", "no RTP|does not speak RTSP"), ("no_marks", "0xABAC")]
)
def test_a_replay_that_cannot_be_read_ends_with_a_sentence(camera, ask, fault, words):
    camera.fault = fault
    end_us = now_us() - 5 * S
    with pytest.raises(ReplayError, match=words):
        replayed(camera, ask(), end_us - 10 * S, end_us)


def test_a_replay_that_stalls_is_given_up(camera, ask, monkeypatch):
    monkeypatch.setattr("engine.media.replay.session._SILENCE_S", 1.0)
    camera.fault = "stall"
    end_us = now_us() - 5 * S
    with pytest.raises(ReplayError, match="stalled"):
        replayed(camera, ask(), end_us - 10 * S, end_us)
    camera.fault = "no_end"  # all came: that the camera says nothing more is its way to end
    assert len(replayed(camera, ask(), end_us - 2 * S, end_us)) >= 29


def test_the_card_in_a_sentence(camera):
    settings = CameraSettings(id="a", main="rtsp://127.0.0.1/x", onvif=camera.onvif_url)
    told = describe_card(settings, LOGIN, SystemClock())
    assert told.sentence().startswith("ONVIF Profile G, 1 recordings from 2")
    camera.offset_us = 10_800 * S
    told = describe_card(settings, LOGIN, SystemClock())
    assert (told.offers_profile_g, abs(told.clock_offset_s - 10_800) < 1.6) == (True, True)
    assert "3 hours ahead of ours" in told.trouble
    camera.has_profile_g = False
    assert "Profile G" in describe_card(settings, LOGIN, SystemClock()).sentence()
