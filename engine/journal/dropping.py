"""Payloads that have reached their time: chosen purely, journalled first, then unlinked.

Sealed parts lose a whole payload file at a time. One that mixes old and young payloads keeps them
until the youngest is due: a part spans minutes, and files that never change can be copied,
compared and kept elsewhere as they are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.base.atomic_file import sync_folder
from engine.journal.parts import Part, find_parts
from engine.journal.reader import chain_lines

MICRO = 1_000_000


@dataclass(frozen=True)
class PartPayloads:
    """One payload file of a sealed part."""

    part: Part
    retention_class: str
    last_seq: int
    """Of the part: an index that holds everything up to it needs the file no more."""
    payloads: int
    newest_wall_us: int
    """Of its records and of the file itself: a clock that stood wrong ages nothing early."""


@dataclass(frozen=True)
class PayloadDrop:
    """Payload files of one class that may go."""

    retention_class: str
    before_wall_us: int
    files: tuple[PartPayloads, ...]

    @property
    def payloads(self) -> int:
        """How many records lose theirs."""
        return sum(file.payloads for file in self.files)


def choose_payloads_to_drop(
    files: Iterable[PartPayloads],
    keep_us: Mapping[str, int],
    now_wall_us: int,
    covered_seq: int,
) -> list[PayloadDrop]:
    """What is older than its class is kept, of parts that lie wholly within `covered_seq`.

    Classes without a limit are kept for good. `covered_seq` is what the oldest checkpoint that a
    rebuild may stand on holds: nothing after it has another home than its payload.
    """
    drops: list[PayloadDrop] = []
    by_class: dict[str, list[PartPayloads]] = {}
    for file in files:
        by_class.setdefault(file.retention_class, []).append(file)
    for retention_class, found in sorted(by_class.items()):
        limit_us = keep_us.get(retention_class)
        if limit_us is None:
            continue
        before_us = now_wall_us - limit_us
        due = tuple(
            file
            for file in found
            if file.newest_wall_us < before_us and file.last_seq <= covered_seq
        )
        if due:
            drops.append(PayloadDrop(retention_class, before_us, due))
    return drops


def look_at_payloads(
    folder: Path, keep_us: Mapping[str, int], now_wall_us: int
) -> list[PartPayloads]:
    """The payload files of sealed parts that may be due. OSError, zstandard.ZstdError.

    Files that were written within their class's limit are not even opened.
    """
    found: list[PartPayloads] = []
    for part in find_parts(folder):
        if not part.is_sealed:
            continue
        written = _old_files(part, keep_us, now_wall_us)
        lines = chain_lines(part) if written else []
        for retention_class, written_us in written.items():
            mine = [line.wall_us for line in lines if line.retention_class == retention_class]
            newest_us = max([written_us, *mine])
            last_seq = lines[-1].seq if lines else part.first_seq
            found.append(PartPayloads(part, retention_class, last_seq, len(mine), newest_us))
    return found


def _old_files(part: Part, keep_us: Mapping[str, int], now_wall_us: int) -> dict[str, int]:
    """When the payload files of classes with a limit were written, of those beyond it."""
    old: dict[str, int] = {}
    for retention_class, path in part.payload_paths().items():
        if retention_class not in keep_us:
            continue
        written_us = int(path.stat().st_mtime * MICRO)
        if written_us < now_wall_us - keep_us[retention_class]:
            old[retention_class] = written_us
    return old


def unlink_payloads(folder: Path, drop: PayloadDrop) -> int:
    """Remove the files of a drop that is journalled and synced; how many went. OSError.

    What a crash leaves of it is found and dropped again the next time.
    """
    gone = 0
    for file in drop.files:
        for is_sealed in (True, False):  # a crash while sealing may have left the open twin
            twin = Part(folder, file.part.first_seq, is_sealed=is_sealed)
            with contextlib.suppress(FileNotFoundError):
                twin.payload_path(drop.retention_class).unlink()
                gone += 1
    sync_folder(folder)
    return gone
