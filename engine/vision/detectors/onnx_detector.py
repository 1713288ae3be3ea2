"""A network, its family and a camera's picture: the detector."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.vision.detection import Detection, Timing
from engine.vision.detectors.family import Family
from engine.vision.detectors.fastestdet import FastestDet
from engine.vision.detectors.nanodet import NanoDet
from engine.vision.detectors.suppression import suppress
from engine.vision.detectors.yolox import Yolox
from engine.vision.errors import ModelError
from engine.vision.labels import COCO_LABELS, group_of
from engine.vision.letterbox import InputPlan, Letterbox, plan_input
from engine.vision.onnx_file import Signature
from engine.vision.runtime import ModelFile, Network, open_network
from nvr_app.contract.geometry import Box

# Cameras of one site come in few shapes; each network takes about 20 MB.
_MOST_NETWORKS = 4
_MOST_LETTERBOXES = 8


@dataclass(frozen=True)
class DetectorOptions:
    """What to look for and with how much of the machine."""

    labels: tuple[str, ...]
    score_threshold: float
    threads: int = 1


def families() -> tuple[Family, ...]:
    """Every kind of network that can be used."""
    return (Yolox(), NanoDet(), FastestDet())


def recognise(signature: Signature) -> Family | None:
    """The family of a model by its shapes, None when it is of none."""
    for family in families():
        if family.input_side(signature) is not None:
            return family
    return None


class OnnxDetector:
    """Satisfies `Detector`. Use from one thread at a time."""

    def __init__(self, model: ModelFile, family: Family, options: DetectorOptions) -> None:
        """ModelError: the file is not of this family, or the runtime refuses it."""
        side = family.input_side(model.signature)
        if side is None:
            raise ModelError(
                f"model {model.path.name} is no {family.name}: its inputs are "
                f"{[value.shape for value in model.signature.inputs]} and its outputs "
                f"{[value.shape for value in model.signature.outputs]}; choose another model"
            )
        self.timing = Timing()
        self._model = model
        self._family = family
        self._options = options
        self._side = family.working_side(side)
        self._groups, self._is_wanted = _class_tables(options.labels)
        self._networks: OrderedDict[tuple[int, int], Network] = OrderedDict()
        self._letterboxes: OrderedDict[tuple[int, int], Letterbox] = OrderedDict()
        self._provider = self._warm_up()

    @property
    def provider(self) -> str:
        """What computes, such as CPU or DirectML."""
        return self._provider

    @property
    def input_size(self) -> str:
        """Width and height of the input for a picture of 16:9, for people."""
        plan = plan_input(1920, 1080, self._side, self._family.fit)
        return f"{plan.input_width}x{plan.input_height}"

    def detect(self, frame_i420: npt.NDArray[np.uint8], width: int, height: int) -> list[Detection]:
        begun = time.perf_counter()
        letterbox = self._letterbox_of(width, height)
        blob = letterbox.fill(frame_i420)
        network = self._network_of(letterbox.plan)
        filled = time.perf_counter()
        outputs = network.run(blob)
        ran = time.perf_counter()
        detections = self._decode(outputs, letterbox.plan)
        self.timing = Timing(
            before_ms=(filled - begun) * 1e3,
            network_ms=(ran - filled) * 1e3,
            after_ms=(time.perf_counter() - ran) * 1e3,
        )
        return detections

    def _decode(self, outputs: list[npt.NDArray[np.float32]], plan: InputPlan) -> list[Detection]:
        found = self._family.decode(outputs, plan, self._options.score_threshold)
        wanted = self._is_wanted[found.classes] & np.isfinite(found.boxes).all(axis=1)
        boxes, scores, classes = found.boxes[wanted], found.scores[wanted], found.classes[wanted]
        kept = suppress(boxes, scores, self._groups[classes], self._family.overlap)
        size = np.array([plan.used_width, plan.used_height] * 2, np.float32)
        corners = np.clip(boxes[kept] / size, 0.0, 1.0).astype(np.float64)
        return [
            Detection(label=COCO_LABELS[class_id], score=score, box=Box(*corner))
            for class_id, score, corner in zip(
                classes[kept].tolist(), scores[kept].tolist(), corners.tolist(), strict=True
            )
            if corner[2] > corner[0] and corner[3] > corner[1]
        ]

    def _warm_up(self) -> str:
        """Run once on grey: a model that only loads but does not run must be found out now."""
        width, height = 640, 360
        self.detect(np.full((height * 3 // 2, width), 128, np.uint8), width, height)
        return next(iter(self._networks.values())).provider

    def _letterbox_of(self, width: int, height: int) -> Letterbox:
        letterbox = self._letterboxes.get((width, height))
        if letterbox is None:
            family = self._family
            letterbox = Letterbox(
                plan_input(width, height, self._side, family.fit),
                padding=family.padding,
                mean=family.mean,
                std=family.std,
            )
            self._letterboxes[width, height] = letterbox
            if len(self._letterboxes) > _MOST_LETTERBOXES:
                self._letterboxes.popitem(last=False)
        self._letterboxes.move_to_end((width, height))
        return letterbox

    def _network_of(self, plan: InputPlan) -> Network:
        size = (plan.input_height, plan.input_width)
        network = self._networks.get(size)
        if network is None:
            network = open_network(
                self._model, height=size[0], width=size[1], threads=self._options.threads
            )
            self._networks[size] = network
            if len(self._networks) > _MOST_NETWORKS:
                self._networks.popitem(last=False)
        self._networks.move_to_end(size)
        return network


def _class_tables(
    labels: tuple[str, ...],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """For each class: the number of its group, and whether it is wanted."""
    unknown = sorted(set(labels) - set(COCO_LABELS))
    if unknown:
        raise ModelError(
            f"no model knows the labels {', '.join(unknown)}; choose among {', '.join(COCO_LABELS)}"
        )
    groups = [COCO_LABELS.index(group_of(label)) for label in COCO_LABELS]
    wanted = [label in labels for label in COCO_LABELS]
    return np.array(groups, np.int64), np.array(wanted, np.bool_)
