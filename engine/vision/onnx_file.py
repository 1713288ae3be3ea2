"""Reading and editing of ONNX files as far as is needed before a session exists.

ONNX is a protobuf message. Only four things are wanted of it (shapes of inputs and outputs, new
shapes for them, whether weights lie outside the file), so that its wire format is walked here:
the `onnx` package would be 20 MB more in every installation and takes 0.4 s to import.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.vision.errors import ModelError

Shape = tuple[int, ...]
"""Sizes of the dimensions; 0 where the file leaves one open."""

# Field numbers of onnx.proto.
_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_VALUE_INFO = 1, 5, 11, 12, 13
_TENSOR_NAME, _TENSOR_EXTERNAL_DATA, _TENSOR_DATA_LOCATION = 8, 13, 14
_NODE_ATTRIBUTE = 5
_ATTRIBUTE_TENSOR, _ATTRIBUTE_GRAPH, _ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS = 5, 6, 10, 11
_VALUE_NAME, _VALUE_TYPE = 1, 2
_TYPE_TENSOR, _TENSOR_ELEMENT, _TENSOR_SHAPE, _SHAPE_DIM, _DIM_VALUE = 1, 1, 2, 1, 1
_ELEMENT_FLOAT = 1

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_DEEPEST = 8


class Value(NamedTuple):
    """An input or output of a graph."""

    name: str
    shape: Shape


class Signature(NamedTuple):
    """What a model takes and gives."""

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    has_external_data: bool


class _Field(NamedTuple):
    number: int
    wire: int
    payload: memoryview
    number_value: int
    raw: memoryview
    """The whole field, its tag included."""


def read_signature(model: bytes) -> Signature:
    """Inputs and outputs of a model. ModelError: these bytes are no ONNX model."""
    try:
        return _read_signature(memoryview(model))
    except (IndexError, ValueError, RecursionError) as error:
        raise ModelError(f"the file is no ONNX model or is damaged ({error})") from error


def with_shapes(model: bytes, input_shape: Shape) -> bytes:
    """The same model for another size of its one input; sizes inside are left to be inferred.

    ModelError: these bytes are no ONNX model, or it does not have exactly one input.
    """
    try:
        return _with_shapes(memoryview(model), input_shape)
    except (IndexError, ValueError) as error:
        raise ModelError(f"the file is no ONNX model or is damaged ({error})") from error


def _read_signature(model: memoryview) -> Signature:
    graph = _only(model, _MODEL_GRAPH)
    initialised = {
        bytes(_only(field.payload, _TENSOR_NAME))
        for field in _fields(graph)
        if field.number == _GRAPH_INITIALIZER
    }
    inputs = [_value(f.payload) for f in _fields(graph) if f.number == _GRAPH_INPUT]
    outputs = [_value(f.payload) for f in _fields(graph) if f.number == _GRAPH_OUTPUT]
    if not outputs:
        raise ValueError("its graph gives no output")
    return Signature(
        tuple(value for value in inputs if value.name.encode() not in initialised),
        tuple(outputs),
        _has_external_data(graph, 0),
    )


def _with_shapes(model: memoryview, input_shape: Shape) -> bytes:
    signature = _read_signature(model)
    if len(signature.inputs) != 1:
        raise ValueError(f"it has {len(signature.inputs)} inputs instead of one")
    parts: list[bytes] = []
    for field in _fields(model):
        if field.number == _MODEL_GRAPH:
            graph = _graph_with_shapes(field.payload, signature.inputs[0].name, input_shape)
            parts.append(_message(_MODEL_GRAPH, graph))
        else:
            parts.append(bytes(field.raw))
    return b"".join(parts)


def _graph_with_shapes(graph: memoryview, input_name: str, input_shape: Shape) -> bytes:
    parts: list[bytes] = []
    for field in _fields(graph):
        if field.number == _GRAPH_VALUE_INFO:
            continue  # sizes that the old input had led to
        if field.number == _GRAPH_INPUT and _value(field.payload).name == input_name:
            parts.append(_message(_GRAPH_INPUT, _tensor_value(input_name, input_shape)))
        elif field.number == _GRAPH_OUTPUT:
            name = _value(field.payload).name
            parts.append(_message(_GRAPH_OUTPUT, _tensor_value(name, None)))
        else:
            parts.append(bytes(field.raw))
    return b"".join(parts)


def _value(payload: memoryview) -> Value:
    name = bytes(_only(payload, _VALUE_NAME)).decode()
    shape: list[int] = []
    tensor = _only(_only(payload, _VALUE_TYPE), _TYPE_TENSOR)
    for field in _fields(tensor):
        if field.number == _TENSOR_SHAPE:
            shape += [_dimension(d.payload) for d in _fields(field.payload)]
    return Value(name, tuple(shape))


def _dimension(payload: memoryview) -> int:
    for field in _fields(payload):
        if field.number == _DIM_VALUE and field.wire == _VARINT:
            return field.number_value
    return 0


def _has_external_data(graph: memoryview, depth: int) -> bool:
    if depth > _DEEPEST:
        raise ValueError("its graphs lie in each other too deeply")
    for field in _fields(graph):
        if field.number == _GRAPH_INITIALIZER and _is_external(field.payload):
            return True
        if field.number == _GRAPH_NODE and _node_has_external_data(field.payload, depth):
            return True
    return False


def _node_has_external_data(node: memoryview, depth: int) -> bool:
    for attribute in _fields(node):
        if attribute.number != _NODE_ATTRIBUTE:
            continue
        for part in _fields(attribute.payload):
            if part.wire != _BYTES:
                continue
            if part.number in {_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS}:
                if _is_external(part.payload):
                    return True
            elif part.number in {_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS} and _has_external_data(
                part.payload, depth + 1
            ):
                return True
    return False


def _is_external(tensor: memoryview) -> bool:
    return any(
        field.number == _TENSOR_EXTERNAL_DATA
        or (field.number == _TENSOR_DATA_LOCATION and field.number_value != 0)
        for field in _fields(tensor)
    )


def _only(message: memoryview, number: int) -> memoryview:
    for field in _fields(message):
        if field.number == number and field.wire == _BYTES:
            return field.payload
    raise ValueError(f"field {number} is missing")


def _fields(message: memoryview) -> Iterator[_Field]:
    at = 0
    while at < len(message):
        start = at
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        value, length = 0, 0
        if wire == _VARINT:
            value, at = _varint(message, at)
        elif wire == _BYTES:
            length, at = _varint(message, at)
        elif wire in {_FIXED64, _FIXED32}:
            length = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"byte {start} begins no field")
        if number == 0 or at + length > len(message):
            raise ValueError(f"the field at byte {start} reaches beyond the end")
        end = at + length
        yield _Field(number, wire, message[at:end], value, message[start:end])
        at = end


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError(f"the number at byte {at} does not end")


def _message(number: int, body: bytes) -> bytes:
    return _encoded(number << 3 | _BYTES) + _encoded(len(body)) + body


def _tensor_value(name: str, shape: Sequence[int] | None) -> bytes:
    tensor = _encoded(_TENSOR_ELEMENT << 3) + _encoded(_ELEMENT_FLOAT)
    if shape is not None:
        dims = b"".join(
            _message(_SHAPE_DIM, _encoded(_DIM_VALUE << 3) + _encoded(size)) for size in shape
        )
        tensor += _message(_TENSOR_SHAPE, dims)
    kind = _message(_TYPE_TENSOR, tensor)
    return _message(_VALUE_NAME, name.encode()) + _message(_VALUE_TYPE, kind)


def _encoded(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
