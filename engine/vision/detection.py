"""What detectors give."""

from __future__ import annotations

from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from nvr_app.contract.geometry import Box


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """One object on one picture."""

    label: str
    score: float
    """0..1, comparable within one model only."""
    box: Box
    """Within the picture, normalised to its width and height."""


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Where the time of one picture went."""

    before_ms: float = 0.0
    network_ms: float = 0.0
    after_ms: float = 0.0

    @property
    def total_ms(self) -> float:
        return self.before_ms + self.network_ms + self.after_ms


class Detector(Protocol):
    """Finds objects. Use from one thread at a time."""

    @property
    def timing(self) -> Timing:
        """Of the last picture."""
        ...

    def detect(self, frame_i420: npt.NDArray[np.uint8], width: int, height: int) -> list[Detection]:
        """Objects on a picture (I420 of shape (height * 3 / 2, width)), best score first.

        ValueError: the picture has another shape. ModelError: the network failed on it.
        """
        ...
