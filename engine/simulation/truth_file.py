"""What is known about a simulated clip, beside it as JSON lines: a header, then a line a frame."""

from __future__ import annotations

from pathlib import Path

import msgspec

from engine.base.atomic_file import write_atomic
from engine.simulation.scene import Scene, TruthBox, truth


class TruthHeader(msgspec.Struct, frozen=True, kw_only=True):
    """First line."""

    scene: str
    loop_s: int
    fps: int
    is_night: bool


class TruthFrame(msgspec.Struct, frozen=True, kw_only=True):
    """Who is where in one frame of the main stream; the loop starts at 0."""

    t_s: float
    boxes: tuple[TruthBox, ...]


def write_truth(path: Path, scene: Scene, fps: int) -> None:
    """Write the truth of a whole loop; the file appears complete or not at all. OSError."""
    header = TruthHeader(scene=scene.name, loop_s=scene.loop_s, fps=fps, is_night=scene.is_night)
    moments = (index / fps for index in range(scene.loop_s * fps))
    frames = [TruthFrame(t_s=t_s, boxes=truth(scene, t_s)) for t_s in moments]
    lines = msgspec.json.Encoder().encode_lines([header, *frames])
    write_atomic(path, lines, mode=0o644)


def read_truth(path: Path) -> tuple[TruthHeader, tuple[TruthFrame, ...]]:
    """The header and every frame; OSError, or msgspec.MsgspecError when it is no truth file."""
    first, _, rest = path.read_bytes().partition(b"\n")
    header = msgspec.json.decode(first, type=TruthHeader)
    return header, tuple(msgspec.json.Decoder(TruthFrame).decode_lines(rest))
