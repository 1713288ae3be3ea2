"""A real engine whose camera was away: its gap is filled from the camera's own card."""

import json
import subprocess
import sys
import time

import av
import pytest

from nvr_app.contract.config import CameraSettings, Credentials
from nvr_app.secrets import Secrets
from tests.support.card_clip import make_unlike_clip, split_nals
from tests.support.onvif_camera import PASSWORD, USER, OnvifCamera

S = 1_000_000
pytestmark = pytest.mark.timeout(180)


def now_us():
    return time.time_ns() // 1_000


@pytest.fixture
def camera(tmp_path):
    clip = make_unlike_clip(tmp_path / "unlike.mp4")
    one = OnvifCamera(clip, card_from_us=now_us() - 3_600 * S).start()
    yield one
    one.close()


def pictures_of(engine, segment):
    """(wall_us, nals) of a segment's file."""
    path = engine.folder.recordings / segment["path"]
    found = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        to_annex_b = av.BitStreamFilterContext("h264_mp4toannexb", stream)
        for packet in container.demux(stream):
            if packet.size:
                at_us = int(packet.pts * packet.time_base * 1_000_000)
                found += [
                    (segment["start_wall_us"] + at_us, split_nals(bytes(one)))
                    for one in to_annex_b.filter(packet)
                ]
    return found


def recordings(engine):
    return engine.json("/api/v1/recordings?camera_id=a")


def from_card(engine):
    return [one for one in recordings(engine)["segments"] if one["origin"] == "card"]


def test_what_the_camera_saw_while_it_was_away_is_fetched_from_its_card(engine, camera):
    one = engine(
        [CameraSettings(id="a", main=camera.live_url, onvif=camera.onvif_url, motion=False)]
    )
    Secrets(one.folder).set_camera("a", Credentials(user=USER, password=PASSWORD))
    one.start()
    one.until(lambda: one.recording() == 1, "the camera to record")
    time.sleep(2)
    camera.rtsp.cut_live()
    time.sleep(5)
    camera.rtsp.live_again()
    one.until(lambda: recordings(one)["gaps"], "the gap to be told")
    gap = recordings(one)["gaps"][0]
    length_us = gap["end_wall_us"] - gap["start_wall_us"]
    assert gap["reason"] == "camera_lost"
    assert length_us > 3 * S
    one.until(lambda: from_card(one), "footage of the card")
    one.until(
        lambda: (
            sum(s["end_wall_us"] - s["start_wall_us"] for s in from_card(one)) > length_us - 1.2 * S
        ),
        "all of the gap but the time to its first keyframe to be fetched",
    )

    # Every picture lies where it was taken, within the gap, and none is missing.
    pictures = [picture for s in from_card(one) for picture in pictures_of(one, s)]
    for wall_us, nals in pictures:
        assert abs(camera.clip.moment_of(nals, wall_us) - wall_us) < 2_000
    times = [wall_us for wall_us, _ in pictures]
    assert times == sorted(times)
    assert gap["start_wall_us"] <= times[0]
    assert times[-1] < gap["end_wall_us"]
    assert len(times) >= (length_us / S - 1.2) * 15 - 1

    # What is filled is no gap any more, and is told apart from what came live.
    one.until(
        lambda: all(
            g["end_wall_us"] - g["start_wall_us"] < 1.2 * S for g in recordings(one)["gaps"]
        ),
        "the gap to shrink",
    )
    ago = (gap["start_wall_us"] - 5 * S) / S
    later = (gap["end_wall_us"] + 2 * S) / S
    row = one.json(f"/api/v1/timeline?start={ago}&end={later}&width=10000")["cameras"][0]
    marked = [span for span in row["recorded"] if span[2] == "card"]
    assert abs(marked[0][0] - times[0]) < 1_000
    assert (
        one.until(lambda: "surveillance_gap_filled_seconds_total" in metrics(one), "metrics")
        is None
    )

    card = camera_test(one)[-1]
    assert (card["role"], card["offers_profile_g"], card["recordings"]) == ("card", True, 1)
    assert card["trouble"] == ""

    one.stop()
    code, report = one.check("--hash")
    assert code == 0, report
    code, report = one.check("--rebuild")
    assert code == 0, report
    one.start()
    again = from_card(one)
    assert [s["segment_id"] for s in again]


def camera_test(engine):
    """`nvr camera test`."""
    done = subprocess.run(
        [sys.executable, "-m", "nvr_app", "--data-dir", str(engine.folder.root), "camera", "test",
         "a", "--seconds", "1", "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def metrics(engine):
    return engine.ask("/metrics")[1].decode()
