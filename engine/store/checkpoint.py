"""A checkpoint: the whole index as Parquet files, with hashes, signed; found and verified here.

`journal/checkpoints/<seq>/` holds a file a table, `manifest.json` with their hashes, and
`signed.json`: the JournalSigned fact over the manifest and the chain's head at that record.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.base.errors import EngineError
from engine.journal.head_signing import is_head_signed_by
from nvr_app.contract.audit_facts import JournalSigned

FORMAT = 1
MANIFEST = "manifest.json"
SIGNED = "signed.json"
FOLDER = "checkpoints"
_NAME = re.compile(r"\d{12}")
_PIECE_BYTES = 1024**2


class CheckpointRefusedError(EngineError):
    """A checkpoint that cannot be trusted; the sentence names it and says why."""


class CheckpointFile(msgspec.Struct, frozen=True, kw_only=True):
    """One table's file."""

    table: str
    rows: int
    size_bytes: int
    content_hash: str
    """BLAKE2b of 32 bytes, in hex."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkpoint holds: everything up to a record, in one schema."""

    format: int = FORMAT
    schema: int
    up_to_seq: int
    head: str
    files: tuple[CheckpointFile, ...]


@dataclass(frozen=True)
class Checkpoint:
    """One that was verified."""

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        return self.folder.name


def checkpoints_folder(journal_dir: Path) -> Path:
    return journal_dir / FOLDER


def find_checkpoints(journal_dir: Path) -> list[Path]:
    """Folders of complete checkpoints, newest first."""
    folder = checkpoints_folder(journal_dir)
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted((path for path in found if _NAME.fullmatch(path.name)), reverse=True)


def verify_checkpoint(
    folder: Path, keys: Mapping[str, bytes], hash_at: Callable[[int], str | None]
) -> Checkpoint:
    """Signature, files and chain; CheckpointRefusedError unless everything fits.

    `keys` are trusted public keys by id; `hash_at` tells the chain's hash at a record, None where
    the journal does not reach or is damaged there: that alone refuses nothing.
    """
    try:
        data = (folder / MANIFEST).read_bytes()
        signed = msgspec.json.decode((folder / SIGNED).read_bytes(), type=JournalSigned)
        manifest = msgspec.json.decode(data, type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise _refused(folder, f"it cannot be read ({error})") from None
    if manifest.format != FORMAT:
        raise _refused(folder, f"its format {manifest.format} is not known to this program")
    key = keys.get(signed.key_id)
    if key is None:
        raise _refused(folder, f"it is signed by {signed.key_id}, which is no key of this engine")
    if not is_head_signed_by(key, signed):
        raise _refused(folder, f"its signature by {signed.key_id} is wrong")
    is_same = (signed.up_to_seq, signed.head) == (manifest.up_to_seq, manifest.head)
    if not is_same or signed.checkpoint_hash != digest(data):
        raise _refused(folder, "its manifest is not the one that was signed")
    known = hash_at(manifest.up_to_seq)
    if known is not None and known != manifest.head:
        raise _refused(folder, f"the journal has another record {manifest.up_to_seq}")
    for file in manifest.files:
        _verify_file(folder, file)
    return Checkpoint(folder, manifest)


def newest_valid(
    journal_dir: Path, keys: Mapping[str, bytes], hash_at: Callable[[int], str | None]
) -> tuple[Checkpoint | None, tuple[str, ...]]:
    """The newest checkpoint to stand on, and why newer ones were refused."""
    refused: list[str] = []
    for folder in find_checkpoints(journal_dir):
        try:
            return verify_checkpoint(folder, keys, hash_at), tuple(refused)
        except CheckpointRefusedError as error:
            refused.append(str(error))
    return None, tuple(refused)


def remove_old_checkpoints(journal_dir: Path, keep: int) -> list[str]:
    """All but the newest ones, and what a crash left half written; names of the former. OSError."""
    gone = []
    for folder in find_checkpoints(journal_dir)[keep:]:
        shutil.rmtree(folder)
        gone.append(folder.name)
    for leftover in checkpoints_folder(journal_dir).glob("*.tmp"):
        shutil.rmtree(leftover)
    return gone


def digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def file_digest(path: Path) -> str:
    """OSError."""
    hasher = hashlib.blake2b(digest_size=32)
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE_BYTES):
            hasher.update(piece)
    return hasher.hexdigest()


def _verify_file(folder: Path, file: CheckpointFile) -> None:
    path = folder / f"{file.table}.parquet"
    try:
        is_whole = path.stat().st_size == file.size_bytes and file_digest(path) == file.content_hash
    except OSError as error:
        raise _refused(folder, f"{path.name} cannot be read ({error.strerror})") from None
    if not is_whole:
        raise _refused(folder, f"{path.name} was changed or is damaged")


def _refused(folder: Path, why: str) -> CheckpointRefusedError:
    return CheckpointRefusedError(f"checkpoint {folder.name} is not used: {why}")
