"""Footage that ages in a real engine: it moves, becomes smaller, leaves clips, and stays whole."""

from __future__ import annotations

import os
import signal
import time

import pytest
from moto.server import ThreadedMotoServer

from engine.media.same_footage import read_times
from engine.storage_access.bucket import Bucket
from nvr_app.contract.config import (
    AgeingSettings,
    BucketSettings,
    ClipSettings,
    Credentials,
    StorageSettings,
)
from nvr_app.secrets import Secrets
from tests.support.fact_teller import FactTeller

SECOND = 1 / 86_400
LOGIN = Credentials(user="key", password="secret")
pytestmark = pytest.mark.timeout(180)


def segments(engine):
    return engine.json("/api/v1/recordings")["segments"]


def test_footage_goes_down_a_tier_and_becomes_smaller_and_nothing_is_lost(
    engine, sim_cameras, tmp_path
):
    one = engine(
        sim_cameras(1),
        storage=(
            StorageSettings(name="fast", path=str(tmp_path / "fast")),
            StorageSettings(name="big", path=str(tmp_path / "big"), role="warm"),
        ),
        ageing=AgeingSettings(
            warm_after_days=SECOND, hevc_after_days=4 * SECOND, hevc_preset="ultrafast",
            hevc_crf=34, av1_after_days=0, cpu_share=4,
        ),
    ).start()  # fmt: skip

    def aged():
        return [s for s in segments(one) if s["root"] == "big" and s["path"].endswith(".hevc.mp4")]

    for _ in range(2):  # whatever it is at: what was begun is finished by the next one
        before = len(aged())
        one.until(lambda: one.pid_of("chores") is not None, "the chores worker")
        pid = one.pid_of("chores")
        os.kill(pid, signal.SIGKILL)
        one.until(lambda: len(aged()) > before, "another segment to be H.265 on the warm root", 60)  # noqa: B023  waited for at once
    for segment in aged()[:2]:
        file = tmp_path / "big" / segment["path"]
        assert file.stat().st_size == segment["size_bytes"]
        media = read_times(file, pace=None)
        assert media.codec == "hevc"
        length_us = segment["end_wall_us"] - segment["start_wall_us"]
        assert abs(media.times_us[-1] - length_us) < 200_000, "wall time stays where it was"
        status, body = one.ask(f"/api/v1/segments/{segment['segment_id']}/media")
        assert (status, body) == (200, file.read_bytes())
    one.until(lambda: "surveillance_reencode_saved_bytes_total" in metrics(one), "the savings")
    one.stop()
    code, report = one.check("--hash")
    assert (code, report["is_sound"]) == (0, True)
    assert report["hashed"] >= 2
    assert report["orphans"] == []


def metrics(engine):
    return engine.ask("/metrics")[1].decode()


@pytest.fixture
def store():
    """A server that speaks S3, with an empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = BucketSettings(
        name="vault", bucket="evidence", region="us-east-1", endpoint=f"http://{host}:{port}"
    )
    bucket = Bucket(settings, LOGIN)
    bucket._client.create_bucket(Bucket="evidence")
    yield bucket
    server.stop()


def test_footage_plays_from_a_bucket_and_an_event_leaves_a_clip(engine, sim_cameras, store):
    one = engine(
        sim_cameras(1),
        bucket=(store._settings,),
        ageing=AgeingSettings(cold_after_days=SECOND, reencode=False),
        clips=ClipSettings(pre_s=2, post_s=1),
    )
    Secrets(one.folder).set_bucket("vault", LOGIN)
    one.start()
    teller = FactTeller(one.folder.root)
    teller.start()
    try:
        one.until(lambda: one.recorded_bytes("a") > 0, "footage")
        time.sleep(4)  # what the pre-roll shows
        event = teller.begin_track("e1")
        assert one.json("/api/v1/events/e1/clip.mp4")["error"]
        teller.end_track(event, length_s=2)
        one.until(lambda: one.ask("/api/v1/events/e1/clip.mp4")[0] == 200, "the clip", 60)
        _, body = one.ask("/api/v1/events/e1/clip.mp4")
        clip = one.folder.root / "kept.mp4"
        clip.write_bytes(body)
        media = read_times(clip, pace=lambda: None)
        assert media.decoded == len(media.times_us)
        assert 4.0e6 < media.times_us[-1] < 7.5e6
        assert list((one.folder.root / "clips" / "a").rglob("e1.mp4"))

        def archived():
            return [s for s in segments(one) if s["root"] == "vault"]

        one.until(archived, "a segment in the bucket", 60)
        segment = archived()[0]
        status, body = one.ask(f"/api/v1/segments/{segment['segment_id']}/media")
        assert (status, len(body)) == (200, segment["size_bytes"])
        assert body == store.read(segment["path"], 0, len(body))
        assert not (one.folder.recordings / segment["path"]).exists()
        assert [b["fault"] for b in one.json("/api/v1/storage")["buckets"]] == [""]
    finally:
        teller.close()
    one.stop()
    code, report = one.check()
    assert (code, report["is_sound"]) == (0, True)
    assert report["in_buckets"] >= 1
