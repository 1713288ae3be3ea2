"""What an export has finished so far, beside its files: a resume skips what is still the same."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import msgspec

from engine.base.atomic_file import write_atomic
from engine.base.errors import EngineError
from nvr_app.contract.exporting import ExportSegment
from nvr_app.evidence.digest import FileDigest
from nvr_app.evidence.manifest import File

logger = logging.getLogger(__name__)

STATE = ".nvr-export.json"
_READ_BYTES = 4 * 1024**2


class ExportStateError(EngineError):
    """The note of what is finished cannot be written."""


class ExportState:
    """Files that are whole; of an archive there are none: it is begun anew."""

    def __init__(self, path: Path | None, files: dict[str, File]) -> None:
        self._path = path
        self._files = files

    @classmethod
    def load(cls, place: Path, *, is_resumable: bool) -> ExportState:
        """What an earlier attempt at this place has left. Never raises: at worst nothing."""
        if not is_resumable:
            return cls(None, {})
        path = place / STATE
        try:
            files = msgspec.json.decode(path.read_bytes(), type=dict[str, File])
        except (OSError, msgspec.MsgspecError):
            files = {}
        return cls(path, {n: f for n, f in files.items() if Path(n).name == n})

    @property
    def size_bytes(self) -> int:
        """Of everything that is finished."""
        return sum(file.size_bytes for file in self._files.values())

    def finished(self, name: str, segments: Sequence[ExportSegment]) -> File | None:
        """The file, if it was made of the same segments and is still what was written."""
        file = self._files.get(name)
        if file is None or self._path is None:
            return None
        wanted = [(one.segment_id, one.content_hash) for one in segments]
        if [(one.segment_id, one.content_hash) for one in file.sources] != wanted:
            return None
        if any(source.check == "open" for source in file.sources):
            return None  # there may be more in it by now
        return file if _is_same(self._path.parent / name, file) else None

    def add(self, file: File) -> None:
        """Remember a file that is whole and synced. ExportStateError."""
        self._files[file.name] = file
        if self._path is not None:
            try:
                write_atomic(self._path, msgspec.json.encode(self._files), mode=0o640)
            except OSError as error:
                raise ExportStateError(
                    f"could not note in {self._path.parent} what is finished "
                    f"({error.strerror or error}): see to the disk, then resume the export"
                ) from None

    def remove(self) -> None:
        """The manifest says it all now."""
        if self._path is not None:
            try:
                self._path.unlink(missing_ok=True)
            except OSError as error:
                raise ExportStateError(
                    f"{self._path} could not be removed ({error.strerror or error})"
                ) from None


def _is_same(path: Path, file: File) -> bool:
    digest = FileDigest()
    try:
        with path.open("rb", buffering=0) as source:
            while data := source.read(_READ_BYTES):
                digest.update(data)
    except OSError as error:
        logger.info("%s of an earlier attempt cannot be read, it is made anew: %s", path, error)
        return False
    return digest.sha256() == file.sha256
