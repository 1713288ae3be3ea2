"""ONNX Runtime, set up for many small pictures on few cores.

Threads do not spin between runs (they would burn a core that the recorder needs), one thread per
run is the default, and the provider is the best one that works.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from engine.vision.errors import ModelError
from engine.vision.onnx_file import Signature, read_signature, with_shapes

F32 = npt.NDArray[np.float32]

MOST_MODEL_BYTES = 512 * 1024**2

_PREFERRED = ("DmlExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider")
_PROVIDER_WORDS = {
    "DmlExecutionProvider": "DirectML",
    "CUDAExecutionProvider": "CUDA",
    "CPUExecutionProvider": "CPU",
}
_SEVERITY_ERROR = 3


@dataclass(frozen=True)
class ModelFile:
    """A model in memory, checked as far as that goes without a session."""

    path: Path
    data: bytes
    signature: Signature


def available_providers() -> tuple[str, ...]:
    """Plain names of what could compute here, best first."""
    available = onnxruntime.get_available_providers()
    return tuple(_PROVIDER_WORDS[name] for name in _PREFERRED if name in available)


def read_model_file(path: Path) -> ModelFile:
    """Read and check a model. ModelError: it cannot be read, is too large or no ONNX model."""
    try:
        size_bytes = path.stat().st_size
        if size_bytes > MOST_MODEL_BYTES:
            raise ModelError(
                f"model {path.name} has {size_bytes} bytes; more than {MOST_MODEL_BYTES} are not "
                "loaded. Is it the right file?"
            )
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"model {path} cannot be read: {error.strerror or error}") from error
    try:
        signature = read_signature(data)
    except ModelError as error:
        raise ModelError(f"model {path.name}: {error}; copy it here once more") from error
    if signature.has_external_data:
        raise ModelError(
            f"model {path.name} keeps weights in another file, which is not supported; "
            "export it as a single file"
        )
    return ModelFile(path, data, signature)


class Network:
    """A session for one size of input. Use from one thread at a time."""

    def __init__(self, session: onnxruntime.InferenceSession, name: str) -> None:
        self._session = session
        self._name = name
        self._input = session.get_inputs()[0].name

    @property
    def provider(self) -> str:
        """Plain name of what computes."""
        first = str(self._session.get_providers()[0])
        return _PROVIDER_WORDS.get(first, first)

    def run(self, blob: F32) -> list[F32]:
        """All outputs, float32. ModelError: the run failed."""
        try:
            outputs: list[F32] = self._session.run(None, {self._input: blob})
        except Exception as error:
            raise ModelError(f"model {self._name} failed on a picture: {error}") from error
        return outputs


def open_network(
    model: ModelFile, *, height: int, width: int, threads: int = 1, provider: str = ""
) -> Network:
    """A session for inputs (1, 3, height, width). ModelError: the runtime refuses the model.

    `provider` is one of ONNX Runtime's names, for trying; empty takes the best one that works.
    """
    shape = (1, 3, height, width)
    data = model.data
    if model.signature.inputs[0].shape != shape:
        data = with_shapes(data, shape)
    options = _session_options(threads)
    available = onnxruntime.get_available_providers()
    wanted = (provider,) if provider else _PREFERRED
    reasons: list[str] = []
    for name in (name for name in wanted if name in available):
        try:
            session = onnxruntime.InferenceSession(data, options, providers=[name])
        except Exception as error:  # noqa: BLE001  the runtime raises its own types by dozens
            reasons.append(f"{_PROVIDER_WORDS.get(name, name)}: {error}")
            continue
        return Network(session, model.path.name)
    why = "; ".join(reasons) or f"none of {', '.join(wanted)} is installed"
    raise ModelError(
        f"model {model.path.name} cannot be used at {width}x{height}: {why}. "
        "Copy it here once more, or choose another model"
    )


def _session_options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = max(1, threads)
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _SEVERITY_ERROR
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options
