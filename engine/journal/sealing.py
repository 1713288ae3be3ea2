"""Sealing a part: compressed, verified, synced; only then the open files go."""

from __future__ import annotations

import os

import zstandard

from engine.base.atomic_file import sync_folder
from engine.journal.parts import Part, read_file

_LEVEL = 6


def seal_part(part: Part) -> Part:
    """Replace an open part by its sealed twin; OSError leaves the open one as it is.

    The open chain file goes last: while it is there, readers take the open part.
    """
    sealed = Part(part.folder, part.first_seq, is_sealed=True)
    open_payloads = part.payload_paths()
    pairs = [(path, sealed.payload_path(name)) for name, path in open_payloads.items()]
    pairs.append((part.chain_path, sealed.chain_path))
    for source, target in pairs:
        data = source.read_bytes()
        temp = target.with_suffix(".tmp")
        packed = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(data)
        with temp.open("wb") as out:
            out.write(packed)
            out.flush()
            os.fsync(out.fileno())
        temp.replace(target)
        if read_file(target) != data:
            target.unlink()
            raise OSError(f"{target.name} does not read back as it was written")
    sync_folder(part.folder)
    part.chain_path.unlink()
    for path in open_payloads.values():
        path.unlink()
    sync_folder(part.folder)
    return sealed
