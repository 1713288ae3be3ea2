"""Detection on a real engine: without a model, with a broken one, and after its worker's death."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from engine.simulation.clips import prepare_clips
from nvr_app.contract.config import CameraSettings, DetectionSettings

BESIDE = Path(__file__).parents[3] / "shared" / "models"
MODELS = Path(os.environ.get("NVR_MODELS_DIR", "") or BESIDE)
NAME = "yolox_nano_416.onnx"
ON = DetectionSettings(enabled=True)


def model_state(one):
    return one.json("/api/v1/model/status")["state"]


@pytest.fixture
def without_models(monkeypatch):
    monkeypatch.delenv("NVR_MODELS_DIR", raising=False)


@pytest.mark.usefixtures("without_models")
def test_without_a_model_motion_is_seen_and_the_lack_is_told(engine, sim_cameras):
    one = engine(sim_cameras(1), detection=ON).start()
    one.until(lambda: model_state(one) == "missing", "the lack to be told")
    assert NAME in one.json("/api/v1/model/status")["detail"]
    one.until(lambda: one.statuses()["a"]["motion"], "motion")
    status, _ = one.ask("/api/v1/inference/test", "POST", body=b"{}")
    assert status in {400, 409, 503}
    one.stop()


@pytest.mark.usefixtures("without_models")
def test_a_broken_model_is_told_and_recording_goes_on(engine, sim_cameras):
    one = engine(sim_cameras(1), detection=ON)
    (one.folder.models / NAME).write_bytes(b"this is no model")
    one.start()
    one.until(lambda: model_state(one) == "broken", "the fault to be told")
    assert NAME in one.json("/api/v1/model/status")["detail"]
    one.until(lambda: one.recording() == 1, "recording")
    one.stop()


@pytest.mark.skipif(not (MODELS / NAME).is_file(), reason=f"{NAME} is not in NVR_MODELS_DIR")
def test_a_walker_is_one_event_with_its_picture_and_a_killed_worker_ends_its_tracks(
    engine, tmp_path_factory
):
    (clip,) = prepare_clips(tmp_path_factory.mktemp("scenes"), ["front-door"], lambda *_: None)
    camera = CameraSettings(id="a", kind="sim", main=str(clip.main), sub=str(clip.sub))
    one = engine([camera], detection=ON)
    shutil.copy(MODELS / NAME, one.folder.models / NAME)
    one.start()

    def tracks():
        return one.json("/api/v1/events?kind=track")["events"]

    one.until(lambda: any(event["end"] for event in tracks()), "a whole track")
    event = next(event for event in tracks() if event["end"])
    assert event["label"] == "person"
    status, picture = one.ask(f"/api/v1/events/{event['event_id']}/snapshot.jpg")
    assert (status, picture[:2]) == (200, b"\xff\xd8")
    detail = one.json(f"/api/v1/events/{event['event_id']}")
    assert len(detail["path"]) >= 2
    one.until(lambda: any(not event["end"] for event in tracks()), "a track that lasts")
    open_ids = {event["event_id"] for event in tracks() if not event["end"]}
    before = one.recorded_bytes("a")
    victim = one.children()["vision-1"]
    victim.kill()
    one.until(lambda: one.pid_of("vision-1") not in {None, victim.pid}, "a new worker")

    def ended():
        return open_ids <= {event["event_id"] for event in tracks() if event["end"]}

    one.until(ended, "the tracks of the dead worker to end")
    assert one.recorded_bytes("a") > before
    one.stop()
    code, report = one.check("--hash")
    assert (code, report["is_sound"]) == (0, True), report
