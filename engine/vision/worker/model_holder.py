"""The detector of a vision worker: found, loaded, looked for again, and its state told."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt

from engine.base.measures import Measures
from engine.vision.detection import Detection
from engine.vision.detectors.onnx_detector import DetectorOptions, OnnxDetector
from engine.vision.errors import ModelError
from engine.vision.models import choose_model, load_detector
from nvr_app.contract.config import DetectionSettings
from nvr_app.contract.status import ModelStatus
from nvr_app.contract.timebase import NS_PER_S

logger = logging.getLogger(__name__)

_LOOK_AGAIN_NS = 30 * NS_PER_S
_COMPLAIN_NS = 60 * NS_PER_S
_PATIENCE_S = 4.0
_MOST_TIMES = 500
# The tracker continues tracks with detections that would not be sure enough to begin one.
_DOUBTFUL_SHARE = 0.5


class ModelHolder:
    """One detector, guarded by a lock: the loop and the channel's commands both use it."""

    def __init__(
        self, folders: Sequence[Path], settings: DetectionSettings, measures: Measures
    ) -> None:
        self._folders = tuple(folders)
        self._settings = settings
        self._measures = measures
        self._lock = threading.Lock()
        self._detector: OnnxDetector | None = None
        self._status = ModelStatus(state="loading", detail="the detector is being loaded")
        self._tried_mono_ns = 0
        self._complained_mono_ns = 0
        self._times_ms: deque[float] = deque(maxlen=_MOST_TIMES)

    @property
    def is_ready(self) -> bool:
        return self._detector is not None

    @property
    def name(self) -> str:
        """What events and metrics call the model."""
        return self._status.name

    def status(self, due_frames: int, analysed_frames: int) -> ModelStatus:
        """The state as the hub shows it, with these counts since the worker began."""
        times = list(self._times_ms)
        return ModelStatus(
            state=self._status.state,
            detail=self._status.detail,
            name=self._status.name,
            provider=self._status.provider,
            input_size=self._status.input_size,
            sha256=self._status.sha256,
            inference_ms_p50=round(median(times), 2) if times else 0.0,
            due_frames=due_frames,
            analysed_frames=analysed_frames,
        )

    def look(self, mono_ns: int) -> None:
        """Load the model if there is none yet; at most twice a minute. Takes up to a second."""
        if self._detector is not None:
            return
        if self._tried_mono_ns and mono_ns - self._tried_mono_ns < _LOOK_AGAIN_NS:
            return
        self._tried_mono_ns = mono_ns
        before = self._status
        try:
            chosen = choose_model(self._folders, self._settings.model)
            detector = load_detector(chosen, self._options())
        except ModelError as error:
            is_there = any(next(folder.glob("*.onnx"), None) for folder in self._folders)
            state = "broken" if is_there else "missing"
            self._status = ModelStatus(state=state, detail=str(error))
            if self._status != before:
                logger.warning("No object detection: %s", error)
            return
        self._status = ModelStatus(
            state="ready",
            detail=chosen.detail,
            name=chosen.name,
            provider=detector.provider,
            input_size=detector.input_size,
            sha256=chosen.sha256,
        )
        self._detector = detector
        logger.info("Detector: %s on %s", chosen.detail, detector.provider)

    def detect(
        self, frame_i420: npt.NDArray[np.uint8], width: int, height: int
    ) -> tuple[list[Detection], float]:
        """Objects, doubtful ones included, and the milliseconds it took.

        ModelError: no model is ready, it failed, or it is busy for seconds.
        """
        detector = self._detector
        if detector is None:
            raise ModelError(self._status.detail)
        if not self._lock.acquire(timeout=_PATIENCE_S):
            raise ModelError(f"the detector was busy for {_PATIENCE_S:.0f} s; try again")
        try:
            found = detector.detect(frame_i420, width, height)
            took_ms = detector.timing.total_ms
            network_ms = detector.timing.network_ms
        finally:
            self._lock.release()
        self._times_ms.append(network_ms)
        self._measures.observe(
            "surveillance_model_inference_ms", self._status.name, "1", value=network_ms
        )
        return found, took_ms

    def complain(self, camera_id: str, error: Exception, mono_ns: int) -> None:
        """Count a picture that could not be analysed; say so once a minute."""
        self._measures.count("surveillance_model_errors", self._status.name)
        if mono_ns - self._complained_mono_ns > _COMPLAIN_NS:
            self._complained_mono_ns = mono_ns
            logger.error("%s: a picture was not analysed: %s", camera_id, error)

    def _options(self) -> DetectorOptions:
        return DetectorOptions(
            labels=self._settings.labels,
            score_threshold=self._settings.score_threshold * _DOUBTFUL_SHARE,
            threads=self._settings.threads,
        )
