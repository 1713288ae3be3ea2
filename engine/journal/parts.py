"""The files of a journal: parts, each a chain file and a payload file per retention class.

`<first seq>.chain` and `<first seq>.<class>.payload` while they grow; sealed they end in `.zst`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import zstandard

_CHAIN = re.compile(r"(\d{12})\.chain(\.zst)?")
_SEALED = ".zst"


@dataclass(frozen=True)
class Part:
    """One part; `is_sealed` tells whether its files are compressed and final."""

    folder: Path
    first_seq: int
    is_sealed: bool

    @property
    def chain_path(self) -> Path:
        return self.folder / f"{self.first_seq:012d}.chain{_SEALED if self.is_sealed else ''}"

    def payload_path(self, retention_class: str) -> Path:
        suffix = _SEALED if self.is_sealed else ""
        return self.folder / f"{self.first_seq:012d}.{retention_class}.payload{suffix}"

    def payload_paths(self) -> dict[str, Path]:
        """The payload files that are there, by retention class."""
        pattern = f"{self.first_seq:012d}.*.payload{_SEALED if self.is_sealed else ''}"
        return {path.name.split(".")[1]: path for path in sorted(self.folder.glob(pattern))}


def find_parts(folder: Path) -> list[Part]:
    """All parts in order. A part that was being sealed when the power went counts once, as the
    open one: its sealed twin may be incomplete.
    """
    found: dict[int, Part] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        match = _CHAIN.fullmatch(path.name)
        if match is None:
            continue
        part = Part(folder, int(match[1]), match[2] is not None)
        if part.is_sealed and part.first_seq in found:
            continue
        found[part.first_seq] = part
    return [found[first_seq] for first_seq in sorted(found)]


def read_file(path: Path) -> bytes:
    """Content of a part's file, decompressed where it is sealed. OSError, zstandard.ZstdError."""
    data = path.read_bytes()
    if path.suffix == _SEALED:
        return zstandard.ZstdDecompressor().decompress(data)
    return data
