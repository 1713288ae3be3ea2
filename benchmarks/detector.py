"""Quality and time of every detector present, as `nvr bench` shows them."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks import ap
from benchmarks.outcome import Options, Outcome
from benchmarks.rig.server import RigError

_ENGINES_CHOICE = ("yolox_nano_416", "rectangle")


def run(options: Options) -> Outcome:
    """AP50 on labelled pictures through the engine's own pipeline; RigError: nothing to try."""
    models = options.models_dir or _beside("models", "NVR_MODELS_DIR")
    labels = options.labels_dir or _beside("labels/coco_val", "NVR_LABELS_DIR")
    if not (labels / "gt.json").is_file() or not models.is_dir():
        raise RigError("this needs models (--models-dir) and labelled pictures (--labels-dir)")
    outcome = Outcome("detector")
    found = ap.run(models, labels)
    outcome.details = found
    for case in found["cases"]:
        name = f"{case['model']}, {case['input']}"
        limits = {}
        if (case["model"], case["input"]) == _ENGINES_CHOICE:
            limits = {"must": 0.55, "aim": 0.60, "higher_is_better": True}
        outcome.add(f"{name}: AP50 of persons", case["ap50"], "", **limits)
        total_ms = case["before_ms"] + case["network_ms"] + case["after_ms"]
        outcome.add(f"{name}: a picture", round(total_ms, 2), "ms")
    return outcome


def _beside(name: str, variable: str) -> Path:
    """The folder of the environment variable, or one beside the checkout."""
    named = os.environ.get(variable, "")
    return Path(named) if named else Path(__file__).parents[2] / "shared" / name
