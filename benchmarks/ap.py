"""How well persons are found by our whole pipeline (JPEG, I420, letterbox, network, boxes).

    python -m benchmarks.ap --models-dir DIR --labels-dir DIR

Prints a table and, as the last line, JSON. The square input is there to compare with published
figures; the engine uses the rectangular one.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.average_precision import LabelledImage, measure_quality
from engine.vision.detectors.family import Family
from engine.vision.detectors.fastestdet import FastestDet
from engine.vision.detectors.nanodet import NanoDet
from engine.vision.detectors.onnx_detector import DetectorOptions, OnnxDetector
from engine.vision.detectors.yolox import Yolox
from engine.vision.letterbox import U8, i420_of_bgr, plan_input
from engine.vision.runtime import ModelFile, open_network, read_model_file

_LOWEST_SCORE = 0.01
_WORKING_SCORE = 0.4
_TIMED_SIZE = (640, 360)
_TIMED_RUNS = 60

# Model file, input, family; published figures of AP50 and AP50:95 lie with the models.
_CASES: tuple[tuple[str, str, Family], ...] = (
    ("yolox_nano_416", "square", Yolox(fit="square")),
    ("yolox_nano_416", "rectangle", Yolox()),
    ("nanodet_m_320", "square", NanoDet()),
    ("fastestdet_352", "stretch", FastestDet()),
)


@dataclass(frozen=True)
class Picture:
    """A labelled picture as the engine would get it from a camera."""

    frame_i420: U8
    width: int
    height: int
    persons: Any
    ignored: Any


def run(models_dir: Path, labels_dir: Path) -> dict[str, Any]:
    """Quality and times of every model present. FileNotFoundError: no labels there."""
    pictures = _read_pictures(labels_dir)
    cases = []
    for name, fit, family in _CASES:
        path = models_dir / f"{name}.onnx"
        if path.is_file():
            cases.append({"model": name, "input": fit, **_measure(path, family, pictures)})
    return {"images": len(pictures), "threads": 1, "cases": cases}


def _read_pictures(labels_dir: Path) -> list[Picture]:
    truth = json.loads((labels_dir / "gt.json").read_text(encoding="utf-8"))
    pictures = []
    for name, labels in sorted(truth.items()):
        data = np.frombuffer((labels_dir / "images" / name).read_bytes(), np.uint8)
        bgr = cv2.imdecode(data, cv2.IMREAD_COLOR)
        if bgr is None:
            raise ValueError(f"{name} is no picture")
        frame = i420_of_bgr(np.asarray(bgr, np.uint8))
        pictures.append(
            Picture(
                frame_i420=frame,
                width=frame.shape[1],
                height=frame.shape[0] * 2 // 3,
                persons=np.array(labels["persons"], np.float64).reshape(-1, 4),
                ignored=np.array(labels["persons_ignore"], np.float64).reshape(-1, 4),
            )
        )
    return pictures


def _measure(path: Path, family: Family, pictures: list[Picture]) -> dict[str, Any]:
    model = read_model_file(path)
    options = DetectorOptions(labels=("person",), score_threshold=_LOWEST_SCORE)
    detector = OnnxDetector(model, family, options)
    found = [_labelled(detector, picture) for picture in pictures]
    quality = measure_quality(found, _WORKING_SCORE)
    return {
        **{key: round(value, 4) for key, value in asdict(quality).items()},
        **_time(model, family, pictures),
    }


def _labelled(detector: OnnxDetector, picture: Picture) -> LabelledImage:
    detections = detector.detect(picture.frame_i420, picture.width, picture.height)
    size = np.array([picture.width, picture.height] * 2, np.float64)
    boxes = np.array([[d.box.x0, d.box.y0, d.box.x1, d.box.y1] for d in detections], np.float64)
    return LabelledImage(
        truth=picture.persons,
        ignored=picture.ignored,
        found=boxes.reshape(-1, 4) * size,
        scores=np.array([d.score for d in detections], np.float64),
    )


def _time(model: ModelFile, family: Family, pictures: list[Picture]) -> dict[str, float]:
    """Medians in ms for a picture of 640x360 at the working threshold, and the bare network."""
    width, height = _TIMED_SIZE
    detector = OnnxDetector(model, family, DetectorOptions(("person",), _WORKING_SCORE))
    crowd = max(pictures, key=lambda picture: len(picture.persons))
    frame = _resized(crowd, width, height)
    side = family.working_side(family.input_side(model.signature) or 0)
    plan = plan_input(width, height, side, family.fit)
    network = open_network(model, height=plan.input_height, width=plan.input_width)
    blob = np.full((1, 3, plan.input_height, plan.input_width), 114, np.float32)
    rows = []
    for _ in range(_TIMED_RUNS):  # in turns, so that both meet the same load of the machine
        detector.detect(frame, width, height)
        timing = detector.timing
        begun = time.perf_counter()
        network.run(blob)
        bare_ms = (time.perf_counter() - begun) * 1e3
        rows.append((timing.before_ms, timing.network_ms, timing.after_ms, bare_ms))
    before, ran, after, bare = (float(value) for value in np.median(np.array(rows), axis=0))
    return {
        "before_ms": round(before, 3),
        "network_ms": round(ran, 2),
        "after_ms": round(after, 3),
        "bare_network_ms": round(bare, 2),
        "ratio_to_bare": round((before + ran + after) / bare, 3),
    }


def _resized(picture: Picture, width: int, height: int) -> U8:
    bgr = cv2.cvtColor(picture.frame_i420, cv2.COLOR_YUV2BGR_I420)
    return i420_of_bgr(np.asarray(cv2.resize(bgr, (width, height)), np.uint8))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Average precision of the detectors on persons")
    parser.add_argument("--models-dir", type=Path, required=True)
    parser.add_argument("--labels-dir", type=Path, required=True, help="folder of gt.json")
    args = parser.parse_args()
    result = run(args.models_dir, args.labels_dir)
    print("model            input      AP50   AP50:95  precision  recall  ms (ratio to network)")
    for case in result["cases"]:
        total_ms = case["before_ms"] + case["network_ms"] + case["after_ms"]
        print(
            f"{case['model']:<16} {case['input']:<10} {case['ap50']:.3f}  {case['ap50_95']:.3f}"
            f"    {case['precision']:.2f}       {case['recall']:.2f}    {total_ms:.1f}"
            f" ({case['ratio_to_bare']:.2f})"
        )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
