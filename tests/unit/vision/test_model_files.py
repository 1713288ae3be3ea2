"""Model files as people put them there: missing, cut off, scrambled, of another kind."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from engine.vision.detectors.onnx_detector import DetectorOptions
from engine.vision.errors import ModelError
from engine.vision.letterbox import plan_input
from engine.vision.models import choose_model, load_detector, read_catalogue

BESIDE = Path(__file__).parents[4] / "shared" / "models"
MODELS = Path(os.environ.get("NVR_MODELS_DIR", "") or BESIDE)
NAME = "yolox_nano_416.onnx"
needs_model = pytest.mark.skipif(
    not (MODELS / NAME).is_file(), reason=f"{NAME} is not in NVR_MODELS_DIR"
)
OPTIONS = DetectorOptions(labels=("person", "car"), score_threshold=0.4)


def test_without_a_model_the_sentence_says_what_to_put_where(tmp_path):
    with pytest.raises(ModelError) as told:
        choose_model([tmp_path])
    best = read_catalogue()[0]
    assert best.file in str(told.value)
    assert str(tmp_path) in str(told.value)
    assert "Recording goes on" in str(told.value)


def test_an_unknown_name_is_told_with_the_known_ones(tmp_path):
    with pytest.raises(ModelError, match=read_catalogue()[0].name):
        choose_model([tmp_path], "no-such-model")


@pytest.mark.parametrize("data", [b"", b"not a model", bytes(4096), b"\x08\x07" * 500])
def test_what_is_no_model_is_refused_by_name(tmp_path, data):
    (tmp_path / "strange.onnx").write_bytes(data)
    with pytest.raises(ModelError, match=r"strange\.onnx"):
        choose_model([tmp_path])


@needs_model
@pytest.mark.parametrize("share", [0.01, 0.3, 0.9, 0.999])
def test_a_copy_that_was_cut_off_never_runs(tmp_path, share):
    whole = (MODELS / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelError, match=NAME.replace(".", r"\.")):
        load_detector(choose_model([tmp_path]), OPTIONS)


@needs_model
def test_scrambled_copies_are_refused_or_told_apart_from_the_real_one(tmp_path):
    whole = bytearray((MODELS / NAME).read_bytes())
    generator = np.random.default_rng(1)
    for number in range(12):
        spoilt = bytearray(whole)
        for at in generator.integers(0, len(spoilt), 200):
            spoilt[at] ^= 0xFF
        (tmp_path / NAME).write_bytes(spoilt)
        try:
            chosen = choose_model([tmp_path])
            detector = load_detector(chosen, OPTIONS)
            detector.detect(np.full((540, 640), 128, np.uint8), 640, 360)
        except ModelError as error:
            told = str(error)
            assert NAME in told, number
        else:
            assert "is not the file of the catalogue" in chosen.detail


@needs_model
@pytest.mark.parametrize("name", [NAME, "strange.onnx"])
def test_a_sound_model_of_another_kind_is_told_by_its_shapes(tmp_path, name):
    """A face model under the detector's name, and under one of its own."""
    others = [path for path in MODELS.glob("*.onnx") if "yunet" in path.name.lower()]
    if not others:
        pytest.skip("there is no YuNet in NVR_MODELS_DIR")
    (tmp_path / name).write_bytes(others[0].read_bytes())
    with pytest.raises(ModelError, match=name.replace(".", r"\.")) as told:
        load_detector(choose_model([tmp_path]), OPTIONS)
    assert "outputs are" in str(told.value)


@needs_model
def test_the_real_one_is_known_by_its_checksum_and_sees_nothing_on_grey():
    chosen = choose_model([MODELS])
    assert chosen.name == "yolox_nano_416"
    assert "checksum is right" in chosen.detail
    detector = load_detector(chosen, OPTIONS)
    assert detector.input_size == "384x224"
    for width, height in ((640, 360), (640, 480), (360, 640), (320, 180)):
        grey = np.full((height * 3 // 2, width), 128, np.uint8)
        assert detector.detect(grey, width, height) == []


def test_pictures_lie_in_inputs_of_whole_strides():
    for width, height in ((640, 360), (640, 480), (480, 640), (704, 576), (320, 180)):
        plan = plan_input(width, height, 384, "rectangle")
        assert plan.input_width % 32 == plan.input_height % 32 == 0
        assert plan.used_width <= plan.input_width
        assert plan.used_height <= plan.input_height
        assert abs(plan.used_width / plan.used_height - width / height) < 0.02
    with pytest.raises(ValueError, match="too small"):
        plan_input(8, 8, 384, "rectangle")
