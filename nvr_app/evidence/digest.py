"""Hashes of a file: the whole and block by block, so that a change can be located."""

from __future__ import annotations

import hashlib

BLOCK_BYTES = 1 << 20


class FileDigest:
    """Feed it the file's bytes in order; one thread at a time."""

    def __init__(self, block_bytes: int = BLOCK_BYTES) -> None:
        self.block_bytes = block_bytes
        self.size_bytes = 0
        self._whole = hashlib.sha256()
        self._block = hashlib.sha256()
        self._in_block = 0
        self._blocks: list[str] = []

    def update(self, data: bytes | memoryview) -> None:
        """Hash what comes next in the file; large pieces release the GIL."""
        self._whole.update(data)
        self.size_bytes += len(data)
        view = memoryview(data)
        while view:
            part = view[: self.block_bytes - self._in_block]
            self._block.update(part)
            self._in_block += len(part)
            view = view[len(part) :]
            if self._in_block == self.block_bytes:
                self._end_block()

    def sha256(self) -> str:
        """Of everything so far, in hex."""
        return self._whole.hexdigest()

    def blocks(self) -> tuple[str, ...]:
        """Of every block, the unfinished last one included."""
        last = (self._block.hexdigest(),) if self._in_block else ()
        return (*self._blocks, *last)

    def full_blocks(self) -> list[str]:
        """Of the blocks that are complete; grows while the file is read."""
        return self._blocks

    def _end_block(self) -> None:
        self._blocks.append(self._block.hexdigest())
        self._block = hashlib.sha256()
        self._in_block = 0
