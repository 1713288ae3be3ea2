"""The files of a journal: parts, each a chain file and a payload file per retention class.

`<first seq>.chain` and `<first seq>.<class>.payload` while they grow; sealed they end in `.zst`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import zstandard

_CHAIN = re.compile(r"(\d{12})\.chain(\.zst)?")
_PAYLOAD = re.compile(r"(\d{12})\.([a-z0-9_]+)\.payload(\.zst)?")
_SEALED = ".zst"


@dataclass(frozen=True)
class Part:
    """One part; `is_sealed` tells whether its files are compressed and final."""

    folder: Path
    first_seq: int
    is_sealed: bool
    classes: tuple[str, ...] | None = field(default=None, compare=False)
    """Retention classes with a payload file when the folder was listed; None: not listed."""

    @property
    def chain_path(self) -> Path:
        return self.folder / f"{self.first_seq:012d}.chain{_SEALED if self.is_sealed else ''}"

    def payload_path(self, retention_class: str) -> Path:
        suffix = _SEALED if self.is_sealed else ""
        return self.folder / f"{self.first_seq:012d}.{retention_class}.payload{suffix}"

    def payload_paths(self) -> dict[str, Path]:
        """The payload files that are there, by retention class."""
        if self.classes is not None:
            paths = {name: self.payload_path(name) for name in self.classes}
            return {name: path for name, path in paths.items() if path.exists()}
        pattern = f"{self.first_seq:012d}.*.payload{_SEALED if self.is_sealed else ''}"
        return {path.name.split(".")[1]: path for path in sorted(self.folder.glob(pattern))}


def find_parts(folder: Path) -> list[Part]:
    """All parts in order. A part that was being sealed when the power went counts once, as the
    open one: its sealed twin may be incomplete.
    """
    found: dict[int, Part] = {}
    classes: dict[tuple[int, bool], list[str]] = {}
    # Once for all: a year has a hundred thousand parts, and a look for each would list them all.
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        name = path.name
        payload = _PAYLOAD.fullmatch(name)
        if payload is not None:
            classes.setdefault((int(payload[1]), payload[3] is not None), []).append(payload[2])
        match = _CHAIN.fullmatch(name)
        if match is None:
            continue
        part = Part(folder, int(match[1]), match[2] is not None)
        if part.is_sealed and part.first_seq in found:
            continue
        found[part.first_seq] = part
    return [
        replace(part, classes=tuple(classes.get((first_seq, part.is_sealed), ())))
        for first_seq, part in sorted(found.items())
    ]


def read_file(path: Path) -> bytes:
    """Content of a part's file, decompressed where it is sealed. OSError, zstandard.ZstdError."""
    data = path.read_bytes()
    if path.suffix == _SEALED:
        return zstandard.ZstdDecompressor().decompress(data)
    return data
