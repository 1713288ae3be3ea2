"""Commands to the vision worker: pictures sent in, and the proof that the pipeline works."""

from __future__ import annotations

import time

import cv2
import msgspec
import numpy as np

from engine.base.clock import Clock
from engine.base.errors import EngineError
from engine.vision.letterbox import i420_of_bgr
from engine.vision.worker.model_holder import ModelHolder
from nvr_app.contract.commands import AnyCommand, DetectImage, ProbePipeline
from nvr_app.contract.frame_ring import FrameRingReader
from nvr_app.contract.status import CameraStatus

_MOST_PIXELS = 50_000_000


class CommandDesk:
    """Does commands in the channel's thread."""

    def __init__(self, model: ModelHolder, clock: Clock, score_threshold: float) -> None:
        self._model = model
        self._clock = clock
        self._score_threshold = score_threshold
        self._cameras: dict[str, CameraStatus] = {}

    def take_cameras(self, cameras: tuple[CameraStatus, ...]) -> None:
        """The cameras as announced last."""
        self._cameras = {status.camera_id: status for status in cameras}

    def do(self, command: AnyCommand) -> bytes:
        """The reply's payload. EngineError: a sentence for who asked."""
        match command:
            case DetectImage(jpeg=jpeg):
                return self._detect_image(jpeg)
            case ProbePipeline(camera_id=camera_id):
                return self._probe(camera_id)
            case _:
                raise EngineError(f"a vision worker cannot do {type(command).__name__}")

    def _detect_image(self, jpeg: bytes) -> bytes:
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
        if picture is None:
            raise EngineError(f"the {len(jpeg)} bytes sent are no picture; send a JPEG")
        if picture.shape[0] * picture.shape[1] > _MOST_PIXELS:
            raise EngineError(
                f"the picture has more than {_MOST_PIXELS} pixels; send a smaller one"
            )
        frame = i420_of_bgr(np.asarray(picture, np.uint8))
        try:
            found, took_ms = self._model.detect(frame, frame.shape[1], frame.shape[0] * 2 // 3)
        except ValueError as error:
            raise EngineError(str(error)) from error
        answer = {
            "model": self._model.name,
            "took_ms": round(took_ms, 2),
            "detections": [
                {"label": one.label, "score": round(one.score, 4), "box": one.box}
                for one in found
                if one.score >= self._score_threshold
            ],
        }
        return msgspec.json.encode(answer)

    def _probe(self, camera_id: str) -> bytes:
        status = self._cameras.get(camera_id)
        if status is None or status.ring is None:
            raise EngineError(f"camera {camera_id} shows no pictures at present")
        begun = time.perf_counter()
        try:
            reader = FrameRingReader(status.ring)
        except FileNotFoundError as error:
            raise EngineError(f"camera {camera_id} has just changed its pictures") from error
        try:
            picture, age_ms = self._newest(reader)
        finally:
            reader.close()
        capture_ms = (time.perf_counter() - begun) * 1e3
        found, took_ms = self._model.detect(picture, status.ring.width, status.ring.height)
        answer = {
            "camera_id": camera_id,
            "frame_age_ms": round(age_ms, 1),
            "capture_ms": round(capture_ms, 2),
            "inference_ms": round(took_ms, 2),
            "detections": sum(one.score >= self._score_threshold for one in found),
        }
        return msgspec.json.encode(answer)

    def _newest(
        self, reader: FrameRingReader
    ) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.uint8]], float]:
        for _ in range(5):
            found = reader.look(reader.latest)
            if found is None:
                continue
            info = found[0]
            shape = (reader.ref.height * 3 // 2, reader.ref.width)
            picture = np.frombuffer(found[1], np.uint8).reshape(shape).copy()
            del found
            if info.number and reader.is_intact(info.number):
                return picture, (self._clock.mono_ns() - info.mono_ns) / 1e6
        raise EngineError("no picture could be read: the camera has shown none yet")
