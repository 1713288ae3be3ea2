"""What is particular to a family of networks; everything else is shared."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from engine.vision.letterbox import Fit, InputPlan
from engine.vision.onnx_file import Signature

F32 = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


class Candidates(NamedTuple):
    """Boxes before double ones are removed; n of each."""

    boxes: F32
    """(n, 4) corners x0, y0, x1, y1 in pixels of the network's input."""
    scores: F32
    classes: Ints


class Family(Protocol):
    """One kind of network. Stateless: any thread may call."""

    @property
    def name(self) -> str: ...

    @property
    def fit(self) -> Fit:
        """How pictures lie in the input; "rectangle" where the network takes any multiple of 32."""
        ...

    @property
    def padding(self) -> float:
        """Grey level beside the picture, 0..255."""
        ...

    @property
    def mean(self) -> tuple[float, float, float]: ...

    @property
    def std(self) -> tuple[float, float, float]: ...

    @property
    def overlap(self) -> float:
        """Two boxes that share more than this are one object."""
        ...

    def input_side(self, signature: Signature) -> int | None:
        """Side of the square input that the file was made for; None: not of this family."""
        ...

    def working_side(self, made_for: int) -> int:
        """Longer side of the input at which the network does its work best for its time."""
        ...

    def decode(self, outputs: list[F32], plan: InputPlan, threshold: float) -> Candidates:
        """Whatever scores at least `threshold`, each place with its best class."""
        ...


def square_side(signature: Signature) -> int | None:
    """Side of the one input (1, 3, side, side) with a multiple of 32 as its side."""
    if len(signature.inputs) != 1:
        return None
    shape = signature.inputs[0].shape
    if len(shape) != 4 or shape[:2] != (1, 3) or shape[2] != shape[3]:
        return None
    side = shape[2]
    return side if side > 0 and side % 32 == 0 else None
